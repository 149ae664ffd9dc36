/** What follows from what was seen of a hand-over, and what does not. */
import fc from 'fast-check';
import type { Endpoint } from '../../infra/endpoints/google-forms.js';
import { type RotationPolicy, reduce } from '../../infra/rotation/index.js';
import { type Ledger, parseLedger } from '../../infra/rotation/ledger.js';
import {
  type GoogleLog,
  type Judgement,
  judgeEvidence,
  type KeyUse,
  type Observations,
} from '../../infra/rotation-evidence/index.js';

const CLIENT = 'aaaaaaaa-0000-4000-8000-000000000000';
const OLD_KEY = 'aaaaaaaa-0000-4000-8000-00000000000a';
const NEW_KEY = 'aaaaaaaa-0000-4000-8000-00000000000b';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** When the new secret was begun; all times count from then. */
const BEGUN = Date.parse('2027-03-01T08:00:00Z');
const timeAt = (milliseconds: number) => new Date(BEGUN + milliseconds);
const text = (milliseconds: number) => `${timeAt(milliseconds).toISOString().slice(0, 19)}Z`;

const ONLINE: Endpoint = {
  name: 'online',
  type: 'microsoft365-graph',
  domains: ['contoso.com'],
  roleAccounts: ['interop@contoso.com'],
};
const BRANCH: Endpoint = {
  name: 'branch',
  type: 'microsoft365-graph',
  domains: ['branch.example'],
  roleAccounts: ['interop@branch.example'],
};

/** Our own proof is ten minutes after the start. */
const OWN_USE = 10 * 60_000;
const ledgerWith = (change: Partial<Record<keyof Ledger, unknown>> = {}) =>
  parseLedger({
    version: 1,
    revision: 5,
    slots: {
      a: { generation: 1, endDate: text(30 * DAY), keyId: OLD_KEY },
      b: { generation: 2, endDate: text(180 * DAY), keyId: NEW_KEY },
    },
    current: 'a',
    foreign: [],
    confirmed: {},
    log: [
      { at: text(0), event: 'stage', slot: 'b', generation: 2 },
      { at: text(OWN_USE), event: 'use', slot: 'b', generation: 2 },
    ],
    ...change,
  });

interface Seen {
  readonly uses?: readonly KeyUse[];
  readonly google?: Partial<GoogleLog>;
  readonly observations?: Partial<Observations>;
  readonly endpoints?: readonly Endpoint[];
  readonly ledger?: Ledger;
  readonly now?: Date;
}

function judge(seen: Seen): Judgement {
  return judgeEvidence({
    ledger: seen.ledger ?? ledgerWith(),
    clientId: CLIENT,
    endpoints: seen.endpoints ?? [ONLINE],
    observations: {
      signIns: { checked: true, value: seen.uses ?? [] },
      google: { checked: true, value: { forms: [], lookUps: [], ...seen.google } },
      ...seen.observations,
    },
    now: seen.now ?? timeAt(60 * DAY),
  });
}

const use = (keyId: string, at: number): KeyUse => ({ keyId, lastUse: timeAt(at) });
const saved = (at: number, roleAccount?: string) => ({ kind: 'saved', at: timeAt(at), roleAccount }) as const;
const MOVED = [use(OLD_KEY, DAY), use(NEW_KEY, 3 * DAY)];
const SAVED = { forms: [saved(DAY)] };

/** The ledger after a use of ours that was noted outside of it. */
const usedByUs = (slot: 'a' | 'b', at: number): Ledger => {
  const event = {
    type: 'use',
    slot,
    generation: slot === 'a' ? 1 : 2,
    usedAt: timeAt(at),
    note: 'verify',
  } as const;
  const policy: RotationPolicy = { lifetimeDays: 180, leadDays: 30, quietDays: 7, endpoints: ['online'] };
  const outcome = reduce(ledgerWith(), event, policy, timeAt(60 * DAY));
  if (outcome.refusal !== undefined) throw new Error(outcome.refusal.what);
  return outcome.ledger;
};

describe('a form that was saved', () => {
  test('has moved although we used the old secret since: no other form could hold it', () => {
    const seen = { uses: [use(OLD_KEY, 2 * DAY), use(NEW_KEY, 3 * DAY)], google: SAVED };
    expect(judge(seen).confirmed).toEqual([]);
    expect(judge({ ...seen, ledger: usedByUs('a', 2 * DAY) }).confirmed).toHaveLength(1);
    // Later than our own: somebody else's.
    expect(judge({ ...seen, ledger: usedByUs('a', 2 * DAY - HOUR) }).confirmed).toEqual([]);
  });

  test('has moved when the new secret signs in afterwards and the old one does not', () => {
    const judgement = judge({ uses: MOVED, google: SAVED });
    expect(judgement).toMatchObject({
      confirmed: [
        { endpoint: 'online', slot: 'b', generation: 2, seen: expect.stringContaining('form saved') },
      ],
      contradictions: [],
      why: [],
    });
  });

  test.each<[string, Seen, RegExp]>([
    [
      'sign-ins could not be read',
      { observations: { signIns: { checked: false, why: 'no right' } } },
      /no right/,
    ],
    [
      "Google's log could not be read",
      { observations: { google: { checked: false, why: 'not connected' } } },
      /not connected/,
    ],
    ['the new secret never signed in', { uses: [use(OLD_KEY, DAY)] }, /No sign-in with interop-b-g2/],
    ['nothing is reported at all', { uses: [] }, /No sign-in/],
    [
      'only we signed in with it',
      { uses: [use(OLD_KEY, -DAY), use(NEW_KEY, OWN_USE)] },
      /since our own last use/,
    ],
    [
      "our own use may be this one, by the clocks' difference",
      { uses: [use(OLD_KEY, -DAY), use(NEW_KEY, OWN_USE + 9 * 60_000)] },
      /own last use/,
    ],
    [
      'the sign-in may be that of verify, which the ledger was told of',
      { uses: MOVED, ledger: usedByUs('b', 3 * DAY) },
      /own last use/,
    ],
    [
      'we used the old secret ourselves, and one of two forms may hold it still',
      {
        uses: [use(OLD_KEY, 2 * DAY), use(NEW_KEY, 3 * DAY)],
        endpoints: [ONLINE, BRANCH],
        google: { forms: [saved(DAY, 'interop@contoso.com'), saved(DAY, 'interop@branch.example')] },
        ledger: usedByUs('a', 2 * DAY),
      },
      /does not show/,
    ],
    [
      'the old secret signed in later',
      { uses: [use(OLD_KEY, 2 * DAY), use(NEW_KEY, 3 * DAY)] },
      /does not show/,
    ],
    [
      'the report does not tell of the old secret',
      { uses: [use(NEW_KEY, 3 * DAY)] },
      /does not tell of interop-a-g1/,
    ],
    [
      'a secret that nobody knows signed in later',
      { uses: [...MOVED, use('cccccccc-0000-4000-8000-000000000000', 2 * DAY)] },
      /does not show/,
    ],
    [
      'the new secret signed in before the form was saved',
      { google: { forms: [saved(4 * DAY)] } },
      /does not show/,
    ],
    [
      'the form was saved before the new secret was begun',
      { google: { forms: [saved(-HOUR)] } },
      /does not show/,
    ],
    [
      'the form was saved for somebody else',
      { google: { forms: [saved(DAY, 'other@elsewhere.example')] } },
      /does not show/,
    ],
    [
      'the forms were wiped afterwards',
      { google: { forms: [saved(DAY), { kind: 'reset', at: timeAt(2 * DAY) }] } },
      /does not show/,
    ],
    ['nothing was saved', { google: { forms: [] } }, /does not show/],
    [
      'the ledger has forgotten when the secret was begun',
      { ledger: ledgerWith({ log: [] }) },
      /no longer tells/,
    ],
  ])('is not called moved when %s', (_, seen, why) => {
    const judgement = judge({ uses: MOVED, google: SAVED, ...seen });
    expect(judgement.confirmed).toEqual([]);
    expect(judgement.why.join('\n')).toMatch(why);
  });

  test('is one of several: they count together, by role account', () => {
    const endpoints = [ONLINE, BRANCH];
    const forms = [saved(HOUR, 'Interop@Contoso.com'), saved(DAY, 'interop@branch.example')];
    const both = judge({ endpoints, uses: MOVED, google: { forms } });
    expect(both.confirmed.map(({ endpoint }) => endpoint)).toEqual(['online', 'branch']);
    const one = judge({ endpoints, uses: MOVED, google: { forms: forms.slice(0, 1) } });
    expect(one.confirmed).toEqual([]);
    const nameless = judge({ endpoints, uses: MOVED, google: { forms: [saved(DAY), saved(DAY)] } });
    expect(nameless.confirmed).toEqual([]);
  });

  test('of the Legacy EWS type stands for one domain only', () => {
    const ews: Endpoint = {
      name: 'ews',
      type: 'microsoft365-ews',
      domains: ['contoso.com', 'branch.example'],
      roleAccounts: [...ONLINE.roleAccounts, ...BRANCH.roleAccounts],
    };
    const forms = [saved(HOUR, 'interop@contoso.com'), saved(DAY, 'interop@branch.example')];
    expect(judge({ endpoints: [ews], uses: MOVED, google: { forms } }).confirmed).toHaveLength(1);
    expect(judge({ endpoints: [ews], uses: MOVED, google: { forms: forms.slice(1) } }).confirmed).toEqual([]);
  });
});

describe('a look-up that succeeded', () => {
  const lookUp = (at: number, calendar = 'somebody@contoso.com', successful = true) => ({
    at: timeAt(at),
    successful,
    calendar,
  });

  test('tells that the form has moved, when no token of the old secret was left', () => {
    const endpoints = [ONLINE, BRANCH];
    const uses = [use(OLD_KEY, DAY), use(NEW_KEY, 6 * DAY)];
    const { confirmed } = judge({ endpoints, uses, google: { lookUps: [lookUp(5 * DAY)] } });
    expect(confirmed).toMatchObject([{ endpoint: 'online', seen: expect.stringContaining('look-up') }]);
  });

  test.each([
    ['a token of the old one may have served it', lookUp(DAY + 20 * HOUR)],
    ['it failed', lookUp(5 * DAY, 'somebody@contoso.com', false)],
    ['it was for nobody here', lookUp(5 * DAY, 'somebody@elsewhere.example')],
    ['the report does not reach as far', lookUp(7 * DAY)],
  ])('tells nothing when %s', (_, event) => {
    const uses = [use(OLD_KEY, DAY), use(NEW_KEY, 6 * DAY)];
    expect(judge({ uses, google: { lookUps: [event] } }).confirmed).toEqual([]);
  });
});

describe('silence', () => {
  test('reaches as far as the report does', () => {
    expect(judge({ uses: [use(OLD_KEY, DAY), use(NEW_KEY, 9 * DAY)] }).silent).toMatchObject([
      { secret: { slot: 'a', generation: 1 }, lastUse: timeAt(DAY), asOf: timeAt(9 * DAY) },
    ]);
  });

  test('of a foreign secret is told by its key', () => {
    const foreign = { keyId: OLD_KEY, endDate: text(30 * DAY) };
    const { slots } = ledgerWith();
    const ledger = ledgerWith({ slots: { b: slots.b }, current: 'b', foreign: [foreign] });
    expect(judge({ ledger, uses: MOVED }).silent).toMatchObject([{ secret: { keyId: OLD_KEY } }]);
  });

  test('is not what an empty report tells', () => {
    expect(judge({ uses: [] }).silent).toEqual([]);
    expect(judge({ uses: [use(NEW_KEY, 9 * DAY)] }).silent).toEqual([]);
  });
});

test.each<[string, Seen, RegExp]>([
  [
    'a use before the secret was made',
    { uses: [...MOVED, { ...use(NEW_KEY, DAY), madeAt: timeAt(2 * DAY) }] },
    /before it was made/,
  ],
  ['a use that has not come yet', { uses: [...MOVED, use(OLD_KEY, 70 * DAY)] }, /not come yet/],
  ['a use after the end', { uses: [use(OLD_KEY, 40 * DAY), use(NEW_KEY, 50 * DAY)] }, /after it had ended/],
  [
    'a key of another application',
    { uses: [...MOVED, { ...use(NEW_KEY, DAY), appId: OLD_KEY }] },
    /another application/,
  ],
  [
    "an event of Google's that has not come yet",
    { google: { forms: [saved(DAY), saved(70 * DAY)] } },
    /not come yet/,
  ],
])('%s is a contradiction: nothing is confirmed, nothing is silent', (_, seen, text) => {
  const judgement = judge({ uses: MOVED, google: SAVED, ...seen });
  expect(judgement).toMatchObject({ confirmed: [], silent: [] });
  expect(judgement.contradictions.join('\n')).toMatch(text);
});

// ---- worlds in which the truth is known

/** Days after the new secret was begun; Google pastes it at `pasted`, or never, and signs in with what it holds. */
interface World {
  readonly pasted: number | undefined;
  readonly signIns: readonly number[];
  /** Saves of the form that change something else. */
  readonly otherSaves: readonly number[];
  readonly lookUps: readonly number[];
  readonly now: number;
  /** How late the report is, by key. */
  readonly late: { readonly old: number; readonly new: number };
  /** What gets lost on the way. */
  readonly lost: { readonly old: boolean; readonly new: boolean; readonly google: boolean };
}

const moment = fc.double({ min: 0.1, max: 40, noNaN: true });
const moments = fc.array(moment, { maxLength: 12 });
const lateness = fc.double({ min: 0, max: 40, noNaN: true });
const worlds: fc.Arbitrary<World> = fc.record({
  pasted: fc.option(moment, { nil: undefined }),
  signIns: moments,
  otherSaves: fc.array(moment, { maxLength: 3 }),
  lookUps: moments,
  now: fc.double({ min: 0.1, max: 60, noNaN: true }),
  late: fc.record({ old: lateness, new: lateness }),
  lost: fc.record({ old: fc.boolean(), new: fc.boolean(), google: fc.boolean() }),
});

function observe(world: World): { readonly uses: readonly KeyUse[]; readonly google: Partial<GoogleLog> } {
  const { pasted = Number.POSITIVE_INFINITY, signIns, late, lost, now } = world;
  const last = (times: readonly number[], until: number) =>
    Math.max(...times.filter((time) => time <= until), Number.NEGATIVE_INFINITY);
  const old = last([-1, ...signIns.filter((time) => time < pasted)], now - late.old);
  const fresh = last([OWN_USE / DAY, ...signIns.filter((time) => time >= pasted)], now - late.new);
  const row = (key: string, at: number, isLost: boolean) =>
    isLost || at === Number.NEGATIVE_INFINITY ? [] : [use(key, at * DAY)];
  const logged = (times: readonly number[]) => (lost.google ? [] : times.filter((time) => time <= now));
  return {
    uses: [...row(OLD_KEY, old, lost.old), ...row(NEW_KEY, fresh, lost.new)],
    google: {
      forms: logged([pasted, ...world.otherSaves].sort((one, other) => one - other)).map((at) =>
        saved(at * DAY),
      ),
      lookUps: logged(world.lookUps).map((at) => ({
        at: timeAt(at * DAY),
        successful: true,
        calendar: 'x@contoso.com',
      })),
    },
  };
}

const seenOf = (world: World): Seen => ({ ...observe(world), now: timeAt(world.now * DAY) });

test('however late and incomplete the logs are, Google holds what it is said to hold', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      if (judge(seenOf(world)).confirmed.length > 0)
        expect(world.pasted ?? Infinity).toBeLessThanOrEqual(world.now);
    }),
    { numRuns: 3_000 },
  );
});

const POLICY: RotationPolicy = { lifetimeDays: 180, leadDays: 30, quietDays: 7, endpoints: ['online'] };

test('a retirement that evidence leads to never takes a secret that Google still signs in with', () => {
  let retired = 0;
  fc.assert(
    fc.property(worlds, (world) => {
      const { confirmed, silent } = judge(seenOf(world));
      const [silence] = silent;
      if (confirmed.length === 0 || silence === undefined) return;
      const now = timeAt(world.now * DAY);
      const moved = reduce(ledgerWith(), { type: 'confirm', how: 'seen', seen: confirmed }, POLICY, now);
      if (moved.refusal !== undefined) throw new Error(moved.refusal.what);
      // As if it had been confirmed as early as can be.
      const ledger = {
        ...moved.ledger,
        confirmed: { online: { slot: 'b', generation: 2, at: text(0), how: 'seen' } },
      } as const;
      const outcome = reduce(ledger, { type: 'retire', silence: { how: 'seen', ...silence } }, POLICY, now);
      if (outcome.refusal !== undefined) return;
      retired += 1;
      expect(world.pasted ?? Infinity).toBeLessThanOrEqual(world.now);
    }),
    { numRuns: 5_000 },
  );
  expect(retired).toBeGreaterThan(0);
});

test('less that is seen never proves more', () => {
  fc.assert(
    fc.property(worlds, fc.nat(), (world, which) => {
      const seen = observe(world);
      const now = timeAt(world.now * DAY);
      const all = judge({ ...seen, now });
      const { forms = [], lookUps = [] } = seen.google;
      const without = <T>(list: readonly T[]) =>
        list.filter((_, index) => index !== which % (list.length + 1));
      for (const less of [
        { ...seen, uses: without(seen.uses) },
        // A save that is not told of hides at most that a form was changed once more: it is left out here.
        { ...seen, google: { forms: [], lookUps } },
        { ...seen, google: { forms, lookUps: without(lookUps) } },
        { ...seen, observations: { google: { checked: false, why: 'gone' } } as const },
        { ...seen, observations: { signIns: { checked: false, why: 'gone' } } as const },
      ]) {
        const judgement = judge({ ...less, now });
        expect(judgement.confirmed.length).toBeLessThanOrEqual(all.confirmed.length);
        expect(judgement.silent.length).toBeLessThanOrEqual(all.silent.length);
      }
    }),
    { numRuns: 1_000 },
  );
});
