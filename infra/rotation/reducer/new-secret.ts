/** A new secret: its generation and its end, unless the clock or the tenant forbids it. */
import type { Ledger } from '../ledger.js';
import type { Refusal } from '../refusal.js';
import { DAY_MS, highestGeneration, lastEventAt } from '../secrets.js';
import { badTime, refuse } from './refusals.js';
import type { Judge } from './step.js';
import { describeTime, instantOf } from './words.js';

/** How far two clocks may differ before one of them is called wrong. */
const CLOCK_TOLERANCE_MS = 10 * 60_000;

/** The next generation with its end, unless the clock or the tenant forbids it. */
export function newSecret(
  { ledger, policy, now }: Judge,
  entraTime: Date | undefined,
  life: 'asWished' | 'asAllowed',
): { readonly generation: number; readonly endDate: string } | Refusal {
  const { lifetimeDays, longestLifeDays } = policy;
  const clock = clockProblem(ledger, entraTime, now);
  if (clock !== undefined) return clock;
  if (longestLifeDays !== undefined && longestLifeDays < 1) {
    return refuse('secretsForbidden', {
      what: "the tenant's app management policy forbids client secrets",
      found: 'passwordAddition is restricted',
      allowed: 'an exemption for this registration, which an administrator of the tenant can give',
      next: [['rotation', 'status']],
    });
  }
  if (life === 'asWished' && longestLifeDays !== undefined && lifetimeDays > longestLifeDays) {
    return refuse('lifeTooLong', {
      what: "the tenant's app management policy does not allow a secret to live that long",
      found: `secret.lifetimeDays of ${lifetimeDays} days`,
      allowed: `at most ${longestLifeDays} days: set secret.lifetimeDays to ${longestLifeDays}`,
      next: [['rotation', 'stage']],
    });
  }
  const days = Math.min(lifetimeDays, longestLifeDays ?? lifetimeDays);
  const endDate = instantOf(new Date(now.getTime() + days * DAY_MS));
  if (endDate === undefined) return badTime('the end of the new secret', now);
  return { generation: highestGeneration(ledger) + 1, endDate };
}

/** An end date from a wrong clock would be too early or too late. Entra's clock decides, where it was asked. */
function clockProblem(ledger: Ledger, entraTime: Date | undefined, now: Date): Refusal | undefined {
  const last = lastEventAt(ledger);
  if (entraTime !== undefined && !(Math.abs(now.getTime() - entraTime.getTime()) <= CLOCK_TOLERANCE_MS)) {
    return refuse('clockWrong', {
      what: "this machine's clock is wrong",
      found: `${describeTime(now)}, while Entra's clock says ${describeTime(entraTime)}`,
      allowed: 'a difference of up to ten minutes: set the clock and repeat',
      next: [['rotation', 'status']],
    });
  }
  if (entraTime === undefined && last !== undefined && last - now.getTime() > CLOCK_TOLERANCE_MS) {
    return refuse('clockBehind', {
      what: "this machine's clock is behind the ledger",
      found: `${describeTime(now)}, while the ledger's last event was at ${describeTime(new Date(last))}`,
      allowed: 'a time after the last event; a confirmation by hand takes the present clock as right',
      next: [
        ['rotation', 'status'],
        ['rotation', 'confirm'],
      ],
    });
  }
  return undefined;
}
