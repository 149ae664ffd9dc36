/** `drift`: what was changed behind Pulumi's back. Writes nothing, neither in the tenant nor in the state. */
import { EXIT_CODES } from '../../infra/errors.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { resourceChanges } from '../engine-events.js';
import { openStack } from '../open-stack.js';
import { changesAsJson } from './engine-json.js';

/** Exit code 7 where something differs, 0 where nothing does. */
export async function drift(context: CommandContext): Promise<CommandResult> {
  const open = await openStack(context, { ledger: 'provisional', create: false });
  const record = await open.session.run('drift');
  const found = resourceChanges(record).length;
  open.reporter.summary(record, { done: 'behind our back', none: 'No drift: the tenant is as the state.' });
  if (found > 0)
    context.terminal.line(
      `  next: calendar-interop up --refresh --stack ${open.stack.name}   # makes it as declared`,
    );
  return {
    exitCode: found > 0 ? EXIT_CODES.drift : 0,
    json: { ...open.engine, ...changesAsJson(record), found },
  };
}
