/** Sign-ins of our own with a secret. */
import type { UseEvent } from '../events.js';
import { emptySlot } from './refusals.js';
import type { Judge, Step } from './step.js';
import { noted } from './words.js';

/** Only the last one of each secret is remembered (ledger-form.ts). */
export function used({ ledger }: Judge, { slot, note }: UseEvent): Step {
  const secret = ledger.slots[slot];
  if (secret === undefined) return emptySlot(ledger, slot);
  return { log: [{ event: 'use', slot, generation: secret.generation, ...noted({ note }) }] };
}
