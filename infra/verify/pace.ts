/** How throttling is heeded: as long as the service asks for, so often and no longer. */
import { LONGEST_WAIT_MS, waitBefore } from '../graph/retry.js';
import type { Surroundings } from './surroundings.js';

/** How often one and the same part of a look-up is sent again. */
export const MOST_ATTEMPTS = 6;

/**
 * Waits before the next attempt.
 *
 * @param asked milliseconds, or a `Retry-After` header; undefined where the service says nothing
 * @returns false when the service asks for longer than anybody would wait
 */
export async function waitAsAsked(
  attempt: number,
  asked: number | string | undefined,
  around: Surroundings,
): Promise<boolean> {
  const wait = typeof asked === 'number' ? asked : waitBefore(attempt, asked ?? null, around.now);
  if (wait > LONGEST_WAIT_MS) return false;
  await around.sleep(wait, around.signal);
  return true;
}
