/**
 * One stack on the real Pulumi engine, through the Automation API with our program inline.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
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
import { lockedError, lockRefusal, locksOf, removeAbandonedLocks } from './backend-lock.js';
import type { Cancellation } from './cancellation.js';
import { EMPTY_RUN, type RunRecord, recordEvent } from './engine-events.js';
import { engineError, engineRunError } from './engine-run-error.js';
import { PROJECT_NAME, type ProjectStack } from './project.js';
import { askPulumi, type PulumiAnswer, type PulumiProcess, runPulumi } from './pulumi-process.js';
import { replaceFile } from './replace-file.js';
import { readState, writeState } from './state-file.js';
import { isTornState, removeTornAttributes } from './torn-attributes.js';

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
  /** For `up`: a sweep over the calendars is wanted now; any text that differs from the last one. */
  readonly sweep?: string;
  /** The command that people give for this run, for errors. @default the run itself */
  readonly command?: string;
  /** For `up`: URNs, `**` standing for any part, of the only resources that are looked at. @default all */
  readonly targets?: readonly string[];
}

/** A stack that is open for engine runs. */
export interface StackSession {
  run(run: Run, options?: RunOptions): Promise<RunRecord>;
  /** A ledger for a program whose configuration has none yet. */
  useLedger(ledger: Ledger): void;
  outputs(): Promise<OutputMap>;
  /**
   * @throws InteropError when another run works on the stack now, as far as the backend tells; the lock of a run that is gone is
   * removed.
   * @returns `unknown` where the backend does not tell of locks
   */
  requireUnlocked(): Promise<'none' | 'unknown'>;
  /** The state, secrets encrypted. */
  readState(): Promise<Deployment>;
  writeState(state: Deployment): Promise<void>;
  /** The state with secrets in clear text: for memory only. */
  readSecrets(): Promise<Deployment>;
  /** What is noted beside the stack in its backend, by name: seen by all machines, part of neither state nor configuration. */
  tags(): Promise<Readonly<Record<string, string>>>;
  /**
   * Notes something there.
   *
   * @param name up to 40 letters, digits and `-_.:` (pulumi.com/docs/iac/concepts/stacks/#stack-tags)
   * @param value up to 256 characters; never a secret
   */
  setTag(name: string, value: string): Promise<void>;
  /** The last runs that could change the state, the latest first. */
  recentRuns(): Promise<readonly UpdateSummary[]>;
  /**
   * Takes back what opening the stack wrote, if it was made by this session: the stack in the backend, and the encryption salt in
   * its file. For runs that promise to write nothing.
   */
  forgetIfNew(): Promise<void>;
}

/**
 * Opens a stack. Which stack plain `pulumi` works on stays as it is.
 *
 * @throws InteropError: `noStack` when the backend has no such stack and it is not to be made, `failure` when the backend
 * cannot be reached.
 */
export async function openStackSession(options: SessionOptions): Promise<StackSession> {
  const pulumi: PulumiProcess = {
    command: options.command,
    folder: options.stack.project.folder,
    childEnv: options.childEnv,
    signal: options.cancellation.signal,
  };
  const { name } = options.stack;
  // Loaded while the engine looks for the stack; awaited when the engine runs it.
  const program = new Program(options.env);
  const made = await findOrMake(options, pulumi);
  const stack = await stackOf(options, program);
  const unlocked = <T>(action: () => Promise<T>) => withoutAbandonedLock(options, pulumi, action);
  return {
    run: async (run, runOptions = {}) => {
      program.prepare(runOptions);
      return await unlocked(() => runEngine(stack, options, program, run, runOptions));
    },
    useLedger: (ledger) => program.useLedger(ledger),
    outputs: () => explained("the stack's outputs could not be read", () => stack.outputs()),
    requireUnlocked: () => unlocked(() => refuseLocked(options, pulumi)),
    readState: () => readState(pulumi, name),
    writeState: (state) => unlocked(() => writeState(pulumi, name, state)),
    readSecrets: () => explained("the stack's state could not be read", () => stack.exportStack()),
    tags: async () =>
      JSON.parse(await runPulumi(pulumi, ['stack', 'tag', 'ls', '--json', '--stack', name], TAGS_UNREAD)),
    setTag: async (tag, value) => {
      await runPulumi(pulumi, ['stack', 'tag', 'set', tag, value, '--stack', name], TAG_UNWRITTEN);
    },
    recentRuns: () =>
      explained("the stack's history could not be read", () => stack.history(HISTORY_LENGTH, 1, false)),
    forgetIfNew: async () => {
      if (made !== undefined) await forget(options, pulumi, made);
    },
  };
}

const TAGS_UNREAD = "the stack's tags could not be read from the backend";
const TAG_UNWRITTEN = "the stack's tag could not be written to the backend";

/** How far back failed runs are looked for. */
const HISTORY_LENGTH = 10;

/** Loads the Automation API, which takes a while: to be begun while other processes and servers are waited for. */
export async function loadAutomation() {
  return await import('@pulumi/pulumi/automation/index.js');
}

/** Our program as the Automation API is given it: once, and told anew for each run what it shall know. */
class Program {
  /** What it threw last, whatever the engine makes of it. */
  thrown: InteropError | undefined;
  readonly #module = import('../infra/program.js');
  readonly #env: NodeJS.ProcessEnv;
  #ledger: Ledger | undefined;
  #options: RunOptions = {};

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
    this.#module.catch(() => undefined);
  }

  useLedger(ledger: Ledger): void {
    this.#ledger = ledger;
  }

  prepare(options: RunOptions): void {
    this.#options = options;
    this.thrown = undefined;
  }

  async run(): Promise<Record<string, unknown>> {
    const { takeUp, sweep } = this.#options;
    const { interopProgram } = await this.#module;
    try {
      return await interopProgram({ ledger: this.#ledger, env: this.#env, takeUp, sweep });
    } catch (error) {
      if (!(error instanceof InteropError)) throw error;
      this.thrown = error;
      const { toldAsIs } = await import('../infra/told-as-is.js');
      throw toldAsIs(error);
    }
  }
}

/** The stack's file before and after the stack was made, which may write a salt into it. */
interface MadeStack {
  readonly before: string;
  readonly after: string;
}

/** @returns undefined where the backend has the stack already */
async function findOrMake(options: SessionOptions, pulumi: PulumiProcess): Promise<MadeStack | undefined> {
  const { name, file } = options.stack;
  const found = await askForStack(options, pulumi);
  if (found.ok) return undefined;
  if (!/no stack named/.test(found.stderr)) {
    throw engineError('the stack could not be opened', new Error(found.stderr.trimEnd()));
  }
  if (!options.create) throw noSuchStack(options.stack);
  const before = readFileSync(file, 'utf8');
  await runPulumi(
    pulumi,
    ['stack', 'init', name, '--no-select'],
    'the stack could not be made in the backend',
  );
  return { before, after: readFileSync(file, 'utf8') };
}

/** Milliseconds before each further look at a state that another run may be writing just now. */
const TORN_AGAIN_MS = [500, 1_500];

/** Whether the backend has the stack, also after a run that was killed while it wrote the state. */
async function askForStack(options: SessionOptions, pulumi: PulumiProcess): Promise<PulumiAnswer> {
  const { name } = options.stack;
  const ask = () => askPulumi(pulumi, ['stack', '--stack', name, '--show-name']);
  let answer = await ask();
  for (const pause of TORN_AGAIN_MS) {
    if (answer.ok || !isTornState(answer.stderr)) return answer;
    // Cancelled: the next question ends at once and says so.
    await delay(pause, undefined, { signal: pulumi.signal }).catch(() => undefined);
    answer = await ask();
  }
  if (answer.ok || !isTornState(answer.stderr)) return answer;
  const backendUrl = await backendOf(options, pulumi);
  const removed = await removeTornAttributes({ backendUrl, project: PROJECT_NAME, stack: name });
  for (const file of removed) {
    options.warn(`removed ${file}, which a run that was killed left half written: the state itself is whole`);
  }
  return removed.length === 0 ? answer : await ask();
}

async function stackOf(options: SessionOptions, program: Program): Promise<Stack> {
  const { LocalWorkspace, Stack } = await loadAutomation();
  return await explained('the stack could not be opened', async () => {
    const workspace = await LocalWorkspace.create({
      workDir: options.stack.project.folder,
      pulumiCommand: options.command,
      envVars: { ...options.childEnv },
      program: () => program.run(),
    });
    // Selecting would change the stack that plain `pulumi` works on; that this one exists is known.
    workspace.selectStack = async () => undefined;
    return await Stack.select(options.stack.name, workspace);
  });
}

async function forget(options: SessionOptions, pulumi: PulumiProcess, made: MadeStack): Promise<void> {
  const { name, file } = options.stack;
  const answer = await askPulumi(pulumi, ['stack', 'rm', name, '--yes', '--preserve-config']);
  if (!answer.ok) {
    options.warn(
      `the stack ${name}, made for this preview, could not be removed: ${answer.stderr.trimEnd()}`,
    );
  } else if (readFileSync(file, 'utf8') === made.after) {
    // Only where nobody has changed it meanwhile.
    replaceFile(file, made.before);
  }
}

async function explained<T>(summary: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw engineError(summary, error);
  }
}

interface CommonRunOptions {
  readonly onEvent: (event: EngineEvent) => void;
  readonly signal: AbortSignal;
  readonly color: 'never';
}

const RUNS: Readonly<
  Record<Run, (stack: Stack, common: CommonRunOptions, options: RunOptions) => Promise<unknown>>
> = {
  preview: (stack, common, { refresh = false }) => stack.preview({ ...common, refresh }),
  up: (stack, common, { refresh = false, targets }) =>
    stack.up({ ...common, refresh, ...(targets === undefined ? {} : { target: [...targets] }) }),
  refresh: (stack, common) => stack.refresh(common),
  drift: (stack, common) => stack.previewRefresh(common),
  destroy: (stack, common, { refresh = false }) => stack.destroy({ ...common, refresh }),
};

async function runEngine(
  stack: Stack,
  options: SessionOptions,
  program: Program,
  run: Run,
  runOptions: RunOptions,
): Promise<RunRecord> {
  let record = EMPTY_RUN;
  const onEvent = (event: EngineEvent) => {
    record = recordEvent(record, event);
    options.onRecord?.(record, event);
  };
  const { signal } = options.cancellation;
  const told = runOptions.command ?? run;
  const failed = () => ({ run: told, stack: options.stack.name, record, cancelled: signal.aborted });
  // The Automation API looks at the signal's event only: one that came before would be lost.
  if (signal.aborted) throw engineRunError(failed(), signal.reason);
  try {
    await options.cancellation.shield(() =>
      RUNS[run](stack, { onEvent, signal, color: 'never' }, runOptions),
    );
  } catch (error) {
    if (locksOf(error).length > 0) throw error;
    throw program.thrown ?? engineRunError(failed(), error);
  }
  return record;
}

async function refuseLocked(options: SessionOptions, pulumi: PulumiProcess): Promise<'none' | 'unknown'> {
  const backendUrl = await backendOf(options, pulumi);
  if (!backendUrl.startsWith('file://')) return 'unknown';
  const refusal = await lockRefusal({ backendUrl, project: PROJECT_NAME, stack: options.stack.name });
  if (refusal !== undefined) throw refusal;
  return 'none';
}

/** The backend that the environment names, else the one that somebody has logged in to. */
async function backendOf(options: SessionOptions, pulumi: PulumiProcess): Promise<string> {
  const named = options.childEnv.PULUMI_BACKEND_URL ?? options.env.PULUMI_BACKEND_URL ?? '';
  if (named !== '') return named;
  const answer = await askPulumi(pulumi, ['whoami', '--json']);
  return answer.ok ? String((JSON.parse(answer.stdout) as { url?: unknown }).url) : '';
}

/** Runs `action`; where it is refused for locks whose holders are gone, removes them, loudly, and runs it once more. */
async function withoutAbandonedLock<T>(
  options: SessionOptions,
  pulumi: PulumiProcess,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const locks = locksOf(error);
    if (locks.length === 0) throw error;
    const removed = await removeAbandonedLocks(error, await backendOf(options, pulumi));
    if (removed === undefined) throw lockedError(locks, options.stack.name);
    const pids = removed.map((lock) => lock.pid).join(', ');
    options.warn(`removed the lock of a run that is gone (process ${pids} on this machine)`);
    return await action().catch((again: unknown) => {
      const others = locksOf(again);
      throw others.length > 0 ? lockedError(others, options.stack.name) : again;
    });
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
