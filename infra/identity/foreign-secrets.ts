/** Secrets of the registration that this stack did not make. Pure. They are shown, and never removed unless a person says so. */
import type { Application, CredentialSignIn } from '../graph/client.js';
import { intendedSecrets } from '../rotation/index.js';
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
 * One with the name of a slot's secret whose key id the ledger does not know is this stack's own: an interrupted run made it, or one
 * whose key ids were not written into this file, or it is about to be removed.
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
  const begun = new Set(
    intendedSecrets(ledger)
      .filter(({ slot, generation }) => {
        const secret = ledger.slots[slot];
        return secret?.generation !== generation || secret.keyId === undefined;
      })
      .map(({ slot, generation }) => secretName(slot, generation)),
  );
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

/**
 * The secret that somebody made and that is in use: the only one that has not ended, or the only one of them that signs in. Where it
 * cannot be told, undefined: a person has to say.
 */
export function secretInUse(
  found: readonly ForeignSecretFound[],
  now: Date,
): (ForeignSecretFound & { readonly endDate: string }) | undefined {
  const alive = found.flatMap((secret) =>
    secret.endDate !== undefined && Date.parse(secret.endDate) > now.getTime()
      ? [{ ...secret, endDate: secret.endDate }]
      : [],
  );
  const used = alive.filter(({ lastUse: use }) => use !== undefined);
  const [only, ...others] = alive.length === 1 ? alive : used;
  return others.length === 0 ? only : undefined;
}
