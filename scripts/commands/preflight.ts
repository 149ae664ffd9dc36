/** `preflight`: everything that can be known before anything is changed. Needs no engine, writes nothing. */
import type { StackConfig } from '../../infra/config.js';
import { FAULT_FOUND, InteropError } from '../../infra/errors.js';
import { systemClock } from '../../infra/exchange/transport/clock.js';
import { openGraph, signIn } from '../../infra/graph/provider-cloud.js';
import { once } from '../../infra/once.js';
import {
  CHECK_GROUPS,
  type Check,
  type CheckState,
  groupOf,
  preflight,
} from '../../infra/preflight/index.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { googlePlaces } from '../google-places.js';
import { type ReadStack, readStack } from '../read-stack.js';
import { findRegistration } from '../rotation/registration.js';
import { type PolicyRequest, stackSecretPolicy } from '../secret-policy.js';
import type { Terminal } from '../terminal.js';
import { CHECK_SIGNS } from './check-signs.js';
import { openPortFor } from './visibility-wiring.js';

export async function preflightCommand(context: CommandContext): Promise<CommandResult> {
  const { terminal } = context;
  const read = readStack(context);
  const checks = await preflightChecks(context, read);
  report(terminal, checks);
  const faults = checks.filter(({ state }) => state === 'fault').length;
  terminal.line();
  terminal.line(verdict(checks), faults > 0 ? 'bad' : 'good');
  return {
    exitCode: faults > 0 ? FAULT_FOUND : 0,
    json: { stack: read.stack.name, verdict: faults > 0 ? 'fault' : 'ok', faults, checks },
  };
}

/**
 * Signs in and looks at everything that can be looked at.
 *
 * @throws InteropError of kind `authentication` when the sign-in is refused; what fails later is a check that says so.
 */
export async function preflightChecks(
  context: CommandContext,
  { stack, config, azuread }: ReadStack,
): Promise<readonly Check[]> {
  const { terminal, env, signal } = context;
  const signedIn = await signIn(azuread, env, signal);
  const [{ GraphDirectory }, { listPeople }] = await Promise.all([
    import('../../infra/exchange/role-mailboxes/index.js'),
    import('../../infra/preflight/index.js'),
  ]);
  const { cloud, trust } = signedIn;
  const graph = {
    graph: cloud.graph,
    token: () => signedIn.token(`${cloud.graph}/.default`, signal),
    trust,
    signal,
  };
  const port = concernsExchange(config) ? await openPortFor(context, config, signedIn) : undefined;
  const asked = { stack: stack.name, graph: once(() => openGraph(signedIn, signal)) };
  try {
    return await preflight(config, {
      graphToken: graph.token,
      exchangeToken: () => signedIn.token(`${cloud.exchange}/.default`, signal),
      work:
        port === undefined
          ? undefined
          : { port, clock: systemClock, signal, status: (text) => terminal.status(text) },
      directory: new GraphDirectory(graph),
      clientId: () => clientIdOf({ ...asked, config }),
      secretPolicy: () => stackSecretPolicy({ ...asked, config }),
      people: () => listPeople(graph),
      ...googlePlaces(context, { stack, config, trust }),
      now: new Date(),
      onProgress: (seen) => terminal.status(`looked at ${seen} people and accounts`),
    });
  } finally {
    await port?.close();
  }
}

/** An adopted registration is known by the configuration, too. @throws InteropError when registrations may not be read */
async function clientIdOf({ stack, config, graph }: PolicyRequest): Promise<string | undefined> {
  try {
    return (await findRegistration(await graph(), stack, config))?.appId;
  } catch (error) {
    const { adopt } = config.registration;
    if (!(error instanceof InteropError) || error.kind === 'cancelled' || adopt === undefined) throw error;
    return adopt;
  }
}

function concernsExchange(config: StackConfig): boolean {
  return config.protocol !== undefined || config.visibility !== undefined || config.roleMailboxes.length > 0;
}

const HEADINGS: Readonly<Record<(typeof CHECK_GROUPS)[number], string>> = {
  permissions: 'What the sign-in may do',
  policy: "The tenant's policies",
  licences: 'Licences',
  exchange: 'Exchange Online',
  people: 'People',
  google: 'Google',
};

function report(terminal: Terminal, checks: readonly Check[]): void {
  for (const group of CHECK_GROUPS) {
    const members = checks.filter((check) => groupOf(check) === group);
    if (members.length === 0) continue;
    terminal.heading(HEADINGS[group]);
    for (const check of members) printCheck(terminal, check);
  }
}

function printCheck(terminal: Terminal, { state, what, found, allowed, next }: Check): void {
  const [sign, tone] = CHECK_SIGNS[state];
  const facts = found === undefined || state !== 'ok' ? '' : `: ${found}`;
  terminal.line(
    `  ${terminal.paint(sign, tone)} ${state === 'notChecked' ? 'not checked: ' : ''}${what}${facts}`,
  );
  if (state === 'ok') return;
  if (found !== undefined) terminal.line(`      found:   ${found}`);
  if (allowed !== undefined) terminal.line(`      allowed: ${allowed}`);
  if (next !== undefined) terminal.line(`      ${terminal.paint('next:', 'good')}    ${next}`);
}

function verdict(checks: readonly Check[]): string {
  const count = (state: CheckState) => checks.filter((check) => check.state === state).length;
  const [ok, faults, unknown] = [count('ok'), count('fault'), count('notChecked')];
  return `${faults === 0 ? 'No fault found' : `${faults} ${faults === 1 ? 'fault' : 'faults'}`}: ${ok} fine, ${unknown} not checked. Nothing was changed.`;
}
