/** What a handler of a Graph route is given, and what it answers. */
import type { SandboxClock } from '../clock.js';
import type { Directory } from '../entra/directory.js';
import type { ExchangeOnline } from '../exchange/exchange-online.js';
import { isJsonObject, type JsonObject } from '../json.js';
import type { LookUpFaults } from '../look-up-faults.js';
import type { HttpRequest } from '../server/http.js';
import { badRequest } from './errors.js';

/** The application that calls, as its token says. */
export interface Caller {
  readonly appId: string;
  /** Object id of its service principal. */
  readonly principalId: string;
  readonly roles: ReadonlySet<string>;
}

export interface GraphContext {
  readonly directory: Directory;
  readonly exchange: ExchangeOnline;
  readonly lookUpFaults: LookUpFaults;
  readonly clock: SandboxClock;
  /** `https://localhost:PORT` */
  readonly base: string;
  readonly version: 'v1.0' | 'beta';
  readonly request: HttpRequest;
  /** What stands in place of the route's `{names}`, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller;
  /** The caller's roles reach only what it owns. */
  readonly ownedOnly: boolean;
  /** Set where only RBAC for Applications can let the caller in: the permissions of which it has to grant one for the mailbox. */
  readonly scopedBy: readonly string[] | undefined;
}

export interface GraphAnswer {
  readonly status: number;
  readonly body?: JsonObject;
  /** Path of what was created, behind the version. */
  readonly location?: string;
}

export const NO_CONTENT: GraphAnswer = { status: 204 };

/** The value of a `{name}` of the route. */
export function param(context: GraphContext, name: string): string {
  const value = context.params[name];
  if (value === undefined) throw new Error(`the route has no {${name}}`);
  return value;
}

/** @throws GraphError 400 unless the body is one JSON object, sent as JSON. */
export function jsonBody(context: GraphContext): JsonObject {
  const { headers, body } = context.request;
  const parsed = /^application\/json\b/i.test(headers['content-type'] ?? '') ? parse(body) : undefined;
  if (isJsonObject(parsed)) return parsed;
  throw badRequest(
    'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
    'BadRequest',
  );
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** An object with the context that Graph puts in front of it; `set` is `applications/$entity` or the like. */
export function entity(context: GraphContext, set: string, body: JsonObject): JsonObject {
  return { '@odata.context': `${context.base}/${context.version}/$metadata#${set}`, ...body };
}
