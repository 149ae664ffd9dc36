/** Which ledger was made from which: what the guard before the secrets goes by. */
import fc from 'fast-check';
import { descendsFrom, type RotationEvent, type RotationPolicy, reduce } from '../../infra/rotation/index.js';
import { initialLedger, type Ledger, LINEAGE_LENGTH, parseLedger } from '../../infra/rotation/ledger.js';

const POLICY: RotationPolicy = { lifetimeDays: 180, leadDays: 30, quietDays: 7, endpoints: ['one', 'two'] };
const START = Date.parse('2026-01-01T00:00:00Z');
const FIRST = initialLedger({ now: new Date(START), lifetimeDays: 180 });
const key = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** One checkout's work: events by one person, an hour apart. Those that are refused are left out. */
function line(from: Ledger, kinds: readonly string[], by: string): readonly Ledger[] {
  const ledgers = [from];
  kinds.forEach((kind, index) => {
    const before = ledgers.at(-1) ?? from;
    const outcome = reduce(
      before,
      eventOf(kind, by, before),
      POLICY,
      new Date(START + (index + 1) * 3_600_000),
    );
    if (outcome.refusal === undefined && outcome.changed) ledgers.push(outcome.ledger);
  });
  return ledgers;
}

function eventOf(kind: string, by: string, ledger: Ledger): RotationEvent {
  const missing = (['a', 'b'] as const).find(
    (slot) => ledger.slots[slot] !== undefined && ledger.slots[slot].keyId === undefined,
  );
  switch (kind) {
    case 'stage':
      return { type: 'stage', by };
    case 'carry out': {
      const generation = (missing && ledger.slots[missing]?.generation) ?? 0;
      return missing === undefined
        ? { type: 'finish' }
        : { type: 'made', slot: missing, generation, keyId: key(generation) };
    }
    case 'retire':
      return { type: 'retire', silence: { how: 'hand', by } };
    case 'revoke':
      return { type: 'revoke', secret: { slot: ledger.current }, when: 'now', by };
    case 'use':
      return { type: 'use', slot: ledger.current, note: by };
    default:
      return { type: 'confirm', how: 'hand', endpoints: [], by };
  }
}

/** Every event of a line tells who it is of: two checkouts that ask for nothing but the same wrote the same ledger. */
const own = fc.constantFrom('stage', 'retire', 'revoke', 'confirm', 'use');
const any = fc.oneof({ weight: 2, arbitrary: fc.constant('carry out') }, own);
const written = fc.array(any, { maxLength: LINEAGE_LENGTH });

test('a ledger descends from itself and from every ledger that it was made from', () => {
  fc.assert(
    fc.property(written, (kinds) => {
      const ledgers = line(FIRST, kinds, 'ann');
      const last = ledgers.at(-1) ?? FIRST;
      for (const ledger of ledgers) expect(descendsFrom(ledger, last)).toBe(true);
      for (const ledger of ledgers.slice(0, -1)) expect(descendsFrom(last, ledger)).toBe(false);
    }),
  );
});

test('of two checkouts that went on from one ledger neither follows the other, whichever has written more', () => {
  fc.assert(
    fc.property(written, written, written, (before, ours, theirs) => {
      const common = line(FIRST, before, 'ann').at(-1) ?? FIRST;
      const applied = line(common, ['use', ...ours], 'ann').at(-1) ?? common;
      const given = line(common, ['use', ...theirs], 'bob').at(-1) ?? common;
      fc.pre(applied !== common && given !== common);
      expect([descendsFrom(applied, given), descendsFrom(given, applied)]).toEqual([false, false]);
    }),
  );
});

test('after the file, the order of its keys, and the key ids of slots it is the same ledger', () => {
  fc.assert(
    fc.property(written, (kinds) => {
      for (const ledger of line(FIRST, kinds, 'ann')) {
        const read = parseLedger(JSON.parse(JSON.stringify(ledger)));
        const turned = Object.fromEntries(Object.entries(read).reverse()) as unknown as Ledger;
        const { keyId: _, ...a } = ledger.slots.a ?? {};
        const without = { ...ledger, slots: { ...ledger.slots, ...(ledger.slots.a && { a }) } } as Ledger;
        expect([turned, without].map((other) => descendsFrom(ledger, other))).toEqual([true, true]);
      }
    }),
  );
});

test('a change by hand ends the line: a higher revision alone makes no descendant', () => {
  const staged = line(FIRST, ['carry out', 'confirm', 'stage'], 'ann').at(-1) ?? FIRST;
  const raised = { ...staged, revision: staged.revision + 1 };
  const emptied = { ...staged, confirmed: {} };
  expect([raised, emptied].map((ledger) => descendsFrom(staged, ledger))).toEqual([false, false]);
});

test('what lies further back than a ledger remembers counts as unknown, and the ledger does not grow', () => {
  const ledgers = line(
    FIRST,
    Array.from({ length: 3 * LINEAGE_LENGTH }, () => 'use'),
    'ann',
  );
  const last = ledgers.at(-1) ?? FIRST;
  expect(ledgers.map((ledger) => descendsFrom(ledger, last)).lastIndexOf(false)).toBe(
    ledgers.length - LINEAGE_LENGTH - 2,
  );
  expect(last.lineage?.split(' ')).toHaveLength(LINEAGE_LENGTH);
});
