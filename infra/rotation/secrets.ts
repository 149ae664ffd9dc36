/** Questions about the secrets that a ledger names. */
import type { SecretRef, SlotSecret } from './events.js';
import { type Ledger, type SlotName, secretName } from './ledger.js';
import type { RotationPolicy } from './policy.js';

export const DAY_MS = 86_400_000;

/** The parts of `pending`, `revoking` and evidence that name a secret: the schema sees to it that they name one. */
interface NamedSecret {
  readonly slot?: SlotName | undefined;
  readonly generation?: number | undefined;
  readonly keyId?: string | undefined;
}

/** The secret that a part of the ledger names. */
export function secretOf({ slot, generation, keyId }: NamedSecret): SecretRef {
  if (slot !== undefined && generation !== undefined) return { slot, generation };
  return { keyId: keyId ?? '' };
}

export function sameSecret(one: SecretRef, other: SecretRef): boolean {
  if ('slot' in one) return 'slot' in other && one.slot === other.slot && one.generation === other.generation;
  return !('slot' in other) && sameKey(one.keyId, other.keyId);
}

export function includes(secrets: readonly SecretRef[], secret: SecretRef): boolean {
  return secrets.some((candidate) => sameSecret(candidate, secret));
}

/** Key ids are GUIDs: their case means nothing. */
export function sameKey(one: string, other: string | undefined): boolean {
  return one.toLowerCase() === other?.toLowerCase();
}

/** A secret in words: `interop-b-g2`, or its key id. */
export function describeSecret(secret: SecretRef): string {
  return 'slot' in secret ? secretName(secret.slot, secret.generation) : `key ${secret.keyId}`;
}

export function otherSlot(slot: SlotName): SlotName {
  return slot === 'a' ? 'b' : 'a';
}

/** The secrets in slots, the newest first. Without lists on the way: every decision asks for it, many times over. */
export function slotSecrets(ledger: Ledger): readonly SlotSecret[] {
  const [one, other] = [secretIn(ledger, 'a'), secretIn(ledger, 'b')];
  if (one === undefined) return other === undefined ? [] : [other];
  if (other === undefined) return [one];
  return one.generation > other.generation ? [one, other] : [other, one];
}

function secretIn({ slots }: Ledger, slot: SlotName): SlotSecret | undefined {
  const secret = slots[slot];
  return secret === undefined ? undefined : { slot, generation: secret.generation };
}

/**
 * The slots' secrets that may be in Entra by this ledger's doing: a key of such a name that the state does not know was made by a run
 * that was cut off. One whose removal has begun is among them.
 */
export function intendedSecrets(ledger: Ledger): readonly SlotSecret[] {
  const pending = ledger.pending === undefined ? undefined : secretOf(ledger.pending);
  const inSlots = slotSecrets(ledger);
  if (pending === undefined || !('slot' in pending) || inSlots.some((secret) => sameSecret(secret, pending)))
    return inSlots;
  return [...inSlots, pending];
}

/** All secrets that the ledger says exist: they count towards the cap of two. */
export function liveSecrets(ledger: Ledger): readonly SecretRef[] {
  return [...slotSecrets(ledger), ...ledger.foreign.map(({ keyId }) => ({ keyId }))];
}

/** Whether the ledger counts a secret outside of the slots with this key id. */
export function isForeign(ledger: Ledger, keyId: string): boolean {
  return ledger.foreign.some((secret) => sameKey(secret.keyId, keyId));
}

/** The newest secret: the one that Google shall hold. */
export function targetSecret(ledger: Ledger): SlotSecret {
  const [newest] = slotSecrets(ledger);
  if (newest === undefined) throw new RangeError('a ledger without a secret is not read (ledgerSchema)');
  return newest;
}

/** The secret that the newest one replaces: in the other slot, or foreign. */
export function oldSecret(ledger: Ledger): SecretRef | undefined {
  return liveSecrets(ledger).find((secret) => !sameSecret(secret, targetSecret(ledger)));
}

/** The highest generation that was ever given out. */
export function highestGeneration(ledger: Ledger): number {
  return Math.max(ledger.lastGeneration ?? 0, targetSecret(ledger).generation);
}

/** End of a live secret, in milliseconds since 1970. */
export function endOf(ledger: Ledger, secret: SecretRef): number {
  const found =
    'slot' in secret
      ? ledger.slots[secret.slot]
      : ledger.foreign.find(({ keyId }) => sameKey(keyId, secret.keyId));
  return found === undefined ? Number.NaN : Date.parse(found.endDate);
}

/** Endpoints that are known to hold a secret. */
export function holdersOf(ledger: Ledger, policy: RotationPolicy, secret: SecretRef): readonly string[] {
  return policy.endpoints.filter((name) => {
    const evidence = evidenceOf(ledger, name);
    return evidence !== undefined && sameSecret(evidence, secret);
  });
}

/** What is known of the secret that an endpoint holds. */
export function evidenceOf(ledger: Ledger, endpoint: string): Ledger['confirmed'][string] | undefined {
  return Object.hasOwn(ledger.confirmed, endpoint) ? ledger.confirmed[endpoint] : undefined;
}

/** Endpoints of the policy that are not known to hold the newest secret. */
export function awaitedEndpoints(ledger: Ledger, policy: RotationPolicy): readonly string[] {
  const holders = holdersOf(ledger, policy, targetSecret(ledger));
  return policy.endpoints.filter((name) => !holders.includes(name));
}

/** Whether the ledger knows already that an endpoint holds a secret. */
export function isConfirmed(
  ledger: Ledger,
  confirmation: SecretRef & { readonly endpoint: string },
): boolean {
  const known = evidenceOf(ledger, confirmation.endpoint);
  return known !== undefined && sameSecret(known, confirmation);
}

/** Whether Google holds the newest secret everywhere, as far as is known. */
export function isSwitched(ledger: Ledger, policy: RotationPolicy): boolean {
  return awaitedEndpoints(ledger, policy).length === 0 && ledger.current === targetSecret(ledger).slot;
}

/** Whether Google has left a secret behind: it holds the newest one everywhere, and that is another. */
export function isSwitchedFrom(ledger: Ledger, policy: RotationPolicy, secret: SecretRef): boolean {
  return isSwitched(ledger, policy) && !sameSecret(secret, targetSecret(ledger));
}

/** When the last endpoint was confirmed for the newest secret; undefined where none has to be. */
export function switchedAt(ledger: Ledger, policy: RotationPolicy): number | undefined {
  const times = holdersOf(ledger, policy, targetSecret(ledger)).map((name) =>
    Date.parse(evidenceOf(ledger, name)?.at ?? ''),
  );
  return times.length === 0 ? undefined : Math.max(...times);
}

/** When we signed in with a slot's secret ourselves last, as the ledger writes times; undefined where it does not tell. */
export function lastOwnUse(ledger: Ledger, secret: SlotSecret): string | undefined {
  return ledger.log.findLast(
    ({ event, slot, generation }) =>
      event === 'use' && slot === secret.slot && generation === secret.generation,
  )?.at;
}

/** The time of the ledger's last event, in milliseconds since 1970. */
export function lastEventAt(ledger: Ledger): number | undefined {
  const last = ledger.log.at(-1);
  return last === undefined ? undefined : Date.parse(last.at);
}

/**
 * The moment by which is judged what is due. Time does not run back: a clock that is behind the last event does not hide what is
 * due. The next event of a right clock puts a ledger right that was written by a clock too far ahead.
 */
export function judgedNow(ledger: Ledger, now: Date): number {
  return Math.max(now.getTime(), lastEventAt(ledger) ?? Number.NEGATIVE_INFINITY);
}
