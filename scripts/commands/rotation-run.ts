/** `rotation run`: what a scheduler runs daily. Does what is due and no more, and never confirms without evidence. */

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeProblem, InteropError, SOMETHING_DUE } from '../../infra/errors.js';
import {
  doerOf,
  dueOf,
  type JudgedEvidence,
  NO_EVIDENCE,
  phaseOf,
  planRun,
  type RunPlan,
  refusalError,
  timelineOf,
} from '../../infra/rotation/index.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import {
  describeForeign,
  type ForeignView,
  foreignAsJson,
  showForeign,
} from '../rotation/foreign-secrets.js';
import { type Rotation, withRotation } from '../rotation/rotation.js';
import type { RotationWorld } from '../rotation/rotation-world.js';
import { runReport } from '../rotation/run-report.js';
import { endOf } from './rotation-shared.js';

export interface RunFlags {
  /** A file for a report in Markdown. */
  readonly report: string | undefined;
  readonly writeOnly: boolean;
}

/** More than a day's work takes: one secret is made and one is removed at most. */
const MOST_ROUNDS = 8;

/**
 * On a day on which nothing is due the engine is not started. Entra is asked for its time and for secrets that somebody else made;
 * where nobody can sign in, that is left out.
 *
 * @returns exit code 10 when something is due that a person has to do, 0 otherwise
 */
export async function rotationRun(
  context: CommandContext,
  flags: RunFlags,
  world: RotationWorld,
): Promise<CommandResult> {
  const { writeOnly } = flags;
  return await withRotation(context, world, { command: 'rotation run', writeOnly }, async (rotation) => {
    const entraTime = await rotation.entraTime();
    const plan = await work(rotation, entraTime);
    await rotation.save();
    await rotation.copyToVault();
    return tell(rotation, flags, {
      plan,
      foreign: await rotation.foreignSecrets(),
      now: entraTime ?? world.now(),
    });
  });
}

/** Plans, does, plans again, until nothing is left that a scheduler may do. @returns the last plan */
async function work(rotation: Rotation, entraTime: Date | undefined): Promise<RunPlan> {
  const evidence = { ...(await evidenceOf(rotation)), entraTime };
  for (let round = 1; ; round += 1) {
    const plan = await planned(rotation, evidence);
    const { steps } = plan;
    if (steps.length === 0 || (rotation.writeOnly && steps[0]?.kind === 'finish')) return plan;
    if (round > MOST_ROUNDS) throw new Error('the plan of a run does not come to an end');
    if (!rotation.writeOnly) await rotation.engine();
    for (const step of steps) {
      if (step.kind === 'finish') await rotation.carryOut();
      else {
        rotation.apply(step.event);
        rotation.say(`Wrote: ${step.event.type}.`);
        if (step.kind === 'update' && !rotation.writeOnly) await rotation.carryOut();
      }
    }
  }
}

/** The tenant's policy is asked for only where a secret is to be made. */
async function planned(rotation: Rotation, evidence: JudgedEvidence): Promise<RunPlan> {
  const plan = () => planRun(rotation.ledger, rotation.policy, evidence, rotation.world.now());
  const first = plan();
  const makes = first.steps.some(
    (step) => step.kind !== 'finish' && (step.event.type === 'stage' || step.event.type === 'revoke'),
  );
  if (!makes) return first;
  await rotation.readTenantPolicy();
  return plan();
}

/** Logs have something to tell only while a hand-over is going on. */
async function evidenceOf(rotation: Rotation): Promise<JudgedEvidence> {
  const { ledger, policy } = rotation;
  const steady = phaseOf(ledger, policy) === 'steady';
  return steady || ledger.pending !== undefined ? NO_EVIDENCE : await rotation.evidence();
}

/** What there is to tell of a run. */
interface Told {
  /** The last one. */
  readonly plan: RunPlan;
  readonly foreign: ForeignView;
  /** By the clock that is known to be right. */
  readonly now: Date;
}

function tell(rotation: Rotation, flags: RunFlags, { plan, foreign, now }: Told): CommandResult {
  const { context, ledger, policy, stack, config, done } = rotation;
  const blocked = plan.blocked.map(({ refusal }) => refusalError(refusal, stack.name));
  for (const error of blocked)
    context.terminal.warn([error.summary, ...error.problems.map(describeProblem)].join('; '));
  for (const line of plan.contradictions) context.terminal.warn(`contradiction: ${line}`);
  showForeign(context.terminal, foreign, now, stack.name);
  const due = dueOf(ledger, policy, now);
  if (flags.report !== undefined) {
    const text = runReport({
      stack: stack.name,
      tenant: config.tenant,
      timeline: timelineOf(ledger, policy, now),
      done,
      blocked: blocked.map(({ summary }) => summary),
      contradictions: plan.contradictions,
      due,
      foreign: foreign.secrets.map((secret) => describeForeign(secret, foreign, now)),
      who: doerOf,
      changed: rotation.changed,
    });
    writeReport(resolve(context.cwd, flags.report), text);
  }
  const { json } = endOf(rotation, {
    blocked: blocked.map(({ summary, problems, next }) => ({ summary, problems, next })),
    contradictions: plan.contradictions,
    foreignSecrets: foreignAsJson(foreign),
  });
  return { exitCode: due.due.length > 0 ? SOMETHING_DUE : 0, json };
}

function writeReport(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new InteropError({
      kind: 'configuration',
      summary: 'the report could not be written',
      problems: [{ where: file, what: error instanceof Error ? error.message : String(error) }],
      cause: error,
    });
  }
}
