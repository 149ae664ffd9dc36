/** When secrets begin and end, and from when on a rotation is due, as the page and the terminal show it. Pure. */

import { type RotationPolicy, type SecretRole, timelineOf } from '../rotation/index.js';
import { formatInstant, type Ledger } from '../rotation/ledger.js';

const DAY = 86_400_000;

/** The life of one secret; moments are RFC 3339. */
export interface SecretLife {
  /** Its name in Entra; for a secret that was there before us its key id. */
  readonly name: string;
  readonly role: SecretRole;
  /** When it was made, where the ledger remembers; else undefined. */
  readonly start: string | undefined;
  /** From then on its successor is due; only the newest has one. */
  readonly due: string | undefined;
  readonly end: string;
  readonly state: 'fresh' | 'due' | 'ended';
}

/** The lives of all secrets that the ledger knows, the one that ends first at the top. */
export function secretLives(ledger: Ledger, policy: RotationPolicy, now: Date): readonly SecretLife[] {
  return timelineOf(ledger, policy, now)
    .secrets.map(
      ({ name, role, start, lead, end }): SecretLife => ({
        name,
        role,
        start: start === undefined ? undefined : formatInstant(start),
        due: lead === undefined ? undefined : formatInstant(lead),
        end: formatInstant(end),
        state: end <= now ? 'ended' : lead !== undefined && lead <= now ? 'due' : 'fresh',
      }),
    )
    .sort((one, other) => one.end.localeCompare(other.end, 'en'));
}

/** Days from now, as people say it: `in 12 days`, `today`, `3 days ago`. */
export function fromNow(instant: string, now: Date): string {
  const days = Math.round((Date.parse(instant) - now.getTime()) / DAY);
  if (days === 0) return 'today';
  const count = `${Math.abs(days)} day${Math.abs(days) === 1 ? '' : 's'}`;
  return days > 0 ? `in ${count}` : `${count} ago`;
}
