/** What the visibility commands need of the rest of the program: handed in, so that they can be tested without it. */
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import type { Counts, UndoRecord } from '../../infra/exchange/visibility/index.js';
import type { CommandContext } from '../command-context.js';
import type { OpenStack } from '../open-stack.js';

/** Opens Exchange with the stack's own sign-in. The command closes the port. */
export type OpenPort = (context: CommandContext, open: OpenStack) => Promise<CmdletPort>;

/** The undo record in the stack's state; an empty one where nothing was ever raised. */
export type SavedRecord = (open: OpenStack) => Promise<UndoRecord>;

/**
 * Runs the two resources CalendarBaseline and CalendarVisibility through the engine, so that the baseline is saved before
 * anything is written.
 */
export type RunResources = (
  context: CommandContext,
  open: OpenStack,
) => Promise<{
  readonly planned: Counts;
  /** Undefined where there was nothing to raise. */
  readonly applied: Counts | undefined;
}>;
