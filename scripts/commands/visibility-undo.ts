/** `visibility undo`: gives calendars back the right that they had before this stack raised them. */
import { undoText, undoVisibility } from '../../infra/exchange/visibility/index.js';
import { keepHeapLean } from '../../infra/lean-heap.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { openStack } from '../open-stack.js';
import type { OpenPort, SavedRecord } from './visibility-port.js';
import { exitCodeOf, filesOf, follow, printFailures } from './visibility-shared.js';

/** The record stays in the state: undoing twice restores nothing twice. */
export async function visibilityUndo(
  context: CommandContext,
  wiring: { readonly openPort: OpenPort; readonly savedRecord: SavedRecord },
): Promise<CommandResult> {
  keepHeapLean();
  const open = await openStack(context, { ledger: 'provisional', create: false });
  const record = await wiring.savedRecord(open);
  const { terminal } = context;
  if (record.size === 0) {
    terminal.line('This stack has raised no calendar: there is nothing to undo.');
    return { exitCode: 0, json: { counts: null, failures: [] } };
  }
  const port = await wiring.openPort(context, open);
  try {
    const { counts, failures } = await undoVisibility(
      {
        port,
        files: filesOf(open.config, open.stack.name, context.env),
        signal: context.signal,
        onProgress: follow(terminal, 'restoring calendars'),
      },
      record,
    );
    terminal.line(`${undoText(counts)}.`, counts.failed > 0 ? 'warn' : 'good');
    printFailures(terminal, counts, failures, open.stack.name);
    if (open.config.visibility !== undefined)
      terminal.line(
        '  The next up raises them again, unless calendar-interop:visibility is taken out first.',
      );
    return {
      exitCode: exitCodeOf(counts),
      json: { counts, failures, statistics: port.statistics() },
    };
  } finally {
    await port.close();
  }
}
