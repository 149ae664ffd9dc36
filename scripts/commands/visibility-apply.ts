/** `visibility apply`: saves the baseline, then raises what is lower. Goes on where a killed run was. */
import { applyText, planText } from '../../infra/exchange/visibility/index.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { openStack } from '../open-stack.js';
import type { RunResources } from './visibility-port.js';
import { exitCodeOf, printFailures, requireVisibility } from './visibility-shared.js';

export async function visibilityApply(
  context: CommandContext,
  wiring: { readonly runResources: RunResources },
): Promise<CommandResult> {
  const open = await openStack(context, { ledger: 'provisional', create: false });
  requireVisibility(open.config, open.stack);
  const { planned, applied } = await wiring.runResources(context, open);
  const { terminal } = context;
  terminal.line(`${planText(planned)}.`);
  if (applied !== undefined) terminal.line(`${applyText(applied)}.`, applied.failed > 0 ? 'warn' : 'good');
  const last = applied ?? planned;
  printFailures(terminal, last, [], open.stack.name);
  return { exitCode: exitCodeOf(last), json: { planned, applied: applied ?? null } };
}
