/**
 * Google's token endpoint: assertions of a service account with domain-wide delegation, and refresh tokens of people
 * (developers.google.com/identity/protocols/oauth2/service-account; RFC 7523, RFC 6749 section 6). The wording of refusals is
 * that of developers.google.com/identity/protocols/oauth2/service-account#error-codes.
 */
import { randomBytes } from 'node:crypto';
import type { SandboxClock } from '../clock.js';
import { decodeJwt, isSignedBy, type SigningKey } from '../entra/jwt.js';
import type { Place } from '../entra/place.js';
import type { JsonObject } from '../json.js';
import { type HttpReply, type HttpRequest, headerOf, jsonReply } from '../server/http.js';
import { SUPER_ADMINISTRATOR, type WorkspaceCustomer } from './customer.js';
import { GoogleRefusal, OAuthRefusal, oauthReply } from './errors.js';

export const SCOPES = {
  policies: 'https://www.googleapis.com/auth/cloud-identity.policies.readonly',
  invitations: 'https://www.googleapis.com/auth/cloud-identity.userinvitations.readonly',
  users: 'https://www.googleapis.com/auth/admin.directory.user.readonly',
  orgUnits: 'https://www.googleapis.com/auth/admin.directory.orgunit.readonly',
  audit: 'https://www.googleapis.com/auth/admin.reports.audit.readonly',
} as const;

export const SERVICE_ACCOUNT = 'interop@sandbox.iam.gserviceaccount.com';
export const SERVICE_ACCOUNT_ID = '100000000000000000001';
const USER_CLIENT_ID = '1234567890-sandbox.apps.googleusercontent.com';

const TOKEN_SECONDS = 3_600;
const SKEW_SECONDS = 300;
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

interface Token {
  readonly scopes: readonly string[];
  /** Who asks: an address of a user, or of the service account itself. */
  readonly principal: string;
  readonly expires: number;
}

export class GoogleSignIn {
  /** What domain-wide delegation allows the service account. */
  delegated: readonly string[] = Object.values(SCOPES);
  readonly #tokens = new Map<string, Token>();
  readonly #userSecret = `GOCSPX-${randomBytes(18).toString('base64url')}`;
  readonly #refreshToken = `1//0${randomBytes(48).toString('base64url')}`;

  constructor(
    private readonly surroundings: {
      readonly customer: WorkspaceCustomer;
      readonly clock: SandboxClock;
      readonly place: Place;
      readonly key: SigningKey;
    },
  ) {}

  /** The service account's key file. */
  serviceAccountFile(): JsonObject {
    const { key } = this.surroundings;
    return {
      type: 'service_account',
      project_id: 'sandbox',
      private_key_id: key.id,
      private_key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      client_email: SERVICE_ACCOUNT,
      client_id: SERVICE_ACCOUNT_ID,
      token_uri: this.#endpoint(),
      universe_domain: 'googleapis.com',
    };
  }

  /** What gcloud writes for the super administrator. `token_uri` is what no such file of Google's has. */
  userFile(): JsonObject {
    return {
      type: 'authorized_user',
      client_id: USER_CLIENT_ID,
      client_secret: this.#userSecret,
      refresh_token: this.#refreshToken,
      token_uri: this.#endpoint(),
    };
  }

  /** `POST /token` */
  answer(request: HttpRequest): HttpReply {
    try {
      if (request.method !== 'POST') throw new OAuthRefusal(400, 'invalid_request', 'POST only.');
      const type = (headerOf(request, 'content-type') ?? '').split(';')[0]?.trim();
      if (type !== 'application/x-www-form-urlencoded') {
        throw new OAuthRefusal(400, 'invalid_request', 'Invalid content type.');
      }
      const form = new URLSearchParams(request.body.toString('utf8'));
      switch (form.get('grant_type')) {
        case JWT_BEARER:
          return this.#issue(this.#byAssertion(form.get('assertion') ?? ''));
        case 'refresh_token':
          return this.#issue(this.#byRefreshToken(form));
        default:
          throw new OAuthRefusal(
            400,
            'unsupported_grant_type',
            `Invalid grant_type: ${form.get('grant_type')}`,
          );
      }
    } catch (error) {
      if (error instanceof OAuthRefusal) return oauthReply(error);
      throw error;
    }
  }

  /** Who asks, with a token that has the scope. @throws GoogleRefusal with 401 or 403. */
  principalOf(request: HttpRequest, scope: string): string {
    const [kind, value = ''] = (headerOf(request, 'authorization') ?? '').split(' ');
    const token = kind === 'Bearer' ? this.#tokens.get(value) : undefined;
    if (token === undefined || token.expires <= this.surroundings.clock.seconds()) {
      throw new GoogleRefusal(401, 'Request had invalid authentication credentials.', 'authError');
    }
    if (!token.scopes.includes(scope)) {
      const message = 'Request had insufficient authentication scopes.';
      throw new GoogleRefusal(403, message, 'ACCESS_TOKEN_SCOPE_INSUFFICIENT');
    }
    return token.principal;
  }

  #endpoint(): string {
    return `${this.surroundings.place.base()}/token`;
  }

  #byAssertion(assertion: string): Omit<Token, 'expires'> {
    const { key, customer } = this.surroundings;
    const token = decodeJwt(assertion);
    if (token === undefined) throw new OAuthRefusal(400, 'invalid_grant', 'Bad Request');
    if (token.claims.iss !== SERVICE_ACCOUNT) {
      throw new OAuthRefusal(400, 'invalid_grant', 'Invalid grant: account not found');
    }
    const { kid } = token.header;
    // Google's own library for Node sends no key id.
    if (
      token.header.alg !== 'RS256' ||
      !isSignedBy(token, key.publicKey) ||
      (kid !== undefined && kid !== key.id)
    ) {
      throw new OAuthRefusal(400, 'invalid_grant', 'Invalid JWT Signature.');
    }
    if (token.claims.aud !== this.#endpoint()) {
      throw new OAuthRefusal(400, 'invalid_grant', 'Invalid JWT: Failed audience check.');
    }
    checkTimes(token.claims);
    const scopes = String(token.claims.scope ?? '')
      .split(' ')
      .filter((scope) => scope !== '');
    if (scopes.length === 0)
      throw new OAuthRefusal(400, 'invalid_scope', 'Empty or missing scope not allowed.');
    const { sub } = token.claims;
    if (sub === undefined) return { scopes, principal: SERVICE_ACCOUNT };
    const user = customer.user(String(sub));
    if (user === undefined) throw new OAuthRefusal(400, 'invalid_grant', 'Invalid email or User ID');
    if (user.suspended) throw new OAuthRefusal(400, 'invalid_grant', 'Account has been suspended');
    if (!scopes.every((scope) => this.delegated.includes(scope))) {
      throw new OAuthRefusal(
        401,
        'unauthorized_client',
        'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.',
      );
    }
    return { scopes, principal: user.primaryEmail };
  }

  #byRefreshToken(form: URLSearchParams): Omit<Token, 'expires'> {
    if (form.get('client_id') !== USER_CLIENT_ID || form.get('client_secret') !== this.#userSecret) {
      throw new OAuthRefusal(401, 'invalid_client', 'The OAuth client was not found.');
    }
    if (form.get('refresh_token') !== this.#refreshToken) {
      throw new OAuthRefusal(400, 'invalid_grant', 'Token has been expired or revoked.');
    }
    return { scopes: Object.values(SCOPES), principal: SUPER_ADMINISTRATOR };
  }

  #issue(granted: Omit<Token, 'expires'>): HttpReply {
    const value = `ya29.${randomBytes(60).toString('base64url')}`;
    this.#tokens.set(value, { ...granted, expires: this.surroundings.clock.seconds() + TOKEN_SECONDS });
    return jsonReply(200, {
      access_token: value,
      expires_in: TOKEN_SECONDS - 1,
      scope: granted.scopes.join(' '),
      token_type: 'Bearer',
    });
  }
}

/** By real time: whoever signs has no other clock. */
function checkTimes(claims: JsonObject): void {
  const now = Date.now() / 1000;
  const { iat, exp } = claims;
  const isShort =
    typeof iat === 'number' &&
    typeof exp === 'number' &&
    exp > iat &&
    exp - iat <= TOKEN_SECONDS &&
    iat <= now + SKEW_SECONDS &&
    exp > now - SKEW_SECONDS;
  if (isShort) return;
  throw new OAuthRefusal(
    400,
    'invalid_grant',
    'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
  );
}
