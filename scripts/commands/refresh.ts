/** `refresh`: takes the tenant as it is into the state. */
import type { CommandContext, CommandResult } from '../command-context.js';
import { openStack } from '../open-stack.js';
import { changesAsJson } from './engine-json.js';

/** Updates the state; changes nothing in the tenant. */
export async function refresh(context: CommandContext): Promise<CommandResult> {
  const open = await openStack(context, { ledger: 'provisional', create: false });
  const record = await open.session.run('refresh');
  open.reporter.summary(record, {
    done: 'taken into the state',
    none: 'Nothing differs: the state is as the tenant.',
  });
  return { exitCode: 0, json: { ...open.engine, ...changesAsJson(record) } };
}
