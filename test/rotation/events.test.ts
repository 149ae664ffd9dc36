/** What single events must and must not do, where a wrong turn would cost an outage later. */
import {
  descendsFrom,
  dueOf,
  intendedSecrets,
  lastOwnUse,
  NO_EVIDENCE,
  planRun,
  type RotationEvent,
  type RotationPolicy,
  reduce,
  refusalError,
  rotationPolicy,
} from '../../infra/rotation/index.js';
import { formatInstant, initialLedger, type Ledger } from '../../infra/rotation/ledger.js';

const POLICY: RotationPolicy = { lifetimeDays: 180, leadDays: 30, quietDays: 7, endpoints: ['one', 'two'] };
const START = new Date('2026-01-01T00:00:00Z');
const day = (n: number) => new Date(START.getTime() + n * 86_400_000);
const key = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const made = (slot: 'a' | 'b', generation: number, id = generation): RotationEvent => ({
  type: 'made',
  slot,
  generation,
  keyId: key(id),
});
const FINISH: RotationEvent = { type: 'finish' };
const CONFIRM: RotationEvent = { type: 'confirm', how: 'hand', endpoints: [], by: 'ann' };
const revoke = (slot: 'a' | 'b', deadline?: number): RotationEvent => ({
  type: 'revoke',
  secret: { slot },
  when: deadline === undefined ? 'now' : { deadline: day(deadline) },
  by: 'ann',
});

function after(ledger: Ledger, at: number, ...events: readonly RotationEvent[]): Ledger {
  return events.reduce((before, event) => {
    const outcome = reduce(before, event, POLICY, day(at));
    if (outcome.refusal !== undefined) throw new Error(`${event.type}: ${outcome.refusal.code}`);
    return outcome.ledger;
  }, ledger);
}

const code = (ledger: Ledger, at: number, event: RotationEvent, policy = POLICY) =>
  reduce(ledger, event, policy, day(at)).refusal?.code;

const STEADY = after(initialLedger({ now: START, lifetimeDays: 180 }), 1, made('a', 1), CONFIRM);
const STAGED = after(STEADY, 150, { type: 'stage' }, made('b', 2), FINISH);

test('a generation that was revoked never comes again', () => {
  const revoked = after(STAGED, 151, revoke('b'), FINISH);
  expect(after(revoked, 152, { type: 'stage' }).slots.b?.generation).toBe(3);
});

test('a secret under way to its end is still looked for among half-made keys', () => {
  const taken = after(STEADY, 150, { type: 'stage' }, revoke('b'));
  expect(intendedSecrets(taken)).toEqual([
    { slot: 'a', generation: 1 },
    { slot: 'b', generation: 2 },
  ]);
});

test('a secret that was made anew is held by no endpoint', () => {
  expect(after(STEADY, 20, made('a', 1, 9)).confirmed).toEqual({});
});

test('an endpoint that turns out to hold the old secret makes it the current one again', () => {
  const switched = after(STAGED, 155, CONFIRM);
  const back = after(switched, 156, {
    type: 'confirm',
    how: 'hand',
    endpoints: ['two'],
    slot: 'a',
    by: 'ann',
  });
  expect([switched.current, back.current]).toEqual(['b', 'a']);
  expect(code(back, 156, { type: 'retire', silence: { how: 'hand', by: 'ann' } })).toBe('notConfirmed');
});

test('a third secret is not adopted', () => {
  expect(code(STAGED, 151, { type: 'adopt', keyId: key(7), endDate: day(400) })).toBe('noRoom');
});

test('a foreign secret that Google may use is removed by force only', () => {
  const fresh = after(initialLedger({ now: START, lifetimeDays: 180 }), 0, made('a', 1));
  const remove: RotationEvent = { type: 'remove', keyId: key(7), by: 'ann' };
  expect(code(fresh, 1, remove)).toBe('mayBeInUse');
  expect(code(fresh, 1, { ...remove, force: true })).toBeUndefined();
  expect(code(STEADY, 2, { ...remove, lastUse: day(2) })).toBe('mayBeInUse');
  expect(code(STEADY, 2, { ...remove, lastUse: day(0) })).toBeUndefined();
});

test('a restored ledger leaps over revisions that never ran, and an older or another one is restored, not a newer', () => {
  const restored = after(STEADY, 151, { type: 'restore', from: STAGED });
  expect(restored.revision).toBeGreaterThan(STAGED.revision + 100);
  expect(restored.slots).toEqual(STAGED.slots);
  expect(code(STAGED, 151, { type: 'restore', from: STEADY })).toBe('notOlder');
  expect(after(STAGED, 151, { type: 'restore', from: STAGED, lost: true }).revision).toBe(restored.revision);
  // The state may not have been told of it: the same call again is no mistake.
  expect(after(restored, 152, { type: 'restore', from: STAGED })).toEqual(restored);
});

test('a ledger of a higher revision that was not made from the state’s gives way to it', () => {
  const elsewhere = after(STEADY, 150, { type: 'stage', by: 'bob' }, made('b', 2), FINISH, CONFIRM);
  expect(elsewhere.revision).toBeGreaterThan(STAGED.revision);
  const restored = after(elsewhere, 151, { type: 'restore', from: STAGED });
  expect(restored.revision).toBeGreaterThan(elsewhere.revision);
  expect([descendsFrom(STAGED, restored), descendsFrom(elsewhere, restored)]).toEqual([true, false]);
});

test('with a wrong clock nothing is staged; Entra’s time decides where it is known', () => {
  expect(code(STEADY, 100, { type: 'stage', entraTime: day(150) })).toBe('clockWrong');
  expect(code(STAGED, 149, { type: 'stage' })).toBe('staged');
  expect(code(STEADY, 0.5, { type: 'stage' })).toBe('clockBehind');
  expect(code(STEADY, 0.5, { type: 'stage', entraTime: day(0.5) })).toBeUndefined();
});

test('a clock that was ahead does not hide the hand-over', () => {
  const ahead = after(STEADY, 550, { type: 'stage' }, made('b', 2), FINISH);
  const half = after(ahead, 151, { type: 'confirm', how: 'hand', endpoints: ['one'], by: 'ann' });
  expect(dueOf(half, POLICY, day(152)).due.map(({ step }) => step)).toContain('handOver');
});

test('the tenant’s policy is named with the longest life it allows; a revoke takes that life', () => {
  const strict = { ...POLICY, longestLifeDays: 90 };
  const outcome = reduce(STEADY, { type: 'stage' }, strict, day(150));
  expect(outcome.refusal).toMatchObject({ code: 'lifeTooLong', allowed: expect.stringContaining('90') });
  expect(code(STEADY, 150, { type: 'stage' }, { ...POLICY, longestLifeDays: 0 })).toBe('secretsForbidden');
  const revoked = reduce(STEADY, revoke('a'), strict, day(150));
  expect('ledger' in revoked && revoked.ledger.slots.b?.endDate).toBe('2026-08-29T00:00:00Z');
});

test('a revoke with a deadline stages, waits for the switch, and does not wait beyond the deadline', () => {
  const asked = after(STEADY, 20, revoke('a', 30), made('b', 2), FINISH);
  const steps = (ledger: Ledger, at: number) => planRun(ledger, POLICY, NO_EVIDENCE, day(at)).steps;
  expect(steps(asked, 29)).toEqual([]);
  expect(steps(asked, 30)).toEqual([
    expect.objectContaining({ event: expect.objectContaining({ type: 'revoke' }) }),
  ]);
  expect(steps(after(asked, 25, CONFIRM), 25)).toHaveLength(1);
  expect(code(STEADY, 20, revoke('a', 19))).toBe('deadlinePast');
});

test('a refusal becomes an error with the stack in its next commands', () => {
  const { refusal } = reduce(STEADY, { type: 'retire', silence: { how: 'hand', by: 'ann' } }, POLICY, day(2));
  if (refusal === undefined) throw new Error('it was not refused');
  expect(refusalError(refusal, 'prod')).toMatchObject({
    kind: 'policy',
    next: expect.arrayContaining(['calendar-interop rotation status --stack prod']),
  });
});

test('endpoints on premises hold no secret: they are not waited for', () => {
  const secret = { lifetimeDays: 180, leadDays: 30, quietDays: 7 };
  const endpoints = [
    { name: 'online', type: 'microsoft365-graph' },
    { name: 'old', type: 'onPremises' },
  ];
  expect(rotationPolicy({ secret, endpoints }).endpoints).toEqual(['online']);
});

const toldUse = (at: number, generation = 2): RotationEvent => ({
  type: 'use',
  slot: 'b',
  generation,
  usedAt: day(at),
  note: 'verify',
});

test('a use of ours that is told later takes its place in time, and the last entry stays the last', () => {
  const switched = after(STAGED, 155, CONFIRM);
  const told = after(switched, 160, toldUse(152));
  expect(told.log.slice(-3).map(({ event, at }) => [event, at])).toEqual([
    ['stage', formatInstant(day(150))],
    ['use', formatInstant(day(152))],
    ['confirm', formatInstant(day(155))],
  ]);
  expect(told.revision).toBe(switched.revision + 1);
});

test('a use of ours counts once, and only the last of several', () => {
  const told = after(STAGED, 160, toldUse(152));
  expect(after(told, 161, toldUse(152))).toBe(told);
  expect(after(told, 161, toldUse(151))).toBe(told);
  expect(after(told, 161, toldUse(155)).log.filter(({ event }) => event === 'use')).toHaveLength(1);
});

test('a use of ours lies not in the future, whatever clock it was told by', () => {
  expect(lastOwnUse(after(STAGED, 160, toldUse(200)), { slot: 'b', generation: 2 })).toBe(
    formatInstant(day(160)),
  );
  expect(code(STAGED, 160, { type: 'use', slot: 'b', usedAt: new Date(Number.NaN) })).toBe('badTime');
});

test('a use of a secret that is gone is refused', () => {
  expect(code(STAGED, 160, toldUse(152, 1))).toBe('emptySlot');
});
