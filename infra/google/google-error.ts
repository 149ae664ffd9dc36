/** Failures of Google's interfaces as errors for people. */
import { types } from 'node:util';
import type { z } from 'zod';
import { InteropError } from '../errors.js';
import { cancelledError, networkCode, networkFailure } from '../graph/network-error.js';
import { withoutSecrets } from '../graph/scrub.js';
import type { Trust } from '../graph/trust.js';
import type { GoogleCredentials } from './credentials.js';

/** What was asked, for the error. */
export interface GoogleCall {
  /** In words, such as `reading Google's users`. */
  readonly doing: string;
  /** The one scope that the call needs; a token is asked for with nothing besides. */
  readonly scope: string;
  /** Who may do it at Google, in words. */
  readonly needs: string;
}

interface Attempt {
  readonly credentials: GoogleCredentials;
  readonly trust: Trust;
  readonly signal: AbortSignal;
}

const DELEGATION =
  'Google Admin console > Security > Access and data control > API controls > Manage domain-wide delegation';

/** Why a call failed, who may make it, and what to do. Secrets of the credentials are in no text of it. */
export function googleFailure(error: unknown, call: GoogleCall, attempt: Attempt): InteropError {
  if (error instanceof InteropError) return error;
  if (attempt.signal.aborted) return cancelledError(call.doing);
  const answer = answerOf(error);
  if (answer === undefined) return noAnswer(error, call, attempt);
  const found = withoutSecrets(`status ${answer.status}, ${answer.text}`, secretsOf(attempt.credentials));
  if (answer.oauth !== undefined) return refusedSignIn(answer.oauth, found, call, attempt.credentials);
  switch (answer.status) {
    case 401:
    case 403:
      return refused(answer, found, call);
    default:
      return new InteropError({
        kind: 'failure',
        summary: `Google failed when ${call.doing}`,
        problems: [{ where: 'Google', what: 'the request was not carried out', found }],
        next: ['run the same command again'],
      });
  }
}

/** An answer in a form that nobody expected. */
export function unknownForm(call: GoogleCall, issues: readonly z.core.$ZodIssue[]): InteropError {
  return new InteropError({
    kind: 'failure',
    summary: `Google answered in an unknown form when ${call.doing}`,
    problems: issues.slice(0, 5).map((issue) => ({
      where: issue.path.join('.') || 'answer',
      what: issue.message,
    })),
    next: ['run the same command again'],
  });
}

/** What a refusal holds: OAuth's form of an error, or that of Google's interfaces (AIP-193). */
interface RefusedAnswer {
  readonly status: number;
  readonly text: string;
  /** OAuth's error code, where the sign-in was refused. */
  readonly oauth: string | undefined;
  readonly isDisabled: boolean;
}

/** The status of an answer that is in an error of Google's libraries; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  const status = responseOf(error)?.status;
  return typeof status === 'number' ? status : undefined;
}

function responseOf(error: unknown): { readonly status?: unknown; readonly data?: unknown } | undefined {
  return (error as { response?: { status?: unknown; data?: unknown } } | undefined)?.response;
}

function answerOf(error: unknown): RefusedAnswer | undefined {
  const status = statusOf(error);
  if (status === undefined) return undefined;
  const data = objectIn(responseOf(error)?.data);
  const inner = data?.error;
  if (typeof inner === 'string') {
    const description = typeof data?.error_description === 'string' ? `: ${data.error_description}` : '';
    return {
      status,
      text: short(`${inner}${description}`),
      oauth: inner,
      isDisabled: false,
    };
  }
  const text = (inner as { message?: unknown } | undefined)?.message;
  const isDisabled = /SERVICE_DISABLED|accessNotConfigured/.test(JSON.stringify(inner ?? ''));
  return {
    status,
    text: short(typeof text === 'string' ? text : 'no reason given'),
    oauth: undefined,
    isDisabled,
  };
}

function objectIn(data: unknown): { error?: unknown; error_description?: unknown } | undefined {
  if (typeof data !== 'string') return typeof data === 'object' && data !== null ? data : undefined;
  try {
    return objectIn(JSON.parse(data) ?? undefined);
  } catch {
    return undefined;
  }
}

function refusedSignIn(
  code: string,
  found: string,
  call: GoogleCall,
  credentials: GoogleCredentials,
): InteropError {
  const delegated = credentials.type === 'service_account' && /unauthorized_client|access_denied/.test(code);
  return new InteropError({
    kind: 'authentication',
    summary: `Google refuses the sign-in when ${call.doing}`,
    problems: [
      {
        where: credentials.type === 'service_account' ? credentials.client_email : 'the credentials file',
        what: delegated
          ? 'the service account is not allowed this scope'
          : 'the credentials are not accepted',
        found,
        allowed: call.scope,
      },
    ],
    next: [
      delegated
        ? `${DELEGATION}: add ${call.scope} to client ${credentials.client_id ?? credentials.client_email}`
        : credentials.type === 'service_account'
          ? 'make a new key for the service account, or give calendar-interop:google a subject that exists'
          : `gcloud auth application-default login --scopes=${call.scope},https://www.googleapis.com/auth/cloud-platform`,
    ],
  });
}

function refused(answer: RefusedAnswer, found: string, call: GoogleCall): InteropError {
  return new InteropError({
    kind: 'authentication',
    summary: `Google does not allow ${call.doing}`,
    problems: [
      {
        where: 'Google',
        what: answer.isDisabled
          ? "the interface is not turned on in the credentials' Cloud project"
          : `it takes ${call.needs}, and the scope ${call.scope}`,
        found,
      },
    ],
    next: [
      answer.isDisabled
        ? 'gcloud services enable admin.googleapis.com cloudidentity.googleapis.com'
        : 'give calendar-interop:google, subject such an administrator, then run the same command',
    ],
  });
}

function noAnswer(error: unknown, call: GoogleCall, { trust, credentials }: Attempt): InteropError {
  const code = networkCode(error);
  if (code !== undefined) {
    const request = { where: call.doing, url: 'https://www.googleapis.com', what: 'Google' };
    return networkFailure(code, request, trust, 'failure');
  }
  const text = types.isNativeError(error) ? error.message : String(error);
  return new InteropError({
    kind: 'failure',
    summary: `Google gave no usable answer when ${call.doing}`,
    problems: [{ where: 'Google', what: withoutSecrets(short(text), secretsOf(credentials)) }],
    next: ['run the same command again'],
  });
}

function secretsOf(credentials: GoogleCredentials): readonly string[] {
  return credentials.type === 'service_account'
    ? [credentials.private_key]
    : [credentials.client_secret, credentials.refresh_token];
}

function short(text: string): string {
  return (text.split(/\r?\n/)[0] ?? '').slice(0, 400);
}
