/**
 * The steps that every command on a stack begins with: configuration, sign-in, engine, provider, stack.
 *
 * Nothing is written and no process is started before the configuration is valid.
 */
import { delimiter } from 'node:path';
import { configurationAdvice, parseStackConfig, type StackConfig } from '../infra/config.js';
import { describeProblem } from '../infra/errors.js';
import type { GraphClient } from '../infra/graph/client.js';
import { openGraph, type SignedIn, signIn } from '../infra/graph/provider-cloud.js';
import { entraPermissions } from '../infra/identity/permissions.js';
import { registrationTag } from '../infra/identity/registration-tag.js';
import { initialLedger, type Ledger } from '../infra/rotation/ledger.js';
import type { CommandContext } from './command-context.js';
import type { AzureadPlugin } from './engine/azuread-plugin.js';
import { type EngineReporter, reportEngine } from './engine-reporter.js';
import { chooseStack, findProject, PROJECT_NAME, type ProjectStack } from './project.js';
import type { ExpectedIdentity } from './recovery.js';
import { readStackFile, stackConfigOf, writeLedger } from './stack-file.js';
import { openStackSession, type StackSession } from './stack-session.js';

/** What a command wants of the stack. */
export interface OpenStackOptions {
  /** `write`: a first ledger is written into the configuration; `provisional`: it is made up for this run only. */
  readonly ledger: 'write' | 'provisional';
  /** Make the stack where the backend does not have it yet. */
  readonly create: boolean;
}

/** A stack that is ready for engine runs. */
export interface OpenStack {
  readonly stack: ProjectStack;
  readonly config: StackConfig;
  readonly ledger: Ledger;
  readonly session: StackSession;
  readonly signedIn: SignedIn;
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
  const raw = stackConfigOf(await readStackFile(stack.file));
  const config = parseStackConfig(raw.ours, raw.azuread);
  for (const advice of configurationAdvice(config)) context.terminal.warn(describeProblem(advice));
  const reporter = reportEngine(context.terminal);
  const [signedIn, engine] = await Promise.all([
    signIn(raw.azuread, context.env, context.signal),
    findEngine(context, raw.azuread),
  ]);
  const ledger = config.rotation ?? (await firstLedger(context, stack, config, options));
  reporter.opened(stack.name, config, engine);
  const session = await openStackSession({
    stack,
    command: engine.command,
    env: context.env,
    childEnv: childEnvironment(context.env, engine.plugin),
    create: options.create,
    ledger,
    cancellation: context.cancellation,
    onRecord: reporter.event,
    warn: (text) => context.terminal.warn(text),
  });
  return {
    stack,
    config,
    ledger,
    session,
    signedIn,
    engine: { engine: engine.engine, azuread: engine.azuread },
    reporter,
    expected: expectedIdentity(stack, config, ledger),
    graph: () => openGraph(signedIn, context.signal),
  };
}

async function findEngine(context: CommandContext, azuread: Readonly<Record<string, unknown>>) {
  const { findEngine: find } = await import('./engine/find-engine.js');
  return await find(context, azuread);
}

async function firstLedger(
  context: CommandContext,
  stack: ProjectStack,
  config: StackConfig,
  options: OpenStackOptions,
): Promise<Ledger> {
  const ledger = initialLedger({ now: new Date(), lifetimeDays: config.secret.lifetimeDays });
  if (options.ledger === 'provisional') {
    context.terminal.line('No rotation ledger yet: this shows a first one, which `up` writes.', 'dim');
    return ledger;
  }
  await writeLedger(stack.file, ledger);
  context.terminal.line(`Wrote the first rotation ledger into ${stack.file}: commit it.`);
  return ledger;
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
  child.PULUMI_SKIP_UPDATE_CHECK = 'true';
  if (plugin.pathEntry !== undefined) child.PATH = [plugin.pathEntry, env.PATH ?? ''].join(delimiter);
  return child;
}

function expectedIdentity(stack: ProjectStack, config: StackConfig, ledger: Ledger): ExpectedIdentity {
  return {
    name: 'interop',
    tag: registrationTag(PROJECT_NAME, stack.name),
    displayName: config.registration.displayName,
    stack: stack.name,
    permissions: entraPermissions({
      protocol: config.protocol,
      access: config.access,
      graphPermissions: config.registration.graphPermissions,
    }),
    ledger,
  };
}
