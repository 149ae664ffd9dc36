/**
 * One stack on the real Pulumi engine, through the Automation API with our program inline.
 */
import { readFileSync } from 'node:fs';
import type {
  Deployment,
  EngineEvent,
  OutputMap,
  PulumiCommand,
  Stack,
  UpdateSummary,
} from '@pulumi/pulumi/automation/index.js';
import { InteropError } from '../infra/errors.js';
import type { TakenUp } from '../infra/identity/interop-application.js';
import type { Ledger } from '../infra/rotation/ledger.js';
import { isAbandoned, lockedError, locksOf } from './backend-lock.js';
import type { Cancellation } from './cancellation.js';
import { EMPTY_RUN, type RunRecord, recordEvent } from './engine-events.js';
import { engineError, engineRunError } from './engine-run-error.js';
import { PROJECT_NAME, type ProjectStack } from './project.js';
import { replaceFile } from './replace-file.js';

/** What an engine run needs besides the stack. */
export interface SessionOptions {
  readonly stack: ProjectStack;
  readonly command: PulumiCommand;
  /** The command's environment, for the program. */
  readonly env: NodeJS.ProcessEnv;
  /** Variables for the engine and the providers that it starts, on top of the process's own. */
  readonly childEnv: Readonly<Record<string, string>>;
  /** Make the stack if the backend does not have it. */
  readonly create: boolean;
  /** A ledger for a program whose configuration has none yet. */
  readonly ledger?: Ledger | undefined;
  readonly cancellation: Cancellation;
  readonly onRecord?: (record: RunRecord, event: EngineEvent) => void;
  /** Told what is done on the way that nobody asked for, such as the removal of an abandoned lock. */
  readonly warn: (text: string) => void;
}

/** One kind of engine run. */
export type Run = 'preview' | 'up' | 'refresh' | 'destroy' | 'drift';

export interface RunOptions {
  /** Look at the tenant first. @default false */
  readonly refresh?: boolean;
  /** For `up`: what exists, is this stack's own, and is to be taken into the state as it is. */
  readonly takeUp?: TakenUp;
}

/** A stack that is open for engine runs. */
export interface StackSession {
  run(run: Run, options?: RunOptions): Promise<RunRecord>;
  outputs(): Promise<OutputMap>;
  /** The state with secrets in clear text: for memory only. */
  exportState(): Promise<Deployment>;
  replaceState(deployment: Deployment): Promise<void>;
  /** The last run that changed the state, undefined where there was none. */
  lastRun(): Promise<UpdateSummary | undefined>;
  /**
   * Takes back what opening the stack wrote, if it was made by this session: the stack in the backend, and the encryption salt in
   * its file. For runs that promise to write nothing.
   */
  forgetIfNew(): Promise<void>;
}

/**
 * Opens a stack.
 *
 * @throws InteropError: `noStack` when the backend has no such stack and it is not to be made, `failure` when the backend
 * cannot be reached.
 */
export async function openStackSession(options: SessionOptions): Promise<StackSession> {
  const fileBefore = readFileSync(options.stack.file, 'utf8');
  const program: ProgramState = { takeUp: undefined };
  const { stack, isNew } = await selectStack(options, program);
  const unlocked = <T>(action: () => Promise<T>) => withoutAbandonedLock(stack, options, action);
  return {
    run: async (run, runOptions = {}) => {
      program.takeUp = runOptions.takeUp;
      return await unlocked(() => runEngine(stack, options, run, runOptions));
    },
    outputs: () => stack.outputs(),
    exportState: () => stack.exportStack(),
    replaceState: (deployment) => unlocked(() => stack.importStack(deployment)),
    lastRun: async () => (await stack.history(1, undefined, false))[0],
    forgetIfNew: async () => {
      if (!isNew) return;
      await stack.workspace.removeStack(options.stack.name, { preserveConfig: true });
      replaceFile(options.stack.file, fileBefore);
    },
  };
}

/** What the program is told for the run that is going on: the Automation API is given the program once. */
interface ProgramState {
  takeUp: TakenUp | undefined;
}

async function selectStack(
  options: SessionOptions,
  state: ProgramState,
): Promise<{ stack: Stack; isNew: boolean }> {
  const [{ LocalWorkspace, StackNotFoundError }, { interopProgram }] = await Promise.all([
    import('@pulumi/pulumi/automation/index.js'),
    import('../infra/program.js'),
  ]);
  const args = {
    projectName: PROJECT_NAME,
    stackName: options.stack.name,
    program: () => interopProgram({ ledger: options.ledger, env: options.env, takeUp: state.takeUp }),
  };
  const workspace = {
    workDir: options.stack.project.folder,
    pulumiCommand: options.command,
    envVars: { ...options.childEnv },
  };
  try {
    return { stack: await LocalWorkspace.selectStack(args, workspace), isNew: false };
  } catch (error) {
    if (!(error instanceof StackNotFoundError)) throw engineError('the stack could not be opened', error);
    if (!options.create) throw noSuchStack(options.stack);
  }
  try {
    return { stack: await LocalWorkspace.createStack(args, workspace), isNew: true };
  } catch (error) {
    throw engineError('the stack could not be made in the backend', error);
  }
}

interface CommonRunOptions {
  readonly onEvent: (event: EngineEvent) => void;
  readonly signal: AbortSignal;
  readonly color: 'never';
}

const RUNS: Readonly<
  Record<Run, (stack: Stack, common: CommonRunOptions, refresh: boolean) => Promise<unknown>>
> = {
  preview: (stack, common, refresh) => stack.preview({ ...common, refresh }),
  up: (stack, common, refresh) => stack.up({ ...common, refresh }),
  refresh: (stack, common) => stack.refresh(common),
  drift: (stack, common) => stack.previewRefresh(common),
  destroy: (stack, common, refresh) => stack.destroy({ ...common, refresh }),
};

async function runEngine(
  stack: Stack,
  options: SessionOptions,
  run: Run,
  runOptions: RunOptions,
): Promise<RunRecord> {
  let record = EMPTY_RUN;
  const onEvent = (event: EngineEvent) => {
    record = recordEvent(record, event);
    options.onRecord?.(record, event);
  };
  const { signal } = options.cancellation;
  try {
    await options.cancellation.shield(() =>
      RUNS[run](stack, { onEvent, signal, color: 'never' }, runOptions.refresh ?? false),
    );
  } catch (error) {
    if (locksOf(error).length > 0) throw error;
    throw engineRunError({ run, stack: options.stack.name, record, cancelled: signal.aborted }, error);
  }
  return record;
}

/** Runs `action`; where it is refused for locks whose holders are gone, removes them, loudly, and runs it once more. */
async function withoutAbandonedLock<T>(
  stack: Stack,
  options: SessionOptions,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const locks = locksOf(error);
    if (locks.length === 0) throw error;
    if (!locks.every(isAbandoned)) throw lockedError(locks, options.stack.name);
    const pids = locks.map((lock) => lock.pid).join(', ');
    options.warn(`removes the lock of a run that is gone (process ${pids} on this machine)`);
    await stack.cancel();
    return await action();
  }
}

function noSuchStack(stack: ProjectStack): InteropError {
  return new InteropError({
    kind: 'noStack',
    summary: `the backend has no stack ${stack.name}`,
    problems: [{ where: stack.file, what: 'the stack has a file but was never brought up' }],
    next: [`calendar-interop up --stack ${stack.name}`],
  });
}
