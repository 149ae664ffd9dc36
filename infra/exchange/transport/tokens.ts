/** The token for Exchange: one at a time, renewed before it ends and when Exchange refuses it. */
import type { TokenCredential } from '@azure/identity';
import { InteropError } from '../../errors.js';
import { entraCode, entraFault, entraSentence } from '../../graph/aadsts.js';
import type { Clock } from './clock.js';

/** A token and when it ends, in milliseconds since 1970. */
export interface Token {
  readonly token: string;
  readonly endsAt: number;
  /** The user principal name of the person whom it is for; undefined for an application. */
  readonly user: string | undefined;
}

/** Time before its end at which a token is no longer used, in milliseconds. */
export const MARGIN_MS = 120_000;

function userOf(token: string): string | undefined {
  const claims = payloadOf(token);
  const isApplication = claims.idtyp === 'app' || (claims.idtyp === undefined && claims.scp === undefined);
  const name = claims.upn ?? claims.preferred_username;
  return !isApplication && typeof name === 'string' && /^[\x21-\x7e]+$/.test(name) ? name : undefined;
}

function payloadOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export class Tokens {
  readonly #credential: TokenCredential;
  readonly #scope: string;
  readonly #clock: Clock;
  #current: Token | undefined;
  #pending: Promise<Token> | undefined;

  constructor(credential: TokenCredential, scope: string, clock: Clock) {
    this.#credential = credential;
    this.#scope = scope;
    this.#clock = clock;
  }

  /**
   * A token that is good for a while.
   *
   * @throws InteropError of kind `authentication` when signing in fails.
   */
  async get(): Promise<Token> {
    const current = this.#current;
    if (current !== undefined && current.endsAt - MARGIN_MS > this.#clock.wall()) return current;
    return await this.#ask(undefined);
  }

  /**
   * Another token in place of one that was refused; many calls may ask at once.
   *
   * @param claims what it has to hold. Without any, one issued from now on is asked for, since a plain request would be answered
   * from the library's cache.
   */
  async renew(refused: string, claims: string | undefined): Promise<void> {
    if (this.#current !== undefined && this.#current.token !== refused) return;
    await this.#ask(claims ?? issuedSince(this.#clock.wall()));
  }

  #ask(claims: string | undefined): Promise<Token> {
    this.#pending ??= this.#fetch(claims).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #fetch(claims: string | undefined): Promise<Token> {
    const answer = await this.#credential
      .getToken(this.#scope, claims === undefined ? {} : { claims })
      .catch((error: unknown) => {
        throw signInFailed(error, this.#scope);
      });
    if (answer === null) throw signInFailed(new Error('no token came back'), this.#scope);
    this.#current = { token: answer.token, endsAt: answer.expiresOnTimestamp, user: userOf(answer.token) };
    return this.#current;
  }
}

/** A claims request as services send it to have a token replaced (learn.microsoft.com, continuous access evaluation). */
function issuedSince(wallMs: number): string {
  return JSON.stringify({
    access_token: { nbf: { essential: true, value: String(Math.floor(wallMs / 1000)) } },
  });
}

/** The cause is left out: it may hold the request with the secret. */
function signInFailed(error: unknown, scope: string): InteropError {
  if (error instanceof InteropError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = entraCode(text);
  const fault = code === undefined ? undefined : entraFault(code);
  return new InteropError({
    kind: 'authentication',
    summary: `no token for Exchange Online could be had${code === undefined ? '' : ` (AADSTS${code})`}`,
    problems: [
      {
        where: scope,
        what: fault?.means ?? 'signing in failed',
        found: code === undefined ? (text.split(/\r?\n/)[0] ?? '').slice(0, 300) : entraSentence(text),
      },
    ],
    ...(fault === undefined ? {} : { next: fault.next }),
  });
}

/** Exchange refuses each token that can be had. */
export function tokenRefused(requestId: string | undefined): InteropError {
  return new InteropError({
    kind: 'authentication',
    summary: 'Exchange Online does not accept our token (401)',
    problems: [
      {
        where: 'the application that signs in',
        what: 'has neither the application permission Exchange.ManageAsApp nor a role in Exchange, or its token was revoked',
        ...(requestId === undefined ? {} : { found: `request ${requestId}` }),
        allowed:
          'Exchange.ManageAsApp with admin consent, and the Entra role Exchange Administrator or a role group',
      },
    ],
    next: ['grant the permission and the role, wait a few minutes, and run the command again'],
  });
}
