/** When secrets begin and end, and from when on a rotation is due: pure, for the timeline of the hand-off. */
import { formatInstant, type Ledger, SLOTS, secretName } from '../rotation/ledger.js';

const DAY = 86_400_000;

/** The life of one secret. */
export interface SecretLife {
  /** Its name in Entra; for a secret that was there before us its key id. */
  readonly name: string;
  readonly role: 'current' | 'next' | 'former' | 'foreign';
  /** When it was made, where the ledger remembers; else undefined. */
  readonly start: string | undefined;
  /** From then on its successor is due; secrets on their way out have none. */
  readonly due: string | undefined;
  readonly end: string;
  readonly state: 'fresh' | 'due' | 'ended';
}

/** The lives of all secrets that the ledger knows, the one that ends first at the top. */
export function secretLives(
  ledger: Ledger,
  policy: { readonly leadDays: number },
  now: Date,
): readonly SecretLife[] {
  const currentGeneration = ledger.slots[ledger.current]?.generation ?? 0;
  const slots = SLOTS.flatMap((slot): readonly SecretLife[] => {
    const secret = ledger.slots[slot];
    if (secret === undefined) return [];
    const { generation, endDate } = secret;
    const made = ledger.log.find(
      (entry) =>
        (entry.event === 'init' || entry.event === 'stage') &&
        entry.slot === slot &&
        entry.generation === generation,
    );
    const role = slot === ledger.current ? 'current' : generation > currentGeneration ? 'next' : 'former';
    const due =
      role === 'former' ? undefined : formatInstant(new Date(Date.parse(endDate) - policy.leadDays * DAY));
    return [
      {
        name: secretName(slot, generation),
        role,
        start: made?.at,
        due,
        end: endDate,
        state: stateOf(endDate, due, now),
      },
    ];
  });
  const foreign = ledger.foreign.map(
    ({ keyId, endDate }): SecretLife => ({
      name: keyId,
      role: 'foreign',
      start: undefined,
      due: undefined,
      end: endDate,
      state: stateOf(endDate, undefined, now),
    }),
  );
  return [...slots, ...foreign].sort((one, other) => one.end.localeCompare(other.end, 'en'));
}

function stateOf(end: string, due: string | undefined, now: Date): SecretLife['state'] {
  if (Date.parse(end) <= now.getTime()) return 'ended';
  return due !== undefined && Date.parse(due) <= now.getTime() ? 'due' : 'fresh';
}

/** Days from now, as people say it: `in 12 days`, `today`, `3 days ago`. */
export function fromNow(instant: string, now: Date): string {
  const days = Math.round((Date.parse(instant) - now.getTime()) / DAY);
  if (days === 0) return 'today';
  const count = `${Math.abs(days)} day${Math.abs(days) === 1 ? '' : 's'}`;
  return days > 0 ? `in ${count}` : `${count} ago`;
}
