import {
  dueOf,
  type JudgedEvidence,
  NO_EVIDENCE,
  phaseOf,
  planRun,
  type RotationEvent,
  type RotationPolicy,
  reduce,
  timelineOf,
} from '../../infra/rotation/index.js';
import { initialLedger, type Ledger, parseLedger } from '../../infra/rotation/ledger.js';

const POLICY: RotationPolicy = { lifetimeDays: 180, leadDays: 30, quietDays: 7, endpoints: ['one', 'two'] };
const DAY = 86_400_000;
const START = new Date('2026-01-01T00:00:00Z');
const day = (n: number) => new Date(START.getTime() + n * DAY);
const key = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Ledger after events; a refusal fails the test. */
function after(ledger: Ledger, ...events: readonly (readonly [number, RotationEvent])[]): Ledger {
  return events.reduce((before, [at, event]) => {
    const outcome = reduce(before, event, POLICY, day(at));
    if (outcome.refusal !== undefined) throw new Error(`${event.type}: ${JSON.stringify(outcome.refusal)}`);
    return outcome.ledger;
  }, ledger);
}

const refusalOf = (ledger: Ledger, event: RotationEvent, at: number, policy = POLICY) =>
  reduce(ledger, event, policy, day(at)).refusal?.code;

const FIRST = after(
  initialLedger({ now: START, lifetimeDays: 180 }),
  [0, { type: 'made', slot: 'a', generation: 1, keyId: key(1) }],
  [1, { type: 'confirm', how: 'hand', endpoints: [], by: 'ann' }],
);
const STAGING = after(FIRST, [150, { type: 'stage', by: 'ann' }]);
const STAGED = after(
  STAGING,
  [150, { type: 'made', slot: 'b', generation: 2, keyId: key(2) }],
  [150, { type: 'finish' }],
);
const SWITCHED = after(STAGED, [155, { type: 'confirm', how: 'hand', endpoints: [], by: 'ann' }]);

test('a rotation by hand goes round: stage, hand over, confirm, retire', () => {
  const partly = after(STAGED, [154, { type: 'confirm', how: 'hand', endpoints: ['one'], by: 'ann' }]);
  const retired = after(
    SWITCHED,
    [156, { type: 'retire', silence: { how: 'hand', by: 'ann' } }],
    [156, { type: 'finish' }],
  );
  expect([FIRST, STAGED, partly, SWITCHED, retired].map((ledger) => phaseOf(ledger, POLICY))).toEqual([
    'steady',
    'staged',
    'partlyConfirmed',
    'switched',
    'steady',
  ]);
  expect([STAGED.current, partly.current, SWITCHED.current]).toEqual(['a', 'a', 'b']);
  expect(retired.slots).toEqual({ b: { generation: 2, endDate: '2026-11-27T00:00:00Z', keyId: key(2) } });
  expect(parseLedger(JSON.parse(JSON.stringify(retired)))).toEqual(retired);
});

test('what was begun comes first: nothing else is done beside it, and an update that was cut off does not end it', () => {
  expect(refusalOf(STAGING, { type: 'confirm', how: 'hand', endpoints: [], by: 'ann' }, 150)).toBe('pending');
  expect(refusalOf(STAGING, { type: 'finish' }, 150)).toBe('notMade');
  expect(planRun(STAGING, POLICY, NO_EVIDENCE, day(151)).steps).toEqual([
    { kind: 'finish', pending: STAGING.pending },
  ]);
});

test('a scheduler stages when it is due, and not before', () => {
  expect(planRun(FIRST, POLICY, NO_EVIDENCE, day(149)).steps).toEqual([]);
  expect(planRun(FIRST, POLICY, NO_EVIDENCE, day(150)).steps).toEqual([
    { kind: 'update', event: { type: 'stage', by: 'rotation run' } },
  ]);
});

test('a scheduler never confirms or retires without evidence, nor with evidence that contradicts itself', () => {
  const seen: JudgedEvidence = {
    confirmed: ['one', 'two'].map((endpoint) => ({ endpoint, slot: 'b', generation: 2, seen: 'sign-in' })),
    silent: [{ secret: { slot: 'a', generation: 1 }, asOf: day(163), seen: 'silent' }],
    contradictions: [],
  };
  const unclear = { ...seen, contradictions: ['two logs differ'] };
  for (const ledger of [STAGED, SWITCHED]) {
    expect(planRun(ledger, POLICY, NO_EVIDENCE, day(170)).steps).toEqual([]);
    expect(planRun(ledger, POLICY, unclear, day(170)).steps).toEqual([]);
  }
  expect(planRun(STAGED, POLICY, seen, day(155)).steps.map(({ kind }) => kind)).toEqual(['write']);
  expect(planRun(SWITCHED, POLICY, seen, day(163)).steps).toEqual([
    { kind: 'update', event: { type: 'retire', silence: { how: 'seen', ...seen.silent[0] } } },
  ]);
});

test('what is due is said with the person who does it and the command', () => {
  const first = (ledger: Ledger, at: number) => dueOf(ledger, POLICY, day(at)).due[0];
  expect(first(FIRST, 100)).toBeUndefined();
  expect(dueOf(FIRST, POLICY, day(100)).upcoming).toMatchObject({ step: 'stage', since: day(150) });
  expect(first(STAGED, 151)).toMatchObject({ step: 'handOver', who: 'googleAdmin', before: day(180) });
  expect(first(SWITCHED, 161)).toBeUndefined();
  expect(first(SWITCHED, 162)).toMatchObject({ step: 'retire', who: 'operator' });
});

test('the timeline holds both secrets with their start, end and who holds them', () => {
  expect(timelineOf(SWITCHED, POLICY, day(160)).secrets).toEqual([
    expect.objectContaining({
      name: 'interop-b-g2',
      role: 'current',
      start: day(150),
      daysLeft: 170,
      ageDays: 10,
    }),
    expect.objectContaining({ name: 'interop-a-g1', role: 'old', end: day(180), confirmed: [] }),
  ]);
});
