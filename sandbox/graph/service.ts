/** Microsoft Graph: from a request to an answer. */
import { randomUUID } from 'node:crypto';
import type { TokenSurroundings } from '../entra/token-endpoint.js';
import { type HttpReply, type HttpRequest, headerOf } from '../server/http.js';
import { authenticate, authorize } from './access.js';
import type { GraphAnswer, GraphContext } from './context.js';
import { GraphError, notEmulated } from './errors.js';
import { matchRoute } from './routes.js';

/** Whether a path is Graph's. */
export function isGraph(request: Pick<HttpRequest, 'segments'>): boolean {
  return request.segments[0] === 'v1.0' || request.segments[0] === 'beta';
}

/** Token (401), route (501), roles (403), then whatever the handler says. */
export function answerGraph(surroundings: TokenSurroundings, request: HttpRequest): HttpReply {
  const { directory, clock, place, tokenKey } = surroundings;
  const base = place.base();
  const version = request.segments[0] === 'beta' ? 'beta' : 'v1.0';
  try {
    const caller = authenticate({ directory, clock, base, tokenKey }, request);
    const matched = matchRoute(request.method, request.segments.slice(1));
    if (matched === undefined) throw notEmulated(`${request.method} ${request.path}`);
    const { route, params } = matched;
    const ownedOnly = authorize(route.access, caller.roles) === 'owned';
    const context: GraphContext = { directory, clock, base, version, request, params, caller, ownedOnly };
    return graphReply(request, route.run(context), `${base}/${version}`);
  } catch (error) {
    if (error instanceof GraphError) return graphErrorReply(request, error, clock.iso());
    throw error;
  }
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
