/** `up`: makes everything as declared. */
import type { SecretSlotOutput } from '../../infra/identity/interop-application.js';
import { sameLedger } from '../../infra/rotation/index.js';
import type { Ledger } from '../../infra/rotation/ledger.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { resourceChanges } from '../engine-events.js';
import { type OpenStack, openStack } from '../open-stack.js';
import { recover } from '../recovery.js';
import {
  type ForeignView,
  findForeignSecrets,
  foreignAsJson,
  showForeign,
} from '../rotation/foreign-secrets.js';
import { withKeyIds } from '../rotation/key-ids.js';
import { readRotation } from '../rotation/rotation.js';
import { requireNewSecretsAllowed } from '../secret-policy.js';
import { writeLedger } from '../stack-file.js';
import { changesAsJson } from './engine-json.js';
import { showOutputs, stackOutputs } from './stack-outputs.js';

export interface UpFlags {
  /** Look at the tenant first and repair what drifted. */
  readonly refresh: boolean;
}

/** Puts an interrupted run right, then runs the update. */
export async function up(context: CommandContext, flags: UpFlags): Promise<CommandResult> {
  const open = await openStack(context, { ledger: 'write', create: true, countSecretInUse: true });
  await requireNewSecretsAllowed({ ...open, stack: open.stack.name, now: new Date() }, context.terminal);
  await recover({ ...open, say: (text) => context.terminal.warn(text), signal: context.signal });
  const record = await open.session.run('up', { refresh: flags.refresh });
  const outputs = stackOutputs(await open.session.outputs());
  if (open.ledger.pending === undefined) noteKeyIds(context, open.ledger, outputs);
  await finishRotation(context, open);
  open.reporter.summary(record, { done: 'done', none: 'Nothing changed: everything is as declared.' });
  showOutputs(context.terminal, outputs);
  const foreign = await foreignSecretsOf(context, open, outputs);
  showForeign(context.terminal, foreign, new Date(), open.stack.name);
  return {
    exitCode: 0,
    json: {
      ...open.engine,
      ...changesAsJson(record),
      changed: resourceChanges(record).length,
      outputs,
      foreignSecrets: foreignAsJson(foreign),
    },
  };
}

/** Secrets of the registration that neither the ledger, as it is now, nor the state knows. */
async function foreignSecretsOf(
  context: CommandContext,
  { stack, config, graph }: OpenStack,
  { secretSlots }: Readonly<Record<string, unknown>>,
): Promise<ForeignView> {
  const { ledger } = readRotation(context);
  const made = Object.values((secretSlots ?? {}) as Readonly<Record<string, SecretSlotOutput>>);
  const inState = made.map(({ keyId }) => keyId);
  return await findForeignSecrets({ graph, stack: stack.name, config, ledger, inState });
}

/** Loaded only where there is something to end or to copy. */
async function finishRotation(context: CommandContext, open: OpenStack): Promise<void> {
  if (open.ledger.pending === undefined && open.config.secret.keyVault === undefined) return;
  const [{ endUpdate }, { LIVE_WORLD, liveEngine }] = await Promise.all([
    import('./rotation-after-up.js'),
    import('../rotation/live-world.js'),
  ]);
  await endUpdate(context, { ...LIVE_WORLD, open: async () => liveEngine(context, open) }, open.ledger);
}

/** Writes those that the file lacks, unless somebody has changed its ledger since it was brought up: the next update notes them. */
function noteKeyIds(
  context: CommandContext,
  brought: Ledger,
  { secretSlots }: Readonly<Record<string, unknown>>,
): void {
  const noted = withKeyIds(brought, (secretSlots ?? {}) as Parameters<typeof withKeyIds>[1]);
  if (noted === undefined) return;
  const { stack, ledger } = readRotation(context);
  if (sameLedger(ledger, brought)) writeLedger(stack.file, noted);
}
