/**
 * Runs one command: its terminal, its signals, its errors, its exit code.
 */
import { listenForSignals } from './cancellation.js';
import type { CliIo } from './cli.js';
import type { CommandContext, CommandResult } from './command-context.js';
import { asInteropError, Terminal } from './terminal.js';

/** The options that all commands share. */
export interface CommonFlags {
  readonly stack?: string;
  readonly json?: boolean;
  readonly cwd?: string;
}

/** Runs `command` and answers with its exit code. Errors are printed; none is thrown. */
export async function runCommand(
  io: CliIo,
  flags: CommonFlags,
  command: (context: CommandContext) => Promise<CommandResult>,
): Promise<number> {
  const terminal = new Terminal({
    stdout: io.stdout,
    stderr: io.stderr,
    json: flags.json === true,
    color: wantsColor(io, flags.json === true),
  });
  const cancellation = listenForSignals([io.stdin, io.stdout, io.stderr].some(({ isTTY }) => isTTY === true));
  try {
    const result = await command({
      terminal,
      env: io.env,
      cwd: flags.cwd ?? io.cwd,
      signal: cancellation.signal,
      cancellation,
      stack: flags.stack,
    });
    if (result.json !== undefined) terminal.result(result.json);
    return result.exitCode;
  } catch (error) {
    const failure = asInteropError(error);
    terminal.failure(failure);
    return failure.exitCode;
  } finally {
    cancellation.stop();
  }
}

/** NO_COLOR forbids, FORCE_COLOR demands, otherwise a terminal decides (no-color.org). */
function wantsColor(io: CliIo, json: boolean): boolean {
  if ((io.env.NO_COLOR ?? '') !== '') return false;
  if ((io.env.FORCE_COLOR ?? '') !== '') return true;
  return (json ? io.stderr : io.stdout).isTTY === true;
}
