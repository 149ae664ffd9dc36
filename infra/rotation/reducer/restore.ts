/** The state's ledger in place of an old or another one. */
import type { RestoreEvent } from '../events.js';
import { descendsFrom } from '../lineage.js';
import { highestGeneration } from '../secrets.js';
import { namedSecret } from './named-secret.js';
import { refuse } from './refusals.js';
import type { Judge, Step } from './step.js';
import { noted } from './words.js';

/** What takes the file's place is made from the state's ledger; of the file's nothing stays but its highest generation. */
export function restore({ ledger }: Judge, { from, lost, by }: RestoreEvent): Step {
  if (lost !== true && JSON.stringify(from) === JSON.stringify(ledger)) return 'same';
  if (ledger.revision > from.revision && descendsFrom(from, ledger)) {
    // An earlier one was cut off before the state knew of it: what it wrote is what is wanted.
    if (ledger.log.at(-1)?.event === 'restore') return 'same';
    return refuse('notOlder', {
      what: "the ledger was made from the state's: there is nothing to restore",
      found: `revision ${ledger.revision}, and ${from.revision} in the state`,
      allowed: "a ledger that is older than the state's, or was not made from it",
      next: [['up'], ['rotation', 'run']],
    });
  }
  const lastGeneration = Math.max(highestGeneration(from), highestGeneration(ledger));
  const current = namedSecret(from, { slot: from.current });
  if ('code' in current) return current;
  return { lastGeneration, log: [{ event: 'restore', ...current, ...noted({ by }) }] };
}
