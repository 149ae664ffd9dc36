/** `rotation init`: the first ledger, before the first `pulumi up`. */
import { relative } from 'node:path';
import { parseStackConfig } from '../../infra/config.js';
import { initialLedger } from '../../infra/rotation/ledger.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { chooseStack, findProject } from '../project.js';
import { readStackFile, stackConfigOf, writeLedger } from '../stack-file.js';

/** Writes a ledger where there is none; one that is there already stays as it is. */
export async function rotationInit(context: CommandContext): Promise<CommandResult> {
  const stack = chooseStack(findProject(context.cwd), context.stack, context.env);
  const raw = stackConfigOf(readStackFile(stack.file));
  const config = parseStackConfig(raw.ours, raw.azuread);
  if (config.rotation !== undefined) {
    context.terminal.line(
      `The stack ${stack.name} has a ledger already (revision ${config.rotation.revision}); left as it is.`,
    );
    return { exitCode: 0, json: { written: false, ledger: config.rotation } };
  }
  const ledger = initialLedger({ now: new Date(), lifetimeDays: config.secret.lifetimeDays });
  writeLedger(stack.file, ledger);
  context.terminal.line(
    `Wrote the first rotation ledger into ${relative(context.cwd, stack.file)}: commit it.`,
  );
  context.terminal.line(`  next: calendar-interop up --stack ${stack.name}`);
  return { exitCode: 0, json: { written: true, ledger } };
}
