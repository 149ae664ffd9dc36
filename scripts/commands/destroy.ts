/** `destroy`: undoes what this stack did, and nothing else. */
import type { CommandContext, CommandResult } from '../command-context.js';
import { openStack } from '../open-stack.js';
import { changesAsJson } from './engine-json.js';

export interface DestroyFlags {
  /** Look at the tenant first: what is gone already cannot be deleted. */
  readonly refresh: boolean;
}

/** Deletes the stack's resources; the stack, its history and its configuration stay. */
export async function destroy(context: CommandContext, flags: DestroyFlags): Promise<CommandResult> {
  const open = await openStack(context, { ledger: 'provisional', create: false });
  const record = await open.session.run('destroy', { refresh: flags.refresh });
  open.reporter.summary(record, { done: 'removed', none: 'Nothing to remove.' });
  return { exitCode: 0, json: { ...open.engine, ...changesAsJson(record) } };
}
