/** Microsoft Graph: from a request to an answer. */
import { randomUUID } from 'node:crypto';
import type { TokenSurroundings } from '../entra/token-endpoint.js';
import type { ExchangeOnline } from '../exchange/exchange-online.js';
import type { Faults } from '../faults.js';
import { type HttpReply, type HttpRequest, headerOf } from '../server/http.js';
import { authenticate, authorize } from './access.js';
import { answerBatch } from './batch.js';
import type { GraphAnswer, GraphContext } from './context.js';
import { GraphError, notEmulated } from './errors.js';
import { matchRoute } from './routes.js';

/** Whether a path is Graph's. */
export function isGraph(request: Pick<HttpRequest, 'segments'>): boolean {
  return request.segments[0] === 'v1.0' || request.segments[0] === 'beta';
}

/** What Graph answers from. */
export interface GraphSurroundings extends TokenSurroundings {
  readonly exchange: ExchangeOnline;
  readonly faults: Faults;
}

/** Token (401), route (501), roles (403), then whatever the handler says. */
export function answerGraph(surroundings: GraphSurroundings, request: HttpRequest): HttpReply {
  const { directory, clock, place, tokenKey, exchange, faults } = surroundings;
  const base = place.base();
  const version = request.segments[0] === 'beta' ? 'beta' : 'v1.0';
  try {
    const caller = authenticate({ directory, clock, base, tokenKey }, request);
    if (isBatch(request)) {
      const batch = answerBatch(request, version, (member) => answerMember(surroundings, member));
      return graphReply(request, { status: 200, body: { ...batch } }, base);
    }
    const matched = matchRoute(request.method, request.segments.slice(1));
    if (matched === undefined) throw notEmulated(`${request.method} ${request.path}`);
    const { route, params } = matched;
    const reach = authorize(route.access, caller.roles);
    const context: GraphContext = {
      directory,
      exchange,
      lookUpFaults: faults.lookUp,
      clock,
      base,
      version,
      request,
      params,
      caller,
      ownedOnly: reach === 'owned',
      scopedBy: reach === 'scoped' ? route.access.ifScoped : undefined,
    };
    return graphReply(request, route.run(context), `${base}/${version}`);
  } catch (error) {
    if (error instanceof GraphError) return graphErrorReply(request, error, clock.iso());
    throw error;
  }
}

function isBatch({ method, segments }: HttpRequest): boolean {
  return method === 'POST' && segments.length === 2 && segments[1] === '$batch';
}

/** A member of a batch meets faults that name its path; those of connections show as 504, since the batch has an answer. */
function answerMember(surroundings: GraphSurroundings, member: HttpRequest): HttpReply {
  const { method, path } = member;
  const effect = surroundings.faults.take({ method, path, isGraph: false });
  if (effect === undefined) return answerGraph(surroundings, member);
  if (effect.kind === 'dropAfter') answerGraph(surroundings, member);
  const error = effect.kind === 'answer' ? faultError(effect.status, effect.retryAfter) : GATEWAY_TIMEOUT;
  return graphErrorReply(member, error, surroundings.clock.iso());
}

const GATEWAY_TIMEOUT = new GraphError(504, 'GatewayTimeout', 'The request timed out.');

/** The refusal of a service with too much to do. */
export function faultError(status: 429 | 503, retryAfter: number): GraphError {
  const headers = { 'retry-after': String(retryAfter) };
  return status === 429
    ? new GraphError(429, 'TooManyRequests', 'Too many requests. Please try again later.', headers)
    : new GraphError(503, 'ServiceUnavailable', 'The service is temporarily unavailable.', headers);
}

function graphReply(request: HttpRequest, answer: GraphAnswer, root: string): HttpReply {
  const headers = {
    ...commonHeaders(request),
    'odata-version': '4.0',
    ...(answer.location === undefined ? {} : { location: `${root}${answer.location}` }),
  };
  if (answer.body === undefined) return { status: answer.status, headers };
  return { status: answer.status, headers: { ...headers, ...JSON_TYPE }, body: JSON.stringify(answer.body) };
}

const JSON_TYPE = {
  'content-type':
    'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
};

function commonHeaders(request: HttpRequest) {
  const requestId = randomUUID();
  return {
    'cache-control': 'no-cache',
    'request-id': requestId,
    'client-request-id': headerOf(request, 'client-request-id') ?? requestId,
  };
}

/** An error as Graph writes it; `date` is of the sandbox's clock. */
export function graphErrorReply(request: HttpRequest, error: GraphError, date: string): HttpReply {
  const headers = commonHeaders(request);
  const body = {
    error: {
      code: error.code,
      message: error.message,
      innerError: {
        date: date.replace('Z', ''),
        'request-id': headers['request-id'],
        'client-request-id': headers['client-request-id'],
      },
    },
  };
  return {
    status: error.status,
    headers: { ...headers, ...error.headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}
