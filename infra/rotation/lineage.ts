/**
 * From which ledgers a ledger was made. Revisions only count: of two checkouts that went on from one ledger, each without knowing of
 * the other, either may have the higher one. Pure.
 */
import { createHash } from 'node:crypto';
import { type Ledger, LINEAGE_LENGTH, SLOTS } from './ledger.js';

/** Hexadecimal digits of a digest in a lineage: they tell honest ledgers apart, and are no proof against forgery. */
const DIGEST_LENGTH = 8;

/** The `lineage` of a ledger that is made from `parent`: the parent first, its own ancestors behind it. */
export function lineageAfter(parent: Ledger): string {
  return [nameOf(parent), ...ancestorsOf(parent)].slice(0, LINEAGE_LENGTH).join(' ');
}

/**
 * Whether `given` says the same as `applied`, or was made from it by events, however many were written in between.
 *
 * False where it is not known: a ledger remembers its last {@link LINEAGE_LENGTH} ancestors. Key ids of slots do not matter: they are
 * Entra's answer to a ledger and no part of what it asks for.
 */
export function descendsFrom(applied: Ledger, given: Ledger): boolean {
  const name = nameOf(applied);
  return nameOf(given) === name || ancestorsOf(given).includes(name);
}

/** Whether both say the same, whatever key ids are known. */
export function sameLedger(one: Ledger, other: Ledger): boolean {
  return nameOf(one) === nameOf(other);
}

function ancestorsOf({ lineage }: Ledger): readonly string[] {
  return lineage === undefined ? [] : lineage.split(' ');
}

/** `12:9f3c1a2b`: revision and digest of a ledger. Its own lineage is part of the digest, and so is all that ever happened to it. */
function nameOf(ledger: Ledger): string {
  const text = JSON.stringify(inOrder(withoutKeyIds(ledger)));
  return `${ledger.revision}:${createHash('sha256').update(text).digest('hex').slice(0, DIGEST_LENGTH)}`;
}

/** Key ids of slots are Entra's answer to a ledger and no part of what it asks for. */
export function withoutKeyIds(ledger: Ledger): Ledger {
  const slots = SLOTS.flatMap((slot) => {
    const { keyId: _, ...secret } = ledger.slots[slot] ?? {};
    return ledger.slots[slot] === undefined ? [] : [[slot, secret] as const];
  });
  return { ...ledger, slots: Object.fromEntries(slots) };
}

/** The order of keys in a file says nothing. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, inner]) => [key, inOrder(inner)]),
  );
}
