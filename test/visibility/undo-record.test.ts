import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { GuidTable } from '../../infra/exchange/visibility/guids.js';
import { Pending } from '../../infra/exchange/visibility/pending.js';
import {
  type CalendarChange,
  UndoRecord,
  UndoRecordBuilder,
} from '../../infra/exchange/visibility/undo-record.js';

const change: fc.Arbitrary<CalendarChange> = fc.constantFrom<CalendarChange>(
  { former: 'None', set: ['AvailabilityOnly'] },
  { former: 'None', set: ['LimitedDetails'] },
  { former: 'None', set: ['AvailabilityOnly', 'LimitedDetails'] },
  { former: 'AvailabilityOnly', set: ['LimitedDetails'] },
);
/** Few different GUIDs, so that records meet. */
const guid = fc.oneof(
  fc.uuid(),
  fc.integer({ min: 0, max: 20 }).map((n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`),
);
const changes = fc.array(fc.tuple(guid, change), { maxLength: 60 });
const record = changes.map((list) => UndoRecord.of(list));

describe('the undo record', () => {
  it('comes back from its text as it was, in any order of entering', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(guid, change), { selector: ([id]) => id }),
        fc.integer(),
        (list, by) => {
          const turned = [
            ...list.slice(Math.abs(by) % (list.length + 1)),
            ...list.slice(0, Math.abs(by) % (list.length + 1)),
          ];
          const text = UndoRecord.of(list).encode();
          expect(UndoRecord.of(turned).encode()).toBe(text);
          const back = UndoRecord.decode(text);
          expect(back.encode()).toBe(text);
          expect(back.size).toBe(list.length);
          for (const [id, what] of list) expect(back.find(id)).toEqual(what);
          expect([...back.entries()].map(([id]) => id)).toEqual(list.map(([id]) => id).sort());
        },
      ),
    );
  });

  it('takes 22 characters a mailbox and at most 10 more', () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(one.encode().length).toBeLessThanOrEqual(22 * one.size + 10);
      }),
    );
    const many = UndoRecord.of(
      Array.from({ length: 10_000 }, (_, n) => [
        `${(n * 2654435761).toString(16).padStart(8, '0').slice(0, 8)}-0000-4000-8000-000000000000`,
        { former: 'None', set: ['LimitedDetails'] },
      ]),
    );
    expect(many.encode().length / many.size).toBeLessThanOrEqual(24);
  });

  it('holds what was changed, whatever else its table knows', () => {
    fc.assert(
      fc.property(changes, fc.array(guid), (list, others) => {
        const table = new GuidTable();
        for (const other of others) table.add(other);
        const builder = new UndoRecordBuilder(table);
        for (const [id, what] of list) builder.add(id, what);
        expect(builder.build().encode()).toBe(UndoRecord.of(list).encode());
      }),
    );
  });

  it('has the checksum of its whole text, and a digest that is its own', () => {
    const large = (last: CalendarChange) =>
      UndoRecord.of(
        Array.from({ length: 10_000 }, (_, n) => [
          `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
          n < 9_999 ? { former: 'None', set: ['LimitedDetails'] } : last,
        ]),
      );
    const [one, other] = [
      large({ former: 'None', set: ['LimitedDetails'] }),
      large({ former: 'AvailabilityOnly', set: ['LimitedDetails'] }),
    ];
    for (const each of [UndoRecord.empty, one, other]) {
      expect(each.textChecksum()).toBe(crc32(each.encode()));
      expect(UndoRecord.decode(each.encode()).digest()).toBe(each.digest());
    }
    expect(one.digest()).not.toBe(other.digest());
    expect(() => UndoRecord.decode(`${one.encode()}\n`)).toThrow(RangeError);
    expect(() => UndoRecord.decode(one.encode().replace(/./, ' $&'))).toThrow(RangeError);
  });

  it('knows nothing of mailboxes that are not in it', () => {
    const one = UndoRecord.of([
      ['aaaaaaaa-0000-4000-8000-000000000000', { former: 'None', set: ['LimitedDetails'] }],
    ]);
    expect(one.find('aaaaaaaa-0000-4000-8000-000000000001')).toBeUndefined();
    expect(one.find('AAAAAAAA-0000-4000-8000-000000000000')).toBeDefined();
    expect(UndoRecord.empty.find('aaaaaaaa-0000-4000-8000-000000000000')).toBeUndefined();
  });

  it('refuses a text in which anything was changed, cut off or added', () => {
    fc.assert(
      fc.property(record, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
        const bytes = Buffer.from(one.encode(), 'base64');
        const damaged = Buffer.from(bytes);
        const place = at % bytes.length;
        damaged[place] = (damaged[place] ?? 0) ^ flip;
        expect(() => UndoRecord.decode(damaged.toString('base64'))).toThrow(RangeError);
        expect(() => UndoRecord.decode(bytes.subarray(0, place).toString('base64'))).toThrow(RangeError);
        expect(() =>
          UndoRecord.decode(Buffer.concat([bytes, Buffer.alloc(flip)]).toString('base64')),
        ).toThrow(RangeError);
      }),
    );
  });

  it('refuses any other text with an error that says so', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => UndoRecord.decode(text)).toThrow(/undo record/);
      }),
    );
  });

  it('refuses a change that raises nothing', () => {
    const id = 'aaaaaaaa-0000-4000-8000-000000000000';
    expect(() => UndoRecord.of([[id, { former: 'None', set: [] }]])).toThrow(RangeError);
    expect(() => UndoRecord.of([[id, { former: 'AvailabilityOnly', set: ['AvailabilityOnly'] }]])).toThrow(
      RangeError,
    );
  });
});

describe('merging records', () => {
  const text = (one: UndoRecord) => one.encode();

  it('keeps the earlier former right and adds up what was set', () => {
    const id = 'aaaaaaaa-0000-4000-8000-000000000000';
    const first = UndoRecord.of([[id, { former: 'None', set: ['AvailabilityOnly'] }]]);
    const second = UndoRecord.of([[id, { former: 'AvailabilityOnly', set: ['LimitedDetails'] }]]);
    expect(first.merge(second).find(id)).toEqual({
      former: 'None',
      set: ['AvailabilityOnly', 'LimitedDetails'],
    });
    expect(second.merge(first).find(id)?.former).toBe('AvailabilityOnly');
  });

  it('is associative and idempotent, with the empty record as its neutral element', () => {
    fc.assert(
      fc.property(record, record, record, (a, b, c) => {
        expect(text(a.merge(b).merge(c))).toBe(text(a.merge(b.merge(c))));
        expect(text(a.merge(a))).toBe(text(a));
        expect(text(a.merge(UndoRecord.empty))).toBe(text(a));
        expect(text(UndoRecord.empty.merge(a))).toBe(text(a));
      }),
    );
  });

  it('loses no mailbox and no former right', () => {
    fc.assert(
      fc.property(record, record, (a, b) => {
        const both = UndoRecord.decode(text(a.merge(b)));
        for (const [id, { former }] of a.entries()) expect(both.find(id)?.former).toBe(former);
        for (const [id, { former }] of b.entries())
          expect(both.find(id)?.former).toBe(a.find(id)?.former ?? former);
        expect(both.size).toBe(new Set([...a.entries(), ...b.entries()].map(([id]) => id)).size);
      }),
    );
  });
});

describe('the list of pending mailboxes', () => {
  it('comes back for its own record', () => {
    fc.assert(
      fc.property(record, fc.func(fc.boolean()), (one, isPending) => {
        const guids = [...one.entries()].map(([id]) => id).filter((id) => isPending(id));
        const pending = Pending.of(one, guids);
        const back = Pending.decode(one, pending.encode());
        expect([...back.guids()]).toEqual(guids);
        expect(back.size).toBe(guids.length);
      }),
    );
  });

  it('is refused for another record, and when it is damaged', () => {
    const id = (n: number) => `0000000${n}-0000-4000-8000-000000000000`;
    const set: CalendarChange = { former: 'None', set: ['LimitedDetails'] };
    const [one, other] = [UndoRecord.of([[id(1), set]]), UndoRecord.of([[id(2), set]])];
    const text = Pending.of(one, [id(1)]).encode();
    expect(() => Pending.decode(other, text)).toThrow(/another undo record/);
    expect(() => Pending.decode(one, `${text.slice(0, -4)}AAAA`)).toThrow(RangeError);
    expect(() => Pending.of(one, [id(2)])).toThrow(RangeError);
  });
});
