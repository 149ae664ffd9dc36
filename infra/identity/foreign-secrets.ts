/** Secrets of the registration that this stack did not make. Pure. They are shown, and never removed unless a person says so. */
import type { Application, CredentialSignIn } from '../graph/client.js';
import { type Ledger, SLOTS, secretName } from '../rotation/ledger.js';

/** A secret outside of the slots. */
export interface ForeignSecretFound {
  /** In lower case. */
  readonly keyId: string;
  readonly name: string;
  readonly startDate: string | undefined;
  readonly endDate: string | undefined;
  /** The last sign-in that is reported; undefined when none is, or when nobody could ask. */
  readonly lastUse: string | undefined;
  /** Whether the ledger counts it. */
  readonly adopted: boolean;
}

/** Where a secret may be known from. */
export interface KnownSecrets {
  readonly ledger: Ledger;
  /** Key ids in the stack's state. */
  readonly inState: readonly string[];
}

/**
 * The secrets of a registration that neither the state nor a slot of the ledger knows.
 *
 * One with the name of a slot's secret that was begun and has no key id yet is this stack's own: an interrupted run made it.
 *
 * @param signIns undefined when they could not be read
 */
export function foreignSecrets(
  { passwordCredentials }: Pick<Application, 'passwordCredentials'>,
  { ledger, inState }: KnownSecrets,
  signIns: readonly CredentialSignIn[] | undefined,
): readonly ForeignSecretFound[] {
  const slots = SLOTS.flatMap((slot) => {
    const secret = ledger.slots[slot];
    return secret === undefined ? [] : [{ keyId: secret.keyId, name: secretName(slot, secret.generation) }];
  });
  const own = new Set([...inState, ...slots.map(({ keyId }) => keyId)].map((keyId) => keyId?.toLowerCase()));
  const begun = new Set(slots.filter(({ keyId }) => keyId === undefined).map(({ name }) => name));
  const adopted = new Set(ledger.foreign.map(({ keyId }) => keyId.toLowerCase()));
  return passwordCredentials
    .filter(({ keyId, displayName }) => !own.has(keyId.toLowerCase()) && !begun.has(displayName ?? ''))
    .map(({ keyId, displayName, startDateTime, endDateTime }) => ({
      keyId: keyId.toLowerCase(),
      name: displayName ?? '',
      startDate: startDateTime ?? undefined,
      endDate: endDateTime ?? undefined,
      lastUse: lastUse(signIns ?? [], keyId),
      adopted: adopted.has(keyId.toLowerCase()),
    }));
}

function lastUse(signIns: readonly CredentialSignIn[], keyId: string): string | undefined {
  const times = signIns
    .filter((row) => row.keyId.toLowerCase() === keyId.toLowerCase())
    .flatMap((row) => row.signInActivity?.lastSignInDateTime ?? []);
  return times.sort((one, other) => Date.parse(one) - Date.parse(other)).at(-1);
}
