/** `visibility report`: who has which level and what failed, as lines, as JSON or as a page. Asks nobody. */
import { resolve } from 'node:path';
import { InteropError } from '../../infra/errors.js';
import { makeReport, reportLines, reportPage } from '../../infra/exchange/visibility/index.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { writePage } from '../write-page.js';
import { visibilityStack } from './visibility-shared.js';

/**
 * @param options.html file for the page, replaced when it exists
 * @throws InteropError of kind `failure` when no sweep has run on this machine, or when the page cannot be written
 */
export async function visibilityReport(
  context: CommandContext,
  options: { readonly html: string | undefined },
): Promise<CommandResult> {
  const { stack, files } = visibilityStack(context);
  const report = await makeReport(files);
  if (report === undefined) {
    throw new InteropError({
      kind: 'failure',
      summary: `no sweep of the stack ${stack.name} has run on this machine`,
      next: [`calendar-interop visibility plan --stack ${stack.name}`],
    });
  }
  if (options.html === undefined) {
    for (const line of reportLines(report)) context.terminal.line(line);
  } else {
    const path = resolve(context.cwd, options.html);
    await writePage(path, reportPage(report, stack.name));
    context.terminal.line(`Wrote ${path}: it holds addresses of people.`);
  }
  return { exitCode: 0, json: report };
}
