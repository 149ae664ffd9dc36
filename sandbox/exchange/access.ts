/** Who calls Exchange: the token's checks, its app roles, and the role groups that come from Entra roles or from Exchange itself. */
import type { SandboxClock } from '../clock.js';
import type { Directory } from '../entra/directory.js';
import { EXCHANGE_APP_ID } from '../entra/first-party.js';
import { type DecodedJwt, decodeJwt, isSignedBy, type SigningKey } from '../entra/jwt.js';
import { tokenIssuer } from '../entra/token-endpoint.js';
import { textOf, textsOf } from '../json.js';
import { type HttpReply, type HttpRequest, headerOf } from '../server/http.js';
import type { ExchangeOnline } from './exchange-online.js';
import type { RoleGroup } from './rbac.js';

export interface ExchangeCaller {
  readonly objectId: string;
  readonly roleGroups: ReadonlySet<RoleGroup>;
}

export interface ExchangeSurroundings {
  readonly exchange: ExchangeOnline;
  readonly directory: Directory;
  readonly clock: SandboxClock;
  readonly place: { base(): string };
  readonly tokenKey: SigningKey;
}

/** Microsoft Entra roles by template id, and the role group that each amounts to (Microsoft Entra built-in roles reference). */
const GROUP_OF_ENTRA_ROLE: Readonly<Record<string, RoleGroup>> = {
  // Exchange Administrator, Global Administrator
  '29232cdf-9323-42fd-ade2-1d097af3e4de': 'Organization Management',
  '62e90394-69f5-4237-9190-012177145e10': 'Organization Management',
  // Exchange Recipient Administrator
  '31392ffb-586c-42d1-9346-e59415a2cc4e': 'Recipient Management',
  // Global Reader, Security Reader
  'f2ef992c-3afb-46b9-b7cf-a126ee74c451': 'View-Only Organization Management',
  '5d6b6bb7-de71-4623-b4af-96380a352509': 'View-Only Organization Management',
};

const SKEW_SECONDS = 300;

/** App role that opens the endpoints: one for the published API, one for the module's transport. */
export type ExchangeAppRole = 'Exchange.ManageAsApp' | 'Exchange.ManageAsAppV2';

/** Tokens that are refused until a newer one comes, by their `uti`. */
export class ClaimsChallenges {
  readonly #refused = new Set<string>();

  constructor(readonly surroundings: ExchangeSurroundings) {}

  /** The refusal of a token that was challenged; undefined: it is good. */
  check(claims: DecodedJwt['claims']): HttpReply | undefined {
    const token = textOf(claims.uti) ?? '';
    const { exchange, clock } = this.surroundings;
    if (!this.#refused.has(token)) {
      if (exchange.faults.take('claimsChallenge') === undefined) return undefined;
      this.#refused.add(token);
    }
    const wanted = { access_token: { nbf: { essential: true, value: String(clock.seconds()) } } };
    const encoded = Buffer.from(JSON.stringify(wanted)).toString('base64');
    return unauthorized(this.surroundings, `error="insufficient_claims", claims="${encoded}"`);
  }
}

/** Who calls, or the answer for someone who may not. */
export function callerOf(
  surroundings: ExchangeSurroundings,
  challenges: ClaimsChallenges,
  request: HttpRequest,
  appRole: ExchangeAppRole,
): { readonly caller: ExchangeCaller } | { readonly refusal: HttpReply } {
  const token = validToken(surroundings, request);
  if (typeof token === 'string')
    return { refusal: unauthorized(surroundings, `error="invalid_token", error_description="${token}"`) };
  const { exchange } = surroundings;
  if (exchange.faults.take('expiredToken') !== undefined) {
    return {
      refusal: unauthorized(
        surroundings,
        'error="invalid_token", error_description="The token has expired."',
      ),
    };
  }
  const refusal = challenges.check(token.claims);
  if (refusal !== undefined) return { refusal };
  // Without the application permission Exchange does not know the caller at all.
  if (!textsOf(token.claims.roles).includes(appRole))
    return { refusal: unauthorized(surroundings, 'error="invalid_token"') };
  const objectId = textOf(token.claims.oid) ?? '';
  const fromEntra = textsOf(token.claims.wids)
    .map((role) => GROUP_OF_ENTRA_ROLE[role])
    .filter((group) => group !== undefined);
  return {
    caller: { objectId, roleGroups: new Set([...fromEntra, ...exchange.rbac.roleGroupsOf(objectId)]) },
  };
}

/** The request's token if it is of this tenant, for Exchange and valid now; else what is wrong with it. */
export function validToken(surroundings: ExchangeSurroundings, request: HttpRequest): DecodedJwt | string {
  const { directory, clock, place, tokenKey } = surroundings;
  const value = /^Bearer +(\S+)$/i.exec(headerOf(request, 'authorization') ?? '')?.[1];
  const token = value === undefined ? undefined : decodeJwt(value);
  if (token === undefined) return 'There is no token.';
  if (token.header.kid !== tokenKey.id || !isSignedBy(token, tokenKey.publicKey))
    return 'The signature is invalid.';
  const { claims } = token;
  const exchange = directory.principalByAppId(EXCHANGE_APP_ID);
  const audiences = exchange === undefined ? [] : directory.namesOf(exchange);
  if (!audiences.includes(textOf(claims.aud) ?? '')) return 'The audience claim value is invalid.';
  if (claims.tid !== directory.tenant.id || claims.iss !== tokenIssuer(place.base(), directory.tenant.id)) {
    return 'The issuer of the token is unknown.';
  }
  const now = clock.seconds();
  if (typeof claims.exp !== 'number' || claims.exp + SKEW_SECONDS <= now) return 'The token has expired.';
  if (typeof claims.nbf !== 'number' || claims.nbf - SKEW_SECONDS > now) return 'The token is not yet valid.';
  return token;
}

/** 401 without a body. */
export function unauthorized({ place, directory }: ExchangeSurroundings, parameters: string): HttpReply {
  const issuer = `${EXCHANGE_APP_ID}@${directory.tenant.id}`;
  const challenge =
    `Bearer client_id="${EXCHANGE_APP_ID}", trusted_issuers="${issuer}", ` +
    `authorization_uri="${place.base()}/common/oauth2/authorize", ${parameters}`;
  return { status: 401, headers: { 'www-authenticate': challenge } };
}
