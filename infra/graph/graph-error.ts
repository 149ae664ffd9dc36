/** Failures of Microsoft Graph as errors for people. */
import { types } from 'node:util';
import { GraphError } from '@microsoft/microsoft-graph-client';
import type { z } from 'zod';
import { InteropError } from '../errors.js';
import { networkCode, networkFailure } from './network-error.js';
import type { Trust } from './trust.js';

/** What was asked, for the error. */
export interface GraphCall {
  /** In words, such as `reading the registration`. */
  readonly doing: string;
  /** Application permissions of which one is enough, least first (learn.microsoft.com/graph/permissions-reference). */
  readonly needs: readonly string[];
}

/** The status of an answer; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof GraphError && error.statusCode > 0 ? error.statusCode : undefined;
}

/** The code of an answer, such as `Request_UnsupportedQuery`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof GraphError ? (error.code ?? undefined) : undefined;
}

/**
 * An answer in the form that was expected.
 *
 * @throws InteropError of kind `failure` naming what is otherwise.
 */
export function checkedAnswer<T>(answer: unknown, schema: z.ZodType<T>, call: GraphCall): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  throw new InteropError({
    kind: 'failure',
    summary: `Microsoft Graph answered in an unknown form when ${call.doing}`,
    problems: result.error.issues.map((issue) => ({
      where: issue.path.join('.') || 'answer',
      what: issue.message,
    })),
  });
}

/** Why a call failed: status, code, the permission that is missing, and what to do. */
export function graphFailure(error: unknown, call: GraphCall, graph: string, trust: Trust): InteropError {
  const own = interopErrorIn(error);
  if (own !== undefined) return own;
  const status = statusOf(error);
  if (status === undefined) return noAnswer(error, call, graph, trust);
  const found = [`status ${status}`, codeOf(error), sentence(error)].filter(Boolean).join(', ');
  switch (status) {
    case 401:
      return new InteropError({
        kind: 'authentication',
        summary: `Microsoft Graph does not take the token when ${call.doing}`,
        problems: [{ where: graph, what: 'the sign-in is not accepted', found }],
        next: ['sign in again, then run the same command'],
      });
    case 403:
      return new InteropError({
        kind: 'authentication',
        summary: `the signed-in principal lacks the permission for ${call.doing}`,
        problems: [
          {
            where: 'Microsoft Graph',
            what: `one of these application permissions is needed: ${call.needs.join(', ')}`,
            found,
          },
        ],
        next: [
          `grant ${call.needs[0]} to the principal that deploys, with admin consent; it counts from its next token on`,
        ],
      });
    default:
      return new InteropError({
        kind: 'failure',
        summary: `Microsoft Graph failed when ${call.doing}`,
        problems: [{ where: graph, what: 'the request was not carried out', found }],
        next: ['run the same command again'],
      });
  }
}

function noAnswer(error: unknown, call: GraphCall, graph: string, trust: Trust): InteropError {
  const code = networkCode(error);
  if (code !== undefined) {
    return networkFailure(code, { where: call.doing, url: graph, what: 'Microsoft Graph' }, trust, 'failure');
  }
  return new InteropError({
    kind: 'failure',
    summary: `Microsoft Graph gave no usable answer when ${call.doing}`,
    problems: [{ where: graph, what: sentence(error) }],
    next: ['run the same command again'],
  });
}

/** Errors of ours that went through the library: it wraps whatever a middleware throws. */
function interopErrorIn(error: unknown): InteropError | undefined {
  for (let inner = error, depth = 0; inner instanceof Error && depth < 5; inner = inner.cause, depth += 1) {
    if (inner instanceof InteropError) return inner;
  }
  return undefined;
}

function sentence(error: unknown): string {
  const text = types.isNativeError(error) ? error.message : String(error);
  return (text.split(/\r?\n/)[0] ?? '').slice(0, 400);
}
