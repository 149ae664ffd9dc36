/** `up`: makes everything as declared. */
import type { CommandContext, CommandResult } from '../command-context.js';
import { resourceChanges } from '../engine-events.js';
import { openStack } from '../open-stack.js';
import { recover } from '../recovery.js';
import { requireNewSecretsAllowed } from '../secret-policy.js';
import { changesAsJson } from './engine-json.js';
import { showOutputs, stackOutputs } from './stack-outputs.js';

export interface UpFlags {
  /** Look at the tenant first and repair what drifted. */
  readonly refresh: boolean;
}

/** Puts an interrupted run right, then runs the update. */
export async function up(context: CommandContext, flags: UpFlags): Promise<CommandResult> {
  const open = await openStack(context, { ledger: 'write', create: true });
  await requireNewSecretsAllowed({ ...open, stack: open.stack.name, now: new Date() }, context.terminal);
  await recover({ ...open, say: (text) => context.terminal.warn(text), signal: context.signal });
  const record = await open.session.run('up', { refresh: flags.refresh });
  const outputs = stackOutputs(await open.session.outputs());
  open.reporter.summary(record, { done: 'done', none: 'Nothing changed: everything is as declared.' });
  showOutputs(context.terminal, outputs);
  return {
    exitCode: 0,
    json: { ...open.engine, ...changesAsJson(record), changed: resourceChanges(record).length, outputs },
  };
}
