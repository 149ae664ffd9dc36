/** What every removal of a secret does to the ledger. */
import type { SecretRef } from '../events.js';
import type { Ledger } from '../ledger.js';
import { otherSlot, sameKey } from '../secrets.js';
import type { Change } from './step.js';

/** The ledger without a secret, and the removal begun. The secret in use moves when its own is removed. */
export function without(
  ledger: Ledger,
  secret: SecretRef,
  at: string,
  event: 'retire' | 'revoke' | 'remove',
): Change {
  const pending = { event, ...secret, at };
  if (!('slot' in secret))
    return { foreign: ledger.foreign.filter(({ keyId }) => !sameKey(keyId, secret.keyId)), pending };
  const other = otherSlot(secret.slot);
  return { slots: { [other]: ledger.slots[other] }, current: other, pending };
}
