/**
 * Three years of daily runs of the rotation: for each of many seeds on a fake Entra that really holds secrets with their ends, for a
 * few on the real engine and an emulated tenant, at whose token endpoint a simulated Google uses what was pasted
 * (rotation-simulation.ts).
 */
import { planRun, type RotationPolicy, type RunPlan } from '../../infra/rotation/index.js';
import { initialLedger } from '../../infra/rotation/ledger.js';
import { oldSecret } from '../../infra/rotation/secrets.js';
import { atMost, type BenchReport, type Figure, informs } from './figures.js';
import { dice, type SimulationResult, simulate } from './rotation-simulation.js';
import { FakeWorld } from './rotation-world.js';
import type { StackWorldCounts } from './stack-world.js';
import { atLeast } from './visibility-tenant.js';

const SEEDS = 1_000;
const DAYS = 3 * 365;
const START = Date.parse('2026-01-01T00:00:00Z');
/** Seeds with which a wrong decision is tried. */
const SELF_CHECK_SEEDS = 20;

/** Seeds on the real engine. */
const ENGINE_SEEDS = 3;
/** A secret's life there, as Entra's portal proposes it. */
const ENGINE_LIFETIME_DAYS = 180;
/** Few days have work, so more of what is done is cut off than on the fake engine. */
const ENGINE_CRASHES = 0.4;
/** How long the wrong decision is tried there, with secrets that live for so many days: its first new secret shows it. */
const ENGINE_SELF_CHECK = { days: 40, lifetimeDays: 60 };

export async function benchRotation(): Promise<BenchReport> {
  return { name: 'rotation', figures: [...(await onFakeEngine()), ...(await onRealEngine())] };
}

async function onFakeEngine(): Promise<readonly Figure[]> {
  const started = performance.now();
  const all = await years(SEEDS, planRun);
  const seconds = (performance.now() - started) / 1000;
  const broken = await years(SELF_CHECK_SEEDS, retireAtOnce);
  return [
    atMost(
      `outage in ${DAYS} days of ${SEEDS} seeds, demanded revokes apart`,
      sum(all, 'outageSeconds'),
      0,
      's',
    ),
    atLeast(
      'the same of a decision that retires at once: the measure can fail',
      sum(broken, 'outageSeconds'),
      1,
      's',
    ),
    atMost('time for it', seconds, 120, 's'),
    informs('outage that a person demanded', sum(all, 'demandedSeconds') / 3600, 'h'),
    informs('runs', sum(all, 'runs'), ''),
    informs('secrets staged by the scheduler or a person', sum(all, 'rotations'), ''),
    informs('commands cut off', sum(all, 'cutOff'), ''),
    informs('wrong clocks', sum(all, 'wrongClocks'), ''),
    informs('runs in old checkouts', sum(all, 'staleCheckouts'), ''),
    informs('updates of them that were refused', sum(all, 'staleRefused'), ''),
    informs('ledgers lost', sum(all, 'lostLedgers'), ''),
    informs('revokes', sum(all, 'revokes'), ''),
    informs('events refused', sum(all, 'refused'), ''),
  ];
}

function sum(results: readonly SimulationResult[], what: keyof SimulationResult): number {
  return results.reduce((total, result) => total + result[what], 0);
}

async function onRealEngine(): Promise<readonly Figure[]> {
  const started = performance.now();
  const all: StackYears[] = [];
  for (let seed = 1; seed <= ENGINE_SEEDS; seed += 1) all.push(await yearsOfStack({ seed }));
  const seconds = (performance.now() - started) / 1000;
  const wrong = await yearsOfStack({ seed: 1, ...ENGINE_SELF_CHECK, plan: retireAtOnce });
  const results = all.map(({ result }) => result);
  const count = (what: Exclude<keyof StackWorldCounts, 'failures'>) =>
    all.reduce((total, { counts }) => total + counts[what], 0);
  const failures = all.flatMap(({ counts }) => counts.failures);
  const where = 'real engine and tenant:';
  return [
    atMost(
      `${where} outage in ${DAYS} days of ${ENGINE_SEEDS} seeds, demanded revokes apart`,
      sum(results, 'outageSeconds'),
      0,
      's',
    ),
    atLeast(`${where} the same of a decision that retires at once`, wrong.result.outageSeconds, 1, 's'),
    atMost(
      `${where} engine starts on ${count('idleRuns')} days on which nothing was due`,
      count('enginesOfIdleRuns'),
      0,
      '',
    ),
    informs(`${where} engine starts of ${sum(results, 'runs')} daily runs`, count('enginesOfRuns'), ''),
    informs(`${where} engine starts of all commands`, count('engines'), ''),
    informs(`${where} time for it`, seconds, 's'),
    informs(`${where} outage that a person demanded`, sum(results, 'demandedSeconds') / 3600, 'h'),
    informs(`${where} sign-ins of Google`, count('signIns'), ''),
    informs(`${where} secrets staged by the scheduler or a person`, sum(results, 'rotations'), ''),
    informs(`${where} commands killed`, count('killed'), ''),
    informs(`${where} commands that failed${listed(failures)}`, failures.length, ''),
    informs(`${where} wrong clocks`, sum(results, 'wrongClocks'), ''),
    informs(`${where} runs in old checkouts`, sum(results, 'staleCheckouts'), ''),
    informs(`${where} updates of them that were refused`, sum(results, 'staleRefused'), ''),
    informs(`${where} ledgers lost`, sum(results, 'lostLedgers'), ''),
    informs(`${where} revokes`, sum(results, 'revokes'), ''),
  ];
}

function listed(failures: readonly string[]): string {
  return failures.length === 0 ? '' : ` (${[...new Set(failures)].join('; ')})`;
}

export interface StackYears {
  readonly result: SimulationResult;
  readonly counts: StackWorldCounts;
}

/**
 * The years of one seed on the real engine.
 *
 * @param plan a wrong decision, carried out step by step; without it the command `rotation run` decides
 */
export async function yearsOfStack(options: {
  readonly seed: number;
  readonly days?: number;
  readonly lifetimeDays?: number;
  readonly plan?: typeof planRun;
}): Promise<StackYears> {
  const { seed, days = DAYS, lifetimeDays = ENGINE_LIFETIME_DAYS, plan } = options;
  const { StackWorld } = await import('./stack-world.js');
  const policy: RotationPolicy = { lifetimeDays, leadDays: 30, quietDays: 7, endpoints: ['one', 'two'] };
  // The machine's certificates and the engine's files are of today: the years begin now.
  const start = Math.floor(Date.now() / 1000) * 1000;
  const world = await StackWorld.start({ seed, policy, start });
  try {
    const decision = plan === undefined ? { plan: planRun, byCommand: true } : { plan };
    const result = await simulate(world, { seed, start, days, crashes: ENGINE_CRASHES, ...decision });
    return { result, counts: world.counts };
  } finally {
    await world.dispose();
  }
}

/** The years of seeds 1 and up with a decision. */
export async function years(seeds: number, plan: typeof planRun, days = DAYS): Promise<SimulationResult[]> {
  const results: SimulationResult[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const roll = dice(~seed);
    const policy: RotationPolicy = {
      lifetimeDays: 90 + Math.floor(roll() * 300),
      leadDays: 30,
      quietDays: 7,
      endpoints: ['one', 'two', 'three'].slice(0, 1 + Math.floor(roll() * 3)),
    };
    const first = initialLedger({ now: new Date(START), lifetimeDays: policy.lifetimeDays });
    const world = new FakeWorld(policy, first, START, roll() * 30 * 60_000);
    results.push(await simulate(world, { seed, start: START, days, plan }));
  }
  return results;
}

/** A wrong decision: the old secret goes as soon as there is a new one, as Pulumi's own replacement would have it. */
export const retireAtOnce: typeof planRun = (ledger, policy, evidence, now): RunPlan => {
  const plan = planRun(ledger, policy, evidence, now);
  const old = oldSecret(ledger);
  if (old === undefined || ledger.pending !== undefined) return plan;
  return {
    ...plan,
    steps: [{ kind: 'update', event: { type: 'revoke', secret: old, when: 'now', by: 'nobody' } }],
  };
};
