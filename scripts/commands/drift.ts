/** `drift`: what was changed behind Pulumi's back. Writes nothing, neither in the tenant nor in the state. */
import { EXIT_CODES } from '../../infra/errors.js';
import { UNSEEN_CALENDARS } from '../../infra/exchange/unseen-calendars.js';
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
  const unseen = unseenCalendars(record);
  const none =
    unseen.length === 0 ? 'No drift: the tenant is as the state.' : 'No drift in what was looked at.';
  open.reporter.summary(record, { done: 'behind our back', none });
  if (found > 0)
    context.terminal.line(
      `  next: calendar-interop up --refresh --stack ${open.stack.name}   # makes it as declared`,
    );
  if (unseen.length > 0)
    context.terminal.line(
      `  next: calendar-interop visibility plan --exit-code --stack ${open.stack.name}   # reads all calendars`,
    );
  return {
    exitCode: found > 0 ? EXIT_CODES.drift : 0,
    json: { ...open.engine, ...changesAsJson(record), found, notLookedAt: unseen },
  };
}

/** Compares the tenant with the state. @throws InteropError as the engine's runs do, and `authentication` */
export async function findDrift(open: OpenStack): Promise<RunRecord> {
  return await explainingSignIn(open, () => open.session.run('drift'));
}

/** What the provider says of calendars that a refresh leaves to sweeps: where it says so, nothing is known of them. */
export function unseenCalendars({ diagnostics }: RunRecord): readonly string[] {
  return diagnostics.map(({ message }) => message).filter((message) => message.includes(UNSEEN_CALENDARS));
}

/** A refresh finds what is gone and what differs; it makes nothing. */
function whatHappened({ op }: ResourceStep): string {
  return op === 'delete' ? 'was deleted' : 'was changed';
}
