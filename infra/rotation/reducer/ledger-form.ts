/** A change put into the ledger's one form. */
import { type Ledger, LOG_LENGTH, SLOTS } from '../ledger.js';
import { lineageAfter } from '../lineage.js';
import { highestGeneration, includes, liveSecrets, secretOf, targetSecret } from '../secrets.js';
import type { Change, LogEntry } from './step.js';

/**
 * By how much a restored ledger is newer: revisions that were written after the state's last update, and never run, must not count as
 * newer than it when they turn up in another checkout.
 */
const RESTORE_LEAP = 1000;

/** Puts a change into the ledger's one form: keys in order, evidence about dead secrets gone, the log cut. */
export function changed(base: Ledger, file: Ledger, { log = [], ...change }: Change, at: string): Ledger {
  const next = { ...base, ...change };
  const live = liveSecrets(next);
  const highest = Math.max(highestGeneration(base), highestGeneration(next));
  const { pending, revoking } = next;
  return {
    version: next.version,
    revision: Math.max(base.revision, file.revision) + (base === file ? 1 : RESTORE_LEAP),
    lineage: lineageAfter(base),
    slots: slotsInOrder(next.slots),
    ...(highest > targetSecret(next).generation ? { lastGeneration: highest } : {}),
    current: next.current,
    foreign: next.foreign,
    ...(pending === undefined ? {} : { pending }),
    ...(revoking !== undefined && includes(live, secretOf(revoking)) ? { revoking } : {}),
    confirmed: Object.fromEntries(
      Object.entries(next.confirmed).filter(([, evidence]) => includes(live, evidence)),
    ),
    log: logged(
      next.log,
      log.map((entry) => ({ at, ...entry })),
    ),
  };
}

/** The last events. Of our own sign-ins with a secret only the last one counts. */
function logged(log: Ledger['log'], news: readonly LogEntry[]): Ledger['log'] {
  const outdated = (entry: LogEntry) =>
    news.some(
      ({ event, slot, generation }) =>
        event === 'use' && entry.event === 'use' && entry.slot === slot && entry.generation === generation,
    );
  return [...log.filter((entry) => !outdated(entry)), ...news].slice(-LOG_LENGTH);
}

function slotsInOrder(slots: Ledger['slots']): Ledger['slots'] {
  return Object.fromEntries(
    SLOTS.flatMap((slot) => (slots[slot] === undefined ? [] : [[slot, slots[slot]]])),
  );
}
