/** When a call is sent again, and how long before. Pure. */

/** What is known of a call that did not succeed. */
export interface Failure {
  /** Whether the same call may succeed later. */
  readonly transient: boolean;
  readonly throttled: boolean;
  /** Whether the cmdlet may have taken effect all the same. */
  readonly outcomeUnknown: boolean;
  /** What the server asks to wait, in milliseconds, as {@link readRetryAfter} gives it. */
  readonly retryAfterMs: number | undefined;
}

export interface RetryLimits {
  /** Attempts in all, for failures that are not throttling. */
  readonly attempts: number;
  /** The same for throttling, which the pace gets under control. */
  readonly throttledAttempts: number;
  /** A longer wait is not taken: the failure is told instead. */
  readonly longestWaitMs: number;
}

export const RETRY_LIMITS: RetryLimits = { attempts: 6, throttledAttempts: 30, longestWaitMs: 300_000 };

const FIRST_WAIT_MS = 500;
const LONGEST_OWN_WAIT_MS = 30_000;

/**
 * Milliseconds that a `Retry-After` header asks for: whole or fractional seconds, or an HTTP date (RFC 9110 section 10.2.3;
 * fractions as Exchange sends them). Undefined where it says nothing that can be understood.
 *
 * @param wallMs the time now, in milliseconds since 1970.
 */
export function readRetryAfter(header: string | null | undefined, wallMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}([.,]\d{1,9})?$/.test(text)) return Math.ceil(Number(text.replace(',', '.')) * 1000);
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallMs);
}

/**
 * Milliseconds before the next attempt, or undefined when there shall be none.
 *
 * @param attempt of the call that failed, from 1.
 * @param repeatable whether the call may be sent twice without harm.
 * @param random from 0 up to 1.
 */
export function waitBefore(
  attempt: number,
  failure: Failure,
  repeatable: boolean,
  random: number,
  limits: RetryLimits = RETRY_LIMITS,
): number | undefined {
  if (!failure.transient) return undefined;
  if (failure.outcomeUnknown && !repeatable) return undefined;
  if (attempt >= (failure.throttled ? limits.throttledAttempts : limits.attempts)) return undefined;
  const wait = failure.retryAfterMs ?? ownWait(attempt, random);
  return wait > limits.longestWaitMs ? undefined : wait;
}

/** Twice as long each time, spread so that many calls do not come back at once. */
function ownWait(attempt: number, random: number): number {
  return Math.round(Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), LONGEST_OWN_WAIT_MS) * (0.5 + random / 2));
}
