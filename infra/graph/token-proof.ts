/**
 * Proves a secret as Google will use it: the client credentials flow with the same form fields
 * (support.google.com/a/answer/7437483).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { InteropError } from '../errors.js';
import { entraCode, entraFault, entraSentence, REPLICATION_CODES } from './aadsts.js';
import { cancelledError, networkCode, networkFailure } from './network-error.js';
import { isTransient, waitBefore } from './retry.js';
import { withoutSecrets } from './scrub.js';
import { readClaims } from './token-claims.js';
import type { Trust } from './trust.js';

/** What is to be proved. */
export interface SecretProof {
  /** `<authority>/<tenant>/oauth2/v2.0/token`. */
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly secret: string;
  /** Such as `https://outlook.office365.com/.default`. */
  readonly scope: string;
  readonly trust: Trust;
  readonly signal: AbortSignal;
  /** How often it is tried while Entra may not know the secret everywhere yet; 12 with 5 s in between unless told otherwise. */
  readonly attempts?: number;
  /** Waits so many milliseconds; injected by tests. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** What the token says. */
export interface ProvedToken {
  readonly roles: readonly string[];
  readonly audience: string | undefined;
  readonly expiresAt: Date;
}

const ATTEMPTS = 12;
const REPLICATION_WAIT_MS = 5_000;
const TIMEOUT_MS = 30_000;

/**
 * Takes a token with the secret.
 *
 * @throws InteropError: `authentication` with Entra's code and what it means, also when the endpoint does not answer;
 * `configuration` when it is not trusted; `cancelled`. The secret is in none of them.
 */
export async function proveSecret(proof: SecretProof): Promise<ProvedToken> {
  const attempts = proof.attempts ?? ATTEMPTS;
  const sleep = proof.sleep ?? pause;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await post(proof);
    if (answer.status === 200) return provedToken(answer.text, proof);
    const code = entraCode(answer.text);
    const replicating = code !== undefined && REPLICATION_CODES.has(code);
    const again = replicating || isTransient(answer.status);
    if (!again || attempt >= attempts) throw refused(answer, code, attempt, proof);
    const wait = replicating ? REPLICATION_WAIT_MS : waitBefore(attempt, answer.retryAfter);
    try {
      await sleep(wait, proof.signal);
    } catch {
      throw cancelledError('the proof of the secret');
    }
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

async function post(proof: SecretProof): Promise<Answer> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await proof.trust.fetch(proof.tokenEndpoint, {
      method: 'POST',
      signal: AbortSignal.any([proof.signal, deadline]),
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        client_id: proof.clientId,
        client_secret: proof.secret,
        grant_type: 'client_credentials',
        scope: proof.scope,
      }).toString(),
    });
    const text = withoutSecrets(await response.text(), [proof.secret]);
    return { status: response.status, text, retryAfter: response.headers.get('retry-after') };
  } catch (error) {
    if (proof.signal.aborted) throw cancelledError('the proof of the secret');
    const code = deadline.aborted ? 'ETIMEDOUT' : (networkCode(error) ?? 'UND_ERR_SOCKET');
    const request = { where: 'token endpoint', url: proof.tokenEndpoint, what: 'the token endpoint' };
    throw networkFailure(code, request, proof.trust);
  }
}

function provedToken(text: string, proof: SecretProof): ProvedToken {
  const token = accessToken(text);
  const claims = token === undefined ? undefined : readClaims(token);
  if (claims?.exp !== undefined) {
    return { roles: claims.roles, audience: claims.aud, expiresAt: new Date(claims.exp * 1000) };
  }
  throw new InteropError({
    kind: 'authentication',
    summary: 'the token endpoint answered without a token that can be read',
    problems: [
      { where: proof.tokenEndpoint, what: 'the answer holds no JWT', found: `scope ${proof.scope}` },
    ],
  });
}

function accessToken(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { access_token?: unknown } | null;
    return typeof body?.access_token === 'string' ? body.access_token : undefined;
  } catch {
    return undefined;
  }
}

function refused(
  answer: Answer,
  code: string | undefined,
  attempts: number,
  proof: SecretProof,
): InteropError {
  const where = `client id ${proof.clientId}, ${proof.tokenEndpoint}`;
  const tries = attempts > 1 ? `, ${attempts} tries` : '';
  if (code === undefined) {
    return new InteropError({
      kind: 'authentication',
      summary: `the token endpoint gave no token (status ${answer.status}${tries})`,
      problems: [{ where, what: 'it did not say why', found: entraSentence(answer.text) }],
      next: ['run the same command again'],
    });
  }
  const { means, next } = entraFault(code);
  return new InteropError({
    kind: 'authentication',
    summary: `Entra does not take the secret (AADSTS${code}${tries})`,
    problems: [{ where, what: means, found: errorDescription(answer.text) }],
    next,
  });
}

function errorDescription(text: string): string {
  try {
    const body = JSON.parse(text) as { error_description?: unknown } | null;
    if (typeof body?.error_description === 'string') return entraSentence(body.error_description);
  } catch {
    // Not JSON: its own words then.
  }
  return entraSentence(text);
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal });
}
