/**
 * Three years of daily runs of the rotation for each of many seeds, on a fake Entra that really holds secrets with their ends and a
 * Google that holds what was pasted (rotation-simulation.ts).
 */
import { planRun, type RotationPolicy, type RunPlan } from '../../infra/rotation/index.js';
import { initialLedger } from '../../infra/rotation/ledger.js';
import { oldSecret } from '../../infra/rotation/secrets.js';
import { atMost, type BenchReport, informs } from './figures.js';
import { dice, type SimulationResult, simulate } from './rotation-simulation.js';
import { FakeWorld } from './rotation-world.js';
import { atLeast } from './visibility-tenant.js';

const SEEDS = 1_000;
const DAYS = 3 * 365;
const START = Date.parse('2026-01-01T00:00:00Z');
/** Seeds with which a wrong decision is tried. */
const SELF_CHECK_SEEDS = 20;

export async function benchRotation(): Promise<BenchReport> {
  const started = performance.now();
  const all = await years(SEEDS, planRun);
  const seconds = (performance.now() - started) / 1000;
  const broken = await years(SELF_CHECK_SEEDS, retireAtOnce);
  const sum = (results: readonly SimulationResult[], what: keyof SimulationResult) =>
    results.reduce((total, result) => total + result[what], 0);
  return {
    name: 'rotation',
    figures: [
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
    ],
  };
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
