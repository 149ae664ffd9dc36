/** The secret that an event names, where the ledger has it. */
import type { RevokeEvent, SecretRef } from '../events.js';
import type { Ledger } from '../ledger.js';
import type { Refusal } from '../refusal.js';
import { isForeign } from '../secrets.js';
import { emptySlot, unknownKey } from './refusals.js';

/** @returns a refusal where the ledger has none by this name */
export function namedSecret(ledger: Ledger, named: RevokeEvent['secret']): SecretRef | Refusal {
  if ('slot' in named) {
    const generation = ledger.slots[named.slot]?.generation;
    return generation === undefined ? emptySlot(ledger, named.slot) : { slot: named.slot, generation };
  }
  if (isForeign(ledger, named.keyId)) return { keyId: named.keyId.toLowerCase() };
  return unknownKey(ledger, named.keyId);
}
