import fc from 'fast-check';
import { InteropError } from '../../infra/errors.js';
import type { GoogleUser } from '../../infra/google/index.js';
import { AddressTable } from '../../infra/preflight/address-table.js';
import type { Check } from '../../infra/preflight/index.js';
import { type PeopleSources, peopleChecks, sweepPeople } from '../../infra/preflight/people.js';

async function* stream<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

test('a table remembers the marks of every address, as a map would', () => {
  const address = fc
    .tuple(fc.nat({ max: 4_000 }), fc.boolean())
    .map(([n, upper]) => (upper ? `U${n}@X.com` : `u${n}@x.com`));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(address, fc.integer({ min: 1, max: 255 })), { maxLength: 3_000 }),
      (entries) => {
        const table = new AddressTable();
        const model = new Map<string, number>();
        for (const [one, marks] of entries) {
          table.mark(one, marks);
          model.set(one.toLowerCase(), (model.get(one.toLowerCase()) ?? 0) | marks);
        }
        expect(table.size).toBe(model.size);
        for (const [one, marks] of model) expect(table.marksOf(one)).toBe(marks);
        expect(table.marksOf('nobody@x.com')).toBe(0);
      },
    ),
    { numRuns: 30 },
  );
});

const user = (address: string, more: Partial<GoogleUser> = {}): GoogleUser => ({
  address,
  aliases: [],
  orgUnit: '/off',
  suspended: false,
  ...more,
});

function sources(change: {
  users?: readonly GoogleUser[];
  unmanaged?: readonly string[];
  mailboxes?: readonly string[];
  people?: readonly string[];
  groups?: number;
}): PeopleSources {
  return {
    domains: ['contoso.com'],
    google: {
      value: {
        from: 'interfaces',
        users: stream(change.users ?? []),
        unmanaged: stream(change.unmanaged ?? []),
        calendar: {
          units: new Map([
            ['/', true],
            ['/off', false],
          ]),
          groups: change.groups ?? 0,
        },
      },
    },
    mailboxes: stream(change.mailboxes ?? []),
    directory: stream((change.people ?? []).map((address) => ({ address }))),
  };
}

const checked = async (made: PeopleSources) => peopleChecks(await sweepPeople(made));
const stateById = (checks: readonly Check[]) =>
  Object.fromEntries(checks.map(({ id, state }) => [id, state]));

const FINE = { 'people.mailbox': 'ok', 'people.unmanaged': 'ok', 'people.calendar': 'ok' };

test.each([
  ['nobody at all', {}, FINE],
  ['an account without Calendar', { users: [user('a@contoso.com')], mailboxes: ['A@contoso.com'] }, FINE],
  [
    'Calendar on by inheritance',
    { users: [user('a@contoso.com', { orgUnit: '/x/y' })], mailboxes: ['A@contoso.com'] },
    { ...FINE, 'people.calendar': 'fault' },
  ],
  [
    'an alias of somebody with Calendar',
    { users: [user('b@g.com', { orgUnit: '/', aliases: ['a@contoso.com'] })], mailboxes: ['a@contoso.com'] },
    { ...FINE, 'people.calendar': 'fault' },
  ],
  ['Calendar on without a mailbox', { users: [user('a@contoso.com', { orgUnit: '/' })] }, FINE],
  [
    'a suspended account',
    { users: [user('a@contoso.com', { suspended: true })], mailboxes: ['a@contoso.com'] },
    { ...FINE, 'people.calendar': 'notChecked' },
  ],
  [
    'an account that a group may govern',
    { users: [user('a@contoso.com')], mailboxes: ['a@contoso.com'], groups: 1 },
    { ...FINE, 'people.calendar': 'notChecked' },
  ],
  [
    'an unmanaged account',
    { unmanaged: ['a@contoso.com'], mailboxes: ['a@contoso.com'] },
    { ...FINE, 'people.unmanaged': 'fault' },
  ],
  [
    'somebody without a mailbox',
    { people: ['a@contoso.com', 'b@contoso.com'], mailboxes: ['a@contoso.com'] },
    { ...FINE, 'people.mailbox': 'fault' },
  ],
  [
    'people of other domains',
    { people: ['a@other.com'], users: [user('m@other.com', { orgUnit: '/' })], mailboxes: ['m@other.com'] },
    FINE,
  ],
] as const)('%s', async (_, change, expected) => {
  expect(stateById(await checked(sources(change)))).toEqual(expected);
});

test('of many only some are named, and all are counted', async () => {
  const many = Array.from({ length: 25 }, (_, n) => `p${n}@contoso.com`);
  const [check] = await checked(sources({ people: many }));
  expect(check?.found).toMatch(/^25: p0@contoso\.com, .*p9@contoso\.com and 15 more$/);
});

test('a list that breaks off makes nobody look fine', async () => {
  async function* broken(): AsyncGenerator<string> {
    yield 'a@contoso.com';
    throw new Error('cut off');
  }
  await expect(sweepPeople({ ...sources({}), mailboxes: broken() })).rejects.toThrow('cut off');
});

describe('where one side fails, the others are looked at', () => {
  const refusal = (kind: 'authentication' | 'cancelled') =>
    new InteropError({ kind, summary: 'it was refused', next: ['ask for the right'] });
  /** Somebody, then a failure. */
  async function* breaking<T>(first: T, error: Error): AsyncGenerator<T> {
    yield first;
    throw error;
  }
  const MAILBOX = { mailboxes: ['a@contoso.com'], people: ['a@contoso.com', 'b@contoso.com'] };
  const on = user('a@contoso.com', { orgUnit: '/' });
  const withoutGoogle = {
    'people.mailbox': 'fault',
    'people.unmanaged': 'notChecked',
    'people.calendar': 'notChecked',
  };

  test('Google, from the start and in the middle of its accounts', async () => {
    const made = sources({ ...MAILBOX, users: [on] });
    const { google } = made;
    if ('failed' in google || google.value?.from !== 'interfaces') throw new Error('there is a source');
    const broken = { ...google.value, users: breaking(on, refusal('authentication')) };
    const failed = { found: 'it was refused', next: 'ask for the right' };
    for (const side of [{ failed }, { value: broken }]) {
      const checks = await checked({ ...sources(MAILBOX), google: side });
      expect(stateById(checks)).toEqual(withoutGoogle);
      for (const check of checks.slice(1)) expect(check).toMatchObject(failed);
    }
  });

  test('Entra', async () => {
    const people = breaking({ address: 'b@contoso.com' }, refusal('authentication'));
    const checks = await checked({ ...sources({ ...MAILBOX, users: [on] }), directory: people });
    expect(stateById(checks)).toEqual({
      'people.mailbox': 'notChecked',
      'people.unmanaged': 'ok',
      'people.calendar': 'fault',
    });
    expect(checks[0]?.found).toBe('it was refused');
  });

  test('but what is called off ends', async () => {
    const people = breaking({ address: 'b@contoso.com' }, refusal('cancelled'));
    await expect(sweepPeople({ ...sources({}), directory: people })).rejects.toMatchObject({
      kind: 'cancelled',
    });
  });
});
