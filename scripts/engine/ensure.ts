/**
 * Makes sure that there is a Pulumi CLI, before anything that needs one: for test runs and pipelines.
 *
 * As a program (`node dist/scripts/engine/ensure.js`) it shows progress on standard error and prints the CLI's path on
 * standard output.
 */
import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InteropError } from '../../infra/errors.js';
import { findPulumiCli, type PulumiCli } from './cli.js';
import { type LineStream, progressLines } from './progress.js';

/** Between two lines of progress. */
const LINE_INTERVAL_MS = 3_000;

/** What the program uses of its process. */
export interface EnsureOptions {
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Takes progress. @default process.stderr */
  readonly stderr?: LineStream;
  readonly signal?: AbortSignal;
}

/**
 * Finds, downloads or builds the Pulumi CLI and shows progress as plain lines.
 *
 * @throws InteropError as {@link findPulumiCli} does
 */
export async function ensurePulumiCli(options: EnsureOptions = {}): Promise<PulumiCli> {
  return await findPulumiCli({
    env: options.env,
    signal: options.signal,
    onProgress: progressLines(options.stderr ?? process.stderr, LINE_INTERVAL_MS, () => performance.now()),
  });
}

/** Runs as a program and answers with its exit code. SIGINT and SIGTERM stop what was started. */
async function main(): Promise<number> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  try {
    const cli = await ensurePulumiCli({ signal: interrupt.signal });
    process.stdout.write(`${cli.command}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof InteropError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}

function isProgram(): boolean {
  const [, script] = process.argv;
  if (script === undefined || !existsSync(script)) return false;
  return realpathSync(script) === fileURLToPath(import.meta.url);
}

if (isProgram()) {
  void main().then((code) => {
    process.exitCode = code;
  });
}
