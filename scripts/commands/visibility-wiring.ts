/** What the visibility commands need of the stack: the way to Exchange, the saved undo record, and its two resources. */
import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import type { StackConfig } from '../../infra/config.js';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import type { Counts } from '../../infra/exchange/visibility/index.js';
import type { SignedIn } from '../../infra/graph/provider-cloud.js';
import type { CommandContext } from '../command-context.js';
import type { OpenPort, RunResources, SavedRecord } from './visibility-port.js';

const BASELINE = 'exchange:index:CalendarBaseline';
const VISIBILITY = 'exchange:index:CalendarVisibility';

export const openStackPort: OpenPort = async (context, open) =>
  await openPortFor(context, open.config, await open.signedIn());

/** The port that the stack's configuration asks for, with a sign-in that is there already. */
export async function openPortFor(
  { env }: CommandContext,
  { exchange, tenant }: StackConfig,
  { cloud, credential, tenantId, trust }: SignedIn,
): Promise<CmdletPort> {
  const { openPort } = await import('../../infra/exchange/transport/open.js');
  const common = {
    baseUrl: exchange.url ?? cloud.exchange,
    // Another address is the same service: tokens are for the cloud's own name of it.
    scope: `${cloud.exchange}/.default`,
    tenantId,
    organization: tenant,
    credential,
  };
  return exchange.transport === 'rest'
    ? openPort({ ...common, transport: 'rest', trust })
    : openPort({ ...common, transport: 'powershell', env });
}

export const savedRecord: SavedRecord = async (open) => {
  const { UndoRecord } = await import('../../infra/exchange/visibility/index.js');
  const record = outputsOf(await open.session.readState(), BASELINE)?.record;
  return typeof record === 'string' ? UndoRecord.decode(record) : UndoRecord.empty;
};

export const runResources: RunResources = async (_, open) => {
  await open.session.run('up', {
    command: 'visibility apply',
    sweep: new Date().toISOString(),
    targets: [`**${BASELINE}**`, `**${VISIBILITY}**`],
  });
  const state = await open.session.readState();
  const planned = outputsOf(state, BASELINE)?.counts as Counts;
  return { planned, applied: outputsOf(state, VISIBILITY)?.counts as Counts | undefined };
};

function outputsOf(state: Deployment, type: string): Readonly<Record<string, unknown>> | undefined {
  const { resources } = (state.deployment ?? {}) as {
    resources?: readonly { readonly type: string; readonly outputs?: Record<string, unknown> }[];
  };
  return resources?.find((resource) => resource.type === type)?.outputs;
}
