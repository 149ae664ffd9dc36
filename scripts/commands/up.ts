/** `up`: makes everything as declared. */
import type { SecretSlotOutput } from '../../infra/identity/interop-application.js';
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
  if (open.ledger.pending === undefined) noteKeyIds(open, outputs);
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

/**
 * What a rotation command has begun, or a merged pull request asks for, ends with the update that was just run; a secret whose copy a
 * vault lacks is copied.
 */
async function finishRotation(context: CommandContext, open: OpenStack): Promise<void> {
  if (open.ledger.pending === undefined && open.config.secret.keyVault === undefined) return;
  const [{ withRotation }, { LIVE_WORLD, liveEngine }, { endOf }] = await Promise.all([
    import('../rotation/rotation.js'),
    import('../rotation/live-world.js'),
    import('./rotation-shared.js'),
  ]);
  const world = { ...LIVE_WORLD, open: async () => liveEngine(context, open) };
  await withRotation(context, world, { command: 'up' }, async (rotation) => {
    const begun = await rotation.carryOut(true);
    await rotation.copyToVault();
    return begun === undefined ? undefined : endOf(rotation);
  });
}

function noteKeyIds({ stack, ledger }: OpenStack, { secretSlots }: Readonly<Record<string, unknown>>): void {
  const noted = withKeyIds(ledger, (secretSlots ?? {}) as Parameters<typeof withKeyIds>[1]);
  if (noted !== undefined) writeLedger(stack.file, noted);
}
