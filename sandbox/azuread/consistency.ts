/**
 * Waits until a change is seen everywhere: five times running, as the official provider does
 * (terraform-provider-azuread internal/helpers/consistency/consistency.go).
 */
import { setTimeout as sleep } from 'node:timers/promises';

const HITS = 5;
/** The one liberty that the stand-in takes with time: the sandbox need not be waited for as long as Entra. */
const SCALE = 1 / 100;
const INTERVAL_MS = { object: 5_000 * SCALE, secret: 1_000 * SCALE } as const;

/**
 * Polls at once and then in intervals until `isSeen` has been true five times in a row.
 *
 * @param what `object`: 5 s apart in the official provider; `secret`: 1 s
 * @throws the signal's reason when it is aborted, and what `isSeen` throws
 */
export async function untilConsistent(
  what: keyof typeof INTERVAL_MS,
  signal: AbortSignal,
  isSeen: () => Promise<boolean>,
): Promise<void> {
  for (let hits = (await isSeen()) ? 1 : 0; hits < HITS; hits = (await isSeen()) ? hits + 1 : 0) {
    await sleep(INTERVAL_MS[what], undefined, { signal });
  }
}
