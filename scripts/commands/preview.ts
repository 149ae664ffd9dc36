/** `preview`: what `up` would change. Writes nothing. */
import type { CommandContext, CommandResult } from '../command-context.js';
import { resourceChanges } from '../engine-events.js';
import { explainingSignIn, openStack } from '../open-stack.js';
import { changesAsJson } from './engine-json.js';

export interface PreviewFlags {
  readonly refresh: boolean;
}

/** Runs the preview; exit code 0 whether or not there is something to do. */
export async function preview(context: CommandContext, flags: PreviewFlags): Promise<CommandResult> {
  const open = await openStack(context, { ledger: 'provisional', create: true, signIn: 'lazily' });
  const record = await explainingSignIn(open, () =>
    open.session.run('preview', { refresh: flags.refresh }).finally(() => open.session.forgetIfNew()),
  );
  open.reporter.summary(record, { done: 'planned', none: 'Nothing to do: everything is as declared.' });
  return {
    exitCode: 0,
    json: { ...open.engine, ...changesAsJson(record), changed: resourceChanges(record).length },
  };
}
