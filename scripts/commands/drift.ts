/** `drift`: what was changed behind Pulumi's back. Writes nothing, neither in the tenant nor in the state. */
import { EXIT_CODES } from '../../infra/errors.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { type ResourceStep, type RunRecord, resourceChanges } from '../engine-events.js';
import { describeStep } from '../engine-reporter.js';
import { explainingSignIn, type OpenStack, openStackToRead } from '../open-stack.js';
import { changesAsJson } from './engine-json.js';

/** Exit code 7 where something differs, 0 where nothing does. */
export async function drift(context: CommandContext): Promise<CommandResult> {
  const open = await openStackToRead(context);
  const record = await findDrift(open);
  const changes = resourceChanges(record);
  const found = changes.length;
  for (const step of changes) {
    context.terminal.line(`${describeStep(context.terminal, step)} ${whatHappened(step)}`);
  }
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

/** Compares the tenant with the state. @throws InteropError as the engine's runs do, and `authentication` */
export async function findDrift(open: OpenStack): Promise<RunRecord> {
  return await explainingSignIn(open, () => open.session.run('drift'));
}

/** A refresh finds what is gone and what differs; it makes nothing. */
function whatHappened({ op }: ResourceStep): string {
  return op === 'delete' ? 'was deleted' : 'was changed';
}
