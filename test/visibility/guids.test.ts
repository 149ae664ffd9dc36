import fc from 'fast-check';
import {
  GuidSet,
  GuidTable,
  guidBytes,
  guidText,
  isMailboxGuid,
} from '../../infra/exchange/visibility/guids.js';
import { guidOf } from './support/tenant.js';

const guid = fc.uuid();
/** Few different ones, so that they come again; and any case of letters. */
const some = fc.array(
  fc.oneof(
    guid,
    fc.nat({ max: 5 }).map(guidOf),
    fc.nat({ max: 5 }).map((n) => guidOf(n).toUpperCase()),
  ),
);

test('a GUID goes into 16 bytes and comes out in lower case (property)', () => {
  fc.assert(
    fc.property(guid, (text) => {
      expect(guidText(guidBytes(text.toUpperCase()))).toBe(text.toLowerCase());
    }),
  );
  expect(() => guidBytes('none')).toThrow(RangeError);
  expect(isMailboxGuid('00000000-0000-0000-0000-000000000000')).toBe(false);
});

describe('the table', () => {
  test('numbers GUIDs in the order in which they came, whatever they are (property)', () => {
    fc.assert(
      fc.property(some, guid, (guids, other) => {
        const table = new GuidTable();
        const model: string[] = [];
        for (const text of guids) {
          const lower = text.toLowerCase();
          const known = model.indexOf(lower);
          if (known < 0) model.push(lower);
          expect(table.add(text)).toEqual({
            index: known < 0 ? model.length - 1 : known,
            isNew: known < 0,
          });
        }
        expect(table.size).toBe(model.length);
        expect(model.map((text) => table.indexOf(text))).toEqual([...model.keys()]);
        expect(model.map((_, index) => table.guidAt(index))).toEqual(model);
        expect(table.has(other)).toBe(model.includes(other.toLowerCase()));
        expect(() => table.guidAt(model.length)).toThrow(RangeError);
      }),
    );
  });

  test('compares as the texts do (property)', () => {
    fc.assert(
      fc.property(guid, guid, (one, other) => {
        const table = new GuidTable();
        const [first, second] = [table.add(one).index, table.add(other).index];
        const [a, b] = [one.toLowerCase(), other.toLowerCase()];
        expect(Math.sign(table.compare(first, second))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  test('holds more than a piece of it', () => {
    const count = 200_000;
    const table = new GuidTable();
    for (let n = 0; n < count; n++) table.add(guidOf(n));
    expect(table.size).toBe(count);
    for (const n of [0, 65_535, 65_536, 131_071, 131_072, count - 1]) {
      expect(table.indexOf(guidOf(n))).toBe(n);
      expect(table.guidAt(n)).toBe(guidOf(n));
    }
    expect(table.has(guidOf(count))).toBe(false);
  });
});

describe('a set of the GUIDs of a table', () => {
  test('knows its own, and not those of others (property)', () => {
    fc.assert(
      fc.property(some, some, (mine, theirs) => {
        const table = new GuidTable();
        const sets = [new GuidSet(table), new GuidSet(table)] as const;
        const models = [new Set<string>(), new Set<string>()] as const;
        for (const [which, guids] of [mine, theirs].entries()) {
          for (const text of guids) {
            const model = models[which];
            const isNew = model?.has(text.toLowerCase()) === false;
            expect(sets[which]?.add(text)).toBe(isNew);
            model?.add(text.toLowerCase());
          }
        }
        for (const text of [...mine, ...theirs])
          expect(sets.map((set) => set.has(text))).toEqual(
            models.map((model) => model.has(text.toLowerCase())),
          );
      }),
    );
  });

  test('grows', () => {
    const set = new GuidSet(new GuidTable());
    const numbers = Array.from({ length: 20_000 }, (_, n) => n);
    expect(numbers.every((n) => set.add(guidOf(n)))).toBe(true);
    expect(numbers.some((n) => set.add(guidOf(n)))).toBe(false);
    expect(set.has(guidOf(20_000))).toBe(false);
  });
});
