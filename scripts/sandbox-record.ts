/**
 * What a running sandbox leaves for other commands of the same user: where it listens and what signs in to it, so that
 * `sandbox --env` can tell. One file per port in the cache folder, readable by the user alone, gone when the sandbox stops.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { InteropError } from '../infra/errors.js';
import { cacheFolder } from './cache-folder.js';
import { isRunning } from './processes.js';

const recordSchema = z.object({
  pid: z.int().positive(),
  /** The exports for `pulumi`, by variable. */
  exports: z.record(z.string(), z.string()),
});

export type SandboxRecord = z.output<typeof recordSchema>;

/** Writes the record of the sandbox on `port`; one that a killed sandbox left is replaced. */
export function writeSandboxRecord(env: NodeJS.ProcessEnv, port: number, record: SandboxRecord): void {
  const file = recordFile(env, port);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(record), { mode: 0o600, flag: 'wx' });
}

/** Removes the record of the sandbox on `port`. */
export function removeSandboxRecord(env: NodeJS.ProcessEnv, port: number): void {
  rmSync(recordFile(env, port), { force: true });
}

/**
 * The record of the sandbox that runs on `port`.
 *
 * @throws InteropError of kind `failure` when none runs there.
 */
export function readSandboxRecord(env: NodeJS.ProcessEnv, port: number): SandboxRecord {
  const record = parsedRecord(recordFile(env, port));
  if (record !== undefined && isRunning(record.pid)) return record;
  throw new InteropError({
    kind: 'failure',
    summary: `no sandbox of yours runs on port ${port}`,
    problems: [{ where: '--env', what: 'prints the exports for a sandbox that runs already' }],
    next: [`calendar-interop sandbox --port ${port}   # in another shell`],
  });
}

function parsedRecord(file: string): SandboxRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function recordFile(env: NodeJS.ProcessEnv, port: number): string {
  return join(cacheFolder(env), 'sandboxes', `${port}.json`);
}
