/** Commands measured in turn, A B A B …, so that a machine that gets slower does not favour one of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A process to measure. */
export interface Measured {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Seconds of each round. */
export interface Round {
  readonly one: number;
  readonly other: number;
}

/**
 * Runs both once without counting, then `rounds` times in turn.
 *
 * @throws Error when a run does not end with exit code 0: a failure is no measurement.
 */
export async function inTurn(one: Measured, other: Measured, rounds: number): Promise<readonly Round[]> {
  await seconds(one);
  await seconds(other);
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    measured.push({ one: await seconds(one), other: await seconds(other) });
  }
  return measured;
}

/** Wall-clock seconds of one run. */
export async function seconds({ command, args, cwd, env }: Measured): Promise<number> {
  const started = performance.now();
  const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr.slice(-2000)}`);
  return (performance.now() - started) / 1000;
}
