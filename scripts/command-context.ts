/** What every command is given, and what it gives back. */
import type { Cancellation } from './cancellation.js';
import type { Terminal } from './terminal.js';

/** The surroundings of one command; nothing is taken from the process behind its back. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Aborted on SIGINT and SIGTERM; a command then ends in an orderly way. */
  readonly signal: AbortSignal;
  readonly cancellation: Cancellation;
  /** Name of the stack, where `--stack` was given. */
  readonly stack: string | undefined;
}

/** How a command ended. `json` is printed with `--json`. */
export interface CommandResult {
  readonly exitCode: number;
  readonly json: unknown;
}
