/**
 * The steps that every command on a stack begins with: configuration, sign-in, engine, provider, stack.
 *
 * Nothing is written and no process is started before the configuration is valid.
 */
import { basename, delimiter, join } from 'node:path';
import { configurationAdvice, parseStackConfig, type StackConfig } from '../infra/config.js';
import { describeProblem, InteropError } from '../infra/errors.js';
import type { GraphClient } from '../infra/graph/client.js';
import { openGraph, type SignedIn, signIn } from '../infra/graph/provider-cloud.js';
import { entraPermissions } from '../infra/identity/permissions.js';
import { registrationTag } from '../infra/identity/registration-tag.js';
import { once } from '../infra/once.js';
import { initialLedger, type Ledger } from '../infra/rotation/ledger.js';
import { AZUREAD_TYPES } from './azuread-types.js';
import type { CommandContext } from './command-context.js';
import type { AzureadPlugin } from './engine/azuread-plugin.js';
import { overruledLogging } from './engine-logging.js';
import { type EngineReporter, reportEngine } from './engine-reporter.js';
import { ledgerInState } from './ledger-in-state.js';
import { packageRoot } from './package-root.js';
import { chooseStack, findProject, PROJECT_NAME, type ProjectStack } from './project.js';
import type { ExpectedIdentity } from './recovery.js';
import { viewState } from './recovery-evidence.js';
import { readStackFile, stackConfigOf, writeLedger } from './stack-file.js';
import { loadAutomation, openStackSession, type StackSession } from './stack-session.js';

/** What a command wants of the stack. */
export interface OpenStackOptions {
  /**
   * `write`: a first ledger is written into the configuration; `provisional`: it is made up for this run only; `saved`: the one in
   * the state counts, whatever the configuration holds.
   */
  readonly ledger: 'write' | 'provisional' | 'saved';
  /** Make the stack where the backend does not have it yet. */
  readonly create: boolean;
  /**
   * Count the secret in use of a registration that is adopted, before the stack is brought up for the first time: it is written into
   * the ledger as a foreign one. @default false
   */
  readonly countSecretInUse?: boolean;
  /**
   * `first`: a token is asked for before anything else happens. `lazily`: only when it is needed, which saves its time; for runs
   * that write nothing, see {@link explainingSignIn}. @default 'first'
   */
  readonly signIn?: 'first' | 'lazily';
}

/** A stack that is ready for engine runs. */
export interface OpenStack {
  readonly stack: ProjectStack;
  readonly config: StackConfig;
  readonly ledger: Ledger;
  readonly session: StackSession;
  /** The sign-in; asked for once. */
  signedIn(): Promise<SignedIn>;
  readonly engine: EngineVersions;
  readonly reporter: EngineReporter;
  readonly expected: ExpectedIdentity;
  graph(): Promise<GraphClient>;
}

/** Which engine and which azuread provider did the work, and where they came from. */
export interface EngineVersions {
  readonly engine: { readonly version: string; readonly source: string };
  readonly azuread: { readonly version: string; readonly source: string };
}

/**
 * @throws InteropError: `configuration` with all mistakes, `authentication` with the ways of signing in that were tried,
 * `noStack`, or `failure` when the engine cannot be had.
 */
export async function openStack(context: CommandContext, options: OpenStackOptions): Promise<OpenStack> {
  const stack = chooseStack(findProject(context.cwd), context.stack, context.env);
  const raw = stackConfigOf(readStackFile(stack.file));
  const { rotation: _, ...others } = raw.ours;
  const config = parseStackConfig(options.ledger === 'saved' ? others : raw.ours, raw.azuread);
  for (const advice of configurationAdvice(config)) context.terminal.warn(describeProblem(advice));
  for (const { variable, value, why } of overruledLogging(context.env)) {
    context.terminal.warn(`${variable} is ${value === '' ? 'not passed on' : `taken as ${value}`}: ${why}`);
  }
  const reporter = reportEngine(context.terminal);
  const signedIn = once(() => signIn(raw.azuread, context.env, context.signal));
  const engine = await together(context.signal, async (signal) => {
    const [found] = await Promise.all([
      findEngine({ ...context, signal }, raw.azuread),
      loadAutomation(),
      options.signIn === 'lazily' ? undefined : signedIn(),
    ]);
    return found;
  });
  reporter.opened(stack.name, config, engine);
  const session = await openStackSession({
    stack,
    command: engine.command,
    env: context.env,
    childEnv: childEnvironment(context.env, engine.plugin),
    create: options.create,
    cancellation: context.cancellation,
    onRecord: reporter.event,
    warn: (text) => context.terminal.warn(text),
  });
  const graph = async () => await openGraph(await signedIn(), context.signal);
  const found =
    config.rotation ??
    (options.ledger === 'saved'
      ? await savedLedger(stack, session)
      : await firstLedger(context, stack, config, session, options.ledger, graph));
  const { adopt } = config.registration;
  const ledger =
    options.countSecretInUse === true && adopt !== undefined
      ? await withSecretInUse(context, stack, config, session, found, graph)
      : found;
  session.useLedger(ledger);
  return {
    stack,
    config,
    ledger,
    session,
    signedIn,
    engine: { engine: engine.engine, azuread: engine.azuread },
    reporter,
    expected: expectedIdentity(stack, config, ledger),
    graph,
  };
}

/** Opens a stack for work that writes nothing. @throws as {@link openStack} */
export async function openStackToRead(context: CommandContext): Promise<OpenStack> {
  return await openStack(context, { ledger: 'provisional', create: false, signIn: 'lazily' });
}

/** Work whose parts end when one of them fails: a CLI that is being built does not hold up the error about a sign-in. */
async function together<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  try {
    return await work(AbortSignal.any([signal, controller.signal]));
  } catch (error) {
    controller.abort();
    throw error;
  }
}

/**
 * Runs the engine without a sign-in of our own before it. Only when that fails before it came to a resource is one tried: where it
 * is refused, too, that is the reason.
 *
 * @throws InteropError of kind `authentication`, with what the engine said behind it; else what `run` throws.
 */
export async function explainingSignIn<T>(open: OpenStack, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof InteropError) || error.kind !== 'failure') throw error;
    const refused = await open.signedIn().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(refused instanceof InteropError)) throw error;
    const { kind, summary, problems, next } = refused;
    throw new InteropError({ kind, summary, problems: [...problems, ...error.problems], next, cause: error });
  }
}

async function findEngine(context: CommandContext, azuread: Readonly<Record<string, unknown>>) {
  const { findEngine: find } = await import('./engine/find-engine.js');
  return await find(context, azuread);
}

/**
 * A first ledger, for a stack that has made no secret yet.
 *
 * @throws InteropError of kind `configuration` when the state holds secrets: a new ledger would replace the one that Google holds;
 * `policy` when the tenant allows no secret of such a life: nothing is written then.
 */
async function firstLedger(
  context: CommandContext,
  stack: ProjectStack,
  config: StackConfig,
  session: StackSession,
  wish: 'write' | 'provisional',
  graph: () => Promise<GraphClient>,
): Promise<Ledger> {
  const { resources } = viewState(await session.readState());
  if (resources.some(({ type }) => type === AZUREAD_TYPES.secret)) throw lostLedger(stack);
  const ledger = initialLedger({ now: new Date(), lifetimeDays: config.secret.lifetimeDays });
  if (wish === 'provisional') {
    context.terminal.line('No rotation ledger yet: this shows a first one, which `up` writes.', 'dim');
    return ledger;
  }
  const { requireFirstSecretAllowed } = await import('./secret-policy.js');
  await requireFirstSecretAllowed({ stack: stack.name, config, graph }, context.terminal);
  writeLedger(stack.file, ledger);
  context.terminal.line(`Wrote the first rotation ledger into ${stack.file}: commit it.`);
  return ledger;
}

/**
 * The ledger with the secret that the adopted registration has in use, where the stack was never brought up: it counts towards the cap
 * of two, and is retired once Google holds the first one of ours.
 *
 * Where it cannot be told which one is in use, the ledger stays as it is: `up` lists them afterwards, with the command.
 */
async function withSecretInUse(
  context: CommandContext,
  stack: ProjectStack,
  config: StackConfig,
  session: StackSession,
  ledger: Ledger,
  graph: () => Promise<GraphClient>,
): Promise<Ledger> {
  if (ledger.foreign.length > 0 || ledgerInState(await session.readState()) !== undefined) return ledger;
  const [{ findForeignSecrets }, { secretInUse }, { reduce, rotationPolicy }, { actorOf }] =
    await Promise.all([
      import('./rotation/foreign-secrets.js'),
      import('../infra/identity/foreign-secrets.js'),
      import('../infra/rotation/index.js'),
      import('./rotation/actor.js'),
    ]);
  const view = await findForeignSecrets({ graph, stack: stack.name, config, ledger, inState: [] });
  const now = new Date();
  const secret = secretInUse(view.secrets, now);
  if (secret === undefined) return ledger;
  const { keyId, endDate } = secret;
  const event = { type: 'adopt', keyId, endDate: new Date(endDate), by: actorOf(context.env) } as const;
  const outcome = reduce(ledger, event, rotationPolicy(config), now);
  if (outcome.refusal !== undefined) return ledger;
  writeLedger(stack.file, outcome.ledger);
  context.terminal.line(
    `The registration's secret in use (key ${keyId}) counts as a foreign one in ${basename(stack.file)}: commit it.`,
  );
  return outcome.ledger;
}

function lostLedger(stack: ProjectStack): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary: `${basename(stack.file)} has no rotation ledger, but the stack has made secrets`,
    problems: [
      {
        where: 'calendar-interop:rotation',
        what: 'is missing; a new one would replace the secret that Google holds, and look-ups would fail',
        allowed: 'the ledger that belongs to this stack, as the last run wrote it',
      },
    ],
    next: [
      `calendar-interop rotation restore --stack ${stack.name}   # writes the ledger of the state into the configuration`,
      `git log -p -- ${basename(stack.file)}   # or find it, and put it back`,
    ],
  });
}

/** @throws InteropError of kind `configuration` when the state holds no ledger, or one that this version cannot read. */
async function savedLedger(stack: ProjectStack, session: StackSession): Promise<Ledger> {
  const saved = ledgerInState(await session.readState());
  if (saved !== undefined) return saved.read();
  throw new InteropError({
    kind: 'configuration',
    summary: `the state of ${stack.name} holds no rotation ledger`,
    problems: [{ where: stack.name, what: 'was never brought up with one, so there is nothing to restore' }],
    next: [`calendar-interop up --stack ${stack.name}`],
  });
}

/**
 * The engine's environment is the command's. The Automation API adds variables to those of this process and cannot take one away:
 * those that the command does not have are made empty, which Pulumi and its providers take for unset.
 */
function childEnvironment(env: NodeJS.ProcessEnv, plugin: AzureadPlugin): Record<string, string> {
  const child: Record<string, string> = {};
  for (const name of new Set([...Object.keys(process.env), ...Object.keys(env)])) {
    if (env[name] !== process.env[name]) child[name] = env[name] ?? '';
  }
  for (const { variable, value } of overruledLogging(env)) child[variable] = value;
  child.PULUMI_SKIP_UPDATE_CHECK = 'true';
  child.PATH = [plugin.pathEntry, exchangeProviderFolder(), env.PATH]
    .filter((entry) => entry !== undefined)
    .join(delimiter);
  return child;
}

/** Our own provider is found on PATH in any project; Pulumi.yaml names it for plain `pulumi` in this one. */
function exchangeProviderFolder(): string {
  return join(packageRoot(), 'infra', 'exchange', 'provider', 'bin');
}

function expectedIdentity(stack: ProjectStack, config: StackConfig, ledger: Ledger): ExpectedIdentity {
  return {
    tag: registrationTag(PROJECT_NAME, stack.name),
    displayName: config.registration.displayName,
    stack: stack.name,
    permissions: entraPermissions({
      protocol: config.protocol,
      access: config.access,
      graphPermissions: config.registration.graphPermissions,
    }),
    ledger,
    adopt: config.registration.adopt,
  };
}
