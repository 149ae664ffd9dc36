/** `visibility plan`: reads every calendar in scope and says what would change. Writes nothing. */
import { EXIT_CODES } from '../../infra/errors.js';
import {
  planText,
  planVisibility,
  type UndoRecord,
  unknownExclusionText,
} from '../../infra/exchange/visibility/index.js';
import { keepHeapLean } from '../../infra/lean-heap.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { openStack } from '../open-stack.js';
import type { OpenPort, SavedRecord } from './visibility-port.js';
import { exitCodeOf, filesOf, follow, printFailures, requireVisibility } from './visibility-shared.js';

export interface VisibilityPlanFlags {
  /** Exit code 7 where calendars would be raised. */
  readonly exitCode: boolean;
}

export async function visibilityPlan(
  context: CommandContext,
  flags: VisibilityPlanFlags,
  wiring: { readonly openPort: OpenPort; readonly savedRecord: SavedRecord },
): Promise<CommandResult> {
  keepHeapLean();
  const open = await openStack(context, { ledger: 'provisional', create: false });
  const target = requireVisibility(open.config, open.stack);
  const former: UndoRecord = await wiring.savedRecord(open);
  const port = await wiring.openPort(context, open);
  const { terminal } = context;
  try {
    const plan = await planVisibility(
      {
        port,
        files: filesOf(open.config, open.stack.name, context.env),
        signal: context.signal,
        onProgress: follow(terminal, 'reading calendars'),
      },
      target,
      former,
    );
    terminal.line(`${planText(plan.counts)}.`);
    for (const exclusion of plan.unknownExclusions) terminal.warn(unknownExclusionText(exclusion));
    if (plan.notes.withoutId > 0)
      terminal.warn(`${plan.notes.withoutId} entries of the list have no id and were passed over`);
    printFailures(terminal, plan.counts, plan.failures, open.stack.name);
    if (plan.counts.lower > 0)
      terminal.line(`  next: calendar-interop visibility apply --stack ${open.stack.name}`);
    return {
      exitCode: exitCodeOf(plan.counts) || (flags.exitCode && plan.counts.lower > 0 ? EXIT_CODES.drift : 0),
      json: {
        counts: plan.counts,
        notes: plan.notes,
        unknownExclusions: plan.unknownExclusions,
        failures: plan.failures,
        recorded: plan.record.size,
        statistics: port.statistics(),
      },
    };
  } finally {
    await port.close();
  }
}
