/** Runs single commands of the Pulumi CLI that the Automation API has no, or no harmless, call for. */
import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { runChild } from './engine/child.js';
import { engineError } from './engine-run-error.js';

/** Where and with what the CLI runs. */
export interface PulumiProcess {
  readonly command: Pick<PulumiCommand, 'command'>;
  readonly folder: string;
  /** On top of this process's own variables. */
  readonly childEnv: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** How a command of the CLI ended: its standard output, or what it said of its failure. */
export type PulumiAnswer =
  | { readonly ok: true; readonly stdout: string }
  | { readonly ok: false; readonly stderr: string };

/**
 * Runs `pulumi <args>` without asking anything.
 *
 * @throws InteropError of kind `cancelled` when the signal is aborted, after the CLI has ended.
 */
export async function askPulumi(process_: PulumiProcess, args: readonly string[]): Promise<PulumiAnswer> {
  const result = await runChild({
    command: process_.command.command,
    args: [...args, '--non-interactive'],
    cwd: process_.folder,
    env: { ...process.env, ...process_.childEnv },
    signal: process_.signal,
  });
  return result.ok ? result : { ok: false, stderr: result.stderr === '' ? result.trouble : result.stderr };
}

/**
 * The same where it has to work.
 *
 * @throws InteropError of kind `failure` with `summary` and the CLI's own words.
 */
export async function runPulumi(
  process_: PulumiProcess,
  args: readonly string[],
  summary: string,
): Promise<string> {
  const answer = await askPulumi(process_, args);
  if (answer.ok) return answer.stdout;
  throw engineError(summary, new Error(answer.stderr.trimEnd()));
}
