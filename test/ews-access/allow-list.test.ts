/** The allow list as a value. */
import fc from 'fast-check';
import {
  lists,
  malformed,
  missingFrom,
  readAllowList,
  sameList,
  united,
  without,
  writeAllowList,
} from '../../infra/exchange/ews-access/allow-list.js';
import { CMDLETS } from '../../infra/exchange/transport/cmdlets.js';

const id = fc.uuid().map((uuid) => uuid.toLowerCase());
const spelt = fc.tuple(id, fc.boolean()).map(([one, upper]) => (upper ? one.toUpperCase() : one));
/** What somebody else may have put there. */
const entry = fc.oneof(
  spelt,
  fc.stringMatching(/^[A-Za-z0-9{}. -]{1,20}$/).filter((text) => text.trim() !== ''),
);

it.each([
  ['nothing', null, []],
  ['an empty text', '', []],
  ['one element with commas', ['a,b'], ['a', 'b']],
  ['a text with blanks and empty places', ' a , ,b,', ['a', 'b']],
  ['a list of elements', ['a', 'b,c'], ['a', 'b', 'c']],
  ['the same entry in two spellings', 'A,a,b', ['A', 'b']],
])('reads %s', (_, raw, list) => {
  expect(readAllowList(raw)).toEqual(list);
});

it('reads back what it wrote, whatever is in it, and Exchange takes it', () => {
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const list = readAllowList(entries);
      const text = writeAllowList(list);
      expect(readAllowList(text)).toEqual(list);
      expect(CMDLETS['Set-OrganizationConfig'].parameters.safeParse({ EwsAllowedAppIDs: text }).success).toBe(
        true,
      );
    }),
  );
});

it('adds and takes out one entry without losing, changing or reordering another', () => {
  fc.assert(
    fc.property(fc.array(entry), spelt, (entries, ours) => {
      const list = readAllowList(entries);
      const others = without(list, ours);
      const added = united(list, [ours]);
      expect(added.slice(0, list.length)).toEqual(list);
      expect(lists(added, ours.toUpperCase())).toBe(true);
      expect(without(added, ours.toUpperCase())).toEqual(others);
      expect(missingFrom(list, added)).toEqual([]);
    }),
  );
});

it('compares without regard to order and case', () => {
  fc.assert(
    fc.property(fc.uniqueArray(id, { minLength: 1 }), (ids) => {
      expect(sameList(ids, ids.map((one) => one.toUpperCase()).reverse())).toBe(true);
      expect(sameList(ids, ids.slice(1))).toBe(false);
    }),
  );
});

it('knows entries that are no ids', () => {
  expect(malformed(['1a2b3c4d-0000-4000-8000-1A2B3C4D5E6F', 'nonsense', '{guid}'])).toEqual([
    'nonsense',
    '{guid}',
  ]);
});
