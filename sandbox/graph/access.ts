/** Who calls: the bearer token's checks (401), and the app roles that a route asks for (403). */
import type { SandboxClock } from '../clock.js';
import type { Directory } from '../entra/directory.js';
import { GRAPH_APP_ID, type GraphRole } from '../entra/first-party.js';
import { type DecodedJwt, decodeJwt, isSignedBy, type SigningKey } from '../entra/jwt.js';
import { tokenIssuer } from '../entra/token-endpoint.js';
import { textOf, textsOf } from '../json.js';
import { type HttpRequest, headerOf } from '../server/http.js';
import type { Caller } from './context.js';
import { denied, unauthenticated } from './errors.js';

/** Roles that open a route. */
export interface Access {
  /** Any one of them; an empty list opens it to every valid token. */
  readonly anyOf: readonly GraphRole[];
  /** Any one of these opens it, too, for what the caller owns. */
  readonly ifOwner?: readonly GraphRole[];
  /** Wanted besides: any one of them. */
  readonly alsoAnyOf?: readonly GraphRole[];
  /** Any one of these of Exchange's RBAC for Applications opens it, too, for mailboxes in scope. */
  readonly ifScoped?: readonly string[];
}

export interface TokenChecks {
  readonly directory: Directory;
  readonly clock: SandboxClock;
  readonly base: string;
  readonly tokenKey: SigningKey;
}

/** @throws GraphError 401 unless the request carries a token of this tenant for Graph that is valid now. */
export function authenticate(checks: TokenChecks, request: HttpRequest): Caller {
  const token = bearerToken(request);
  if (!isSignedBy(token, checks.tokenKey.publicKey) || token.header.kid !== checks.tokenKey.id) {
    throw unauthenticated('Access token validation failure. Invalid signature.');
  }
  const { claims } = token;
  const { tenant } = checks.directory;
  const graph = checks.directory.principalByAppId(GRAPH_APP_ID);
  const audiences = [checks.base, ...(graph === undefined ? [] : checks.directory.namesOf(graph))];
  if (!audiences.includes(textOf(claims.aud) ?? '')) {
    throw unauthenticated('Access token validation failure. Invalid audience.');
  }
  if (claims.tid !== tenant.id || claims.iss !== tokenIssuer(checks.base, tenant.id)) {
    throw unauthenticated('Access token validation failure. Invalid issuer.');
  }
  const now = checks.clock.seconds();
  if (typeof claims.exp !== 'number' || claims.exp <= now) {
    throw unauthenticated('Lifetime validation failed, the token is expired.');
  }
  if (typeof claims.nbf !== 'number' || claims.nbf > now) {
    throw unauthenticated('Lifetime validation failed, the token is not yet valid.');
  }
  return {
    appId: textOf(claims.appid) ?? '',
    principalId: textOf(claims.oid) ?? '',
    roles: new Set(textsOf(claims.roles)),
  };
}

function bearerToken(request: HttpRequest): DecodedJwt {
  const header = headerOf(request, 'authorization');
  const value = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
  if (value === undefined) throw unauthenticated('Access token is empty.');
  const token = decodeJwt(value);
  if (token === undefined) throw unauthenticated('IDX14100: JWT is not well formed.');
  return token;
}

/**
 * Whether the roles open a route, and how far.
 *
 * @throws GraphError 403.
 */
export function authorize(access: Access, roles: ReadonlySet<string>): 'all' | 'owned' | 'scoped' {
  const holds = (wanted: readonly string[] = []) => wanted.some((role) => roles.has(role));
  if (access.alsoAnyOf !== undefined && !holds(access.alsoAnyOf)) throw denied();
  if (access.anyOf.length === 0 || holds(access.anyOf)) return 'all';
  if (holds(access.ifOwner)) return 'owned';
  // Such roles are not in the token: the handler asks Exchange, mailbox by mailbox.
  if (access.ifScoped !== undefined) return 'scoped';
  throw denied();
}
