/** The rotation commands' own functions on a stack of the real engine, in this process, at a time that is told. */
import { Writable } from 'node:stream';
import { InteropError } from '../../infra/errors.js';
import type { JudgedEvidence, RotationEvent } from '../../infra/rotation/index.js';
import type { CommandContext } from '../../scripts/command-context.js';
import { rotationRestore } from '../../scripts/commands/rotation-restore.js';
import { rotationRun } from '../../scripts/commands/rotation-run.js';
import { up } from '../../scripts/commands/up.js';
import { type OpenStack, openStack } from '../../scripts/open-stack.js';
import { LIVE_WORLD, liveEngine } from '../../scripts/rotation/live-world.js';
import { finishFirst, withRotation } from '../../scripts/rotation/rotation.js';
import type { RotationWorld as CommandWorld } from '../../scripts/rotation/rotation-world.js';
import { setConfigValue } from '../../scripts/stack-file.js';
import { Terminal } from '../../scripts/terminal.js';
import type { StepEnd } from './rotation-world.js';

/** What is to be done. */
export type StackCommand =
  | { readonly kind: 'event'; readonly event: RotationEvent }
  | { readonly kind: 'finish' }
  | { readonly kind: 'run'; readonly evidence: JudgedEvidence };

/** By how much the tenant's clock was ahead of the machine's real one, from a real time on; the earliest first. */
export type ClockMoves = readonly { readonly from: number; readonly ahead: number }[];

export interface StackTask {
  /** The project's folder, and the environment that commands are given there. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stackFile: string;
  readonly command: StackCommand;
  /** What the command's machine takes for the time. */
  readonly now: Date;
  readonly moves: ClockMoves;
}

export interface StackTaskEnd {
  readonly end: StepEnd;
  /** How often a stack was opened on the engine. */
  readonly engines: number;
  /** Why it failed, where it was neither refused nor stale. */
  readonly failure?: string;
}

/** Does what a command does, and nothing besides: finish, or engine, ledger, update, state. */
export async function doOnStack(task: StackTask): Promise<StackTaskEnd> {
  let engines = 0;
  const world: CommandWorld = {
    ...LIVE_WORLD,
    now: () => task.now,
    open: async (context, ledger) => {
      engines += 1;
      return liveEngine(
        context,
        onTenantClock(await openStack(context, { ledger, create: false }), task.moves),
      );
    },
    evidence: async () => (task.command.kind === 'run' ? task.command.evidence : Promise.reject()),
  };
  try {
    await carryOut(task, world);
    return { end: 'done', engines };
  } catch (error) {
    if (!(error instanceof InteropError)) throw error;
    // Everything that a reducer refuses is a matter of policy; of the configuration, only a stale ledger is wrong here.
    if (error.kind === 'policy') return { end: 'refused', engines };
    if (error.kind === 'configuration') return { end: 'stale', engines };
    const failure = [error.summary, ...error.problems.map(({ what }) => what)].join(': ');
    return { end: 'cut off', engines, failure };
  }
}

async function carryOut({ command, folder, env, stackFile }: StackTask, world: CommandWorld): Promise<void> {
  const context = quietContext(folder, env);
  if (command.kind === 'run') {
    await rotationRun(context, { report: undefined, writeOnly: false }, world);
    return;
  }
  if (command.kind === 'event' && command.event.type === 'restore') {
    if (command.event.lost === true) setConfigValue(stackFile, LEDGER_KEY, null);
    await rotationRestore(context, world);
    return;
  }
  await withRotation(context, world, { command: 'rotation' }, async (rotation) => {
    if (command.kind === 'finish') await finishFirst(rotation);
    else {
      await rotation.engine();
      rotation.apply(command.event);
      await rotation.carryOut();
    }
    await rotation.save();
  });
}

const LEDGER_KEY = 'calendar-interop:rotation';

/** The first `up` of a stack. */
export async function firstUp(folder: string, env: Readonly<Record<string, string>>): Promise<void> {
  await up(quietContext(folder, env), { refresh: false });
}

/** What commands are started with; what they say is heard by nobody. */
function quietContext(folder: string, env: Readonly<Record<string, string>>): CommandContext {
  const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
  const { signal } = new AbortController();
  return {
    terminal: new Terminal({ stdout: nowhere(), stderr: nowhere(), json: false, color: false }),
    env: { ...env },
    cwd: folder,
    signal,
    cancellation: { signal, shield: (run) => run() },
    stack: 'test',
  };
}

/**
 * The engine writes the machine's real time into its state and its history. Recovery compares that with Entra's clock, which has been
 * moved: it is told the time that the tenant had.
 */
function onTenantClock(open: OpenStack, moves: ClockMoves): OpenStack {
  const { session } = open;
  const tenantTime = (real: number) => real + (moves.findLast(({ from }) => from <= real)?.ahead ?? 0);
  return {
    ...open,
    session: {
      ...session,
      readState: async () => {
        const state = await session.readState();
        const { manifest, ...rest } = state.deployment;
        const time = new Date(tenantTime(Date.parse(manifest?.time))).toISOString();
        return { ...state, deployment: { ...rest, manifest: { ...manifest, time } } };
      },
      recentRuns: async () =>
        (await session.recentRuns()).map((run) => ({
          ...run,
          startTime: new Date(tenantTime(new Date(run.startTime).getTime())),
          ...(run.endTime === undefined
            ? {}
            : { endTime: new Date(tenantTime(new Date(run.endTime).getTime())) }),
        })),
    },
  };
}
