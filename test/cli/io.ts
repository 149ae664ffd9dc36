/** The command line in this process, with streams that are looked at afterwards. */
import { PassThrough } from 'node:stream';
import { type CliIo, runCli } from '../../scripts/cli.js';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line. `io.terminal` makes standard output one, as `isTTY` says. */
export async function cli(
  argv: readonly string[],
  io: {
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly terminal?: boolean;
    readonly stdin?: string;
  } = {},
): Promise<CliRun> {
  const [stdout, stderr] = [collector(io.terminal === true), collector(io.terminal === true)];
  const surroundings: CliIo = {
    argv,
    env: io.env ?? {},
    cwd: io.cwd ?? process.cwd(),
    stdin: new PassThrough().end(io.stdin ?? ''),
    stdout: stdout.stream,
    stderr: stderr.stream,
  };
  const code = await runCli(surroundings);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(isTTY: boolean): { stream: PassThrough & { isTTY: boolean }; text(): string } {
  const chunks: Buffer[] = [];
  const stream = Object.assign(new PassThrough(), { isTTY });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
