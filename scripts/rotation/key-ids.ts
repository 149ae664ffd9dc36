/** The key ids that Entra gave the secrets, for the ledger in the file: evidence is about key ids. Pure. */
import type { SecretSlotOutput } from '../../infra/identity/interop-application.js';
import { type Ledger, SLOTS, type SlotName, secretName } from '../../infra/rotation/ledger.js';

/**
 * The ledger with the key ids that it lacks. Its revision stays: they are the answer to it and no change of what it asks for, and a
 * checkout that is thrown away may lose them.
 *
 * @param made the stack's output `secretSlots`
 * @returns undefined where it lacks none
 */
export function withKeyIds(
  ledger: Ledger,
  made: Partial<Record<SlotName, SecretSlotOutput>>,
): Ledger | undefined {
  const missing = SLOTS.filter((slot) => {
    const secret = ledger.slots[slot];
    const known = made[slot];
    return (
      secret?.keyId === undefined &&
      secret !== undefined &&
      known?.name === secretName(slot, secret.generation)
    );
  });
  if (missing.length === 0) return undefined;
  const slots = { ...ledger.slots };
  for (const slot of missing) {
    const secret = slots[slot];
    if (secret !== undefined) slots[slot] = { ...secret, keyId: made[slot]?.keyId };
  }
  return { ...ledger, slots };
}
