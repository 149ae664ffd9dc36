/** How requests to Google get there: our trust, a time limit, and bounded retries of what may go away by itself. */
import type { RequestInit, Response as UndiciResponse } from 'undici';
import { limited } from '../abort.js';
import { networkCode } from '../graph/network-error.js';
import { isTransient, LONGEST_WAIT_MS, waitBefore } from '../graph/retry.js';
import type { Trust } from '../graph/trust.js';

const ATTEMPTS = 8;
const TIMEOUT_MS = 60_000;

/** Reasons with which the Admin SDK answers 403 to a quota that is used up (developers.google.com/admin-sdk/directory/v1/limits). */
const QUOTA = /"(rateLimitExceeded|userRateLimitExceeded|quotaExceeded)"/;

/**
 * A fetch that waits out throttling, as Google asks (exponential backoff, or Retry-After where it is given). Only reads and
 * requests for tokens go through it, all of which may be sent again.
 */
export function retryingFetch(options: {
  readonly fetch: Trust['fetch'];
  readonly signal: AbortSignal;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}): typeof fetch {
  const { signal, sleep } = options;
  // The libraries are typed against the browser's fetch, which undici's follows.
  const send = async (input: unknown, init?: unknown) => {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await attemptOnce(options.fetch, String(input), init as RequestInit, signal);
      const wait = waitBefore(attempt, 'error' in outcome ? null : outcome.headers.get('retry-after'));
      const again = 'error' in outcome ? isPassing(outcome.error) : await isThrottled(outcome);
      if (!again || attempt >= ATTEMPTS || wait > LONGEST_WAIT_MS || signal.aborted) {
        if ('error' in outcome) throw outcome.error;
        return outcome;
      }
      if (!('error' in outcome)) await outcome.body?.cancel();
      await sleep(wait, signal);
    }
  };
  return send as unknown as typeof fetch;
}

type Outcome = UndiciResponse | { readonly error: unknown };

async function attemptOnce(
  send: Trust['fetch'],
  url: string,
  init: RequestInit | undefined,
  signal: AbortSignal,
): Promise<Outcome> {
  const { method, headers, body } = init ?? {};
  // Not forgotten with the answer's first bytes: the limit holds for its body, too.
  const limit = limited([signal], TIMEOUT_MS);
  try {
    return await send(url, {
      method: method ?? 'GET',
      headers: headersOf(headers, body),
      ...(body === undefined || body === null ? {} : { body: String(body) }),
      signal: limit.signal,
    });
  } catch (error) {
    limit.forget();
    return { error };
  }
}

/** A form says so by its type; once it is text, fetch no longer would. The library's classes may be of another realm. */
function headersOf(headers: unknown, body: unknown): Record<string, string> {
  const given = Object.fromEntries(new Headers((headers ?? {}) as Record<string, string>));
  const isForm = Object.prototype.toString.call(body) === '[object URLSearchParams]';
  return isForm ? { 'content-type': 'application/x-www-form-urlencoded', ...given } : given;
}

async function isThrottled(response: UndiciResponse): Promise<boolean> {
  if (response.status !== 403) return isTransient(response.status);
  return QUOTA.test(await response.clone().text());
}

function isPassing(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'EAI_AGAIN'].includes(networkCode(error) ?? '');
}
