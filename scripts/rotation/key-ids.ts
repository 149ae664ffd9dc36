/** The key ids that Entra gave the secrets, for the ledger in the file: evidence is about key ids. */
import type { SecretSlotOutput } from '../../infra/identity/interop-application.js';
import { sameLedger } from '../../infra/rotation/index.js';
import { type Ledger, SLOTS, type SlotName, secretName } from '../../infra/rotation/ledger.js';
import type { CommandContext } from '../command-context.js';
import { writeLedger } from '../stack-file.js';
import { readRotation } from './rotation.js';

/** Writes those that the file lacks, unless somebody has changed its ledger since it was brought up: the next update notes them. */
export function noteKeyIds(
  context: CommandContext,
  brought: Ledger,
  { secretSlots }: Readonly<Record<string, unknown>>,
): void {
  const noted = withKeyIds(brought, (secretSlots ?? {}) as Parameters<typeof withKeyIds>[1]);
  if (noted === undefined) return;
  const { stack, ledger } = readRotation(context);
  if (sameLedger(ledger, brought)) writeLedger(stack.file, noted);
}

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
