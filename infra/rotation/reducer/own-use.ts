/** Sign-ins of our own with a secret. */
import type { UseEvent } from '../events.js';
import { lastOwnUse } from '../secrets.js';
import { badTime, emptySlot } from './refusals.js';
import type { Judge, Step } from './step.js';
import { instantOf, noted } from './words.js';

/** Only the last one of each secret is remembered (ledger-form.ts). */
export function used({ ledger, now, at }: Judge, { slot, generation, usedAt, note }: UseEvent): Step {
  const secret = ledger.slots[slot];
  if (secret === undefined || (generation ?? secret.generation) !== secret.generation)
    return emptySlot(ledger, slot);
  const entry = { event: 'use', slot, generation: secret.generation, ...noted({ note }) } as const;
  if (usedAt === undefined) return { log: [entry] };
  // By a clock that is ahead the use would lie in the future: it was before now.
  const time = usedAt > now ? at : instantOf(usedAt);
  if (time === undefined) return badTime('the time of the use', usedAt);
  const known = lastOwnUse(ledger, entry);
  return known !== undefined && known >= time ? 'same' : { log: [{ at: time, ...entry }] };
}
