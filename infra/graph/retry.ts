/** When a request is sent again, and how long before. Pure. */

/** Longest wait that a server may ask for; beyond it the failure is told at once. */
export const LONGEST_WAIT_MS = 120_000;

const FIRST_WAIT_MS = 500;
const LONGEST_OWN_WAIT_MS = 16_000;

/** Whether a status may go away by itself (learn.microsoft.com/graph/errors): 408, 429 and 5xx except 501. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** Whether a status says that nothing was done: then even a write may be sent again. */
export function isUntouched(status: number): boolean {
  return status === 429 || status === 503;
}

/**
 * Milliseconds to wait before the next attempt: what `Retry-After` asks for (seconds or a date, RFC 9110 section 10.2.3), else
 * twice as long each time with some spread.
 *
 * @param attempt of the request that failed, from 1.
 */
export function waitBefore(
  attempt: number,
  retryAfter: string | null,
  now: () => number = Date.now,
  random: () => number = Math.random,
): number {
  const asked = retryAfter === null ? undefined : askedFor(retryAfter.trim(), now);
  if (asked !== undefined) return asked;
  const own = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_OWN_WAIT_MS);
  return Math.round(own * (0.75 + random() / 2));
}

function askedFor(text: string, now: () => number): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now());
}
