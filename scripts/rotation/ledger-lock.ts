/**
 * One rotation command at a time on a stack's file: the engine's own lock begins too late, when the ledger is written already.
 *
 * The lock lies in the user's cache, not beside the file, where a killed command would leave it to git.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InteropError } from '../../infra/errors.js';
import { cacheFolder } from '../cache-folder.js';

/** A lock that was not renewed for so long belonged to a command that was killed (proper-lockfile README, "stale"). */
const STALE_MS = 8_000;
const RENEW_MS = 2_000;
/** Longer than a killed command's lock lasts. */
const ATTEMPTS = { retries: 24, factor: 1, minTimeout: 500, maxTimeout: 500 };

/**
 * Runs `work` while no other rotation command on this machine works on the same file.
 *
 * @throws InteropError of kind `failure` when one does.
 */
export async function withLedgerLock<T>(
  file: string,
  env: NodeJS.ProcessEnv,
  work: () => Promise<T>,
): Promise<T> {
  const { default: lockfile } = await import('proper-lockfile');
  const lockfilePath = ledgerLockPath(file, env);
  mkdirSync(dirname(lockfilePath), { recursive: true, mode: 0o700 });
  const release = await lockfile
    .lock(file, {
      lockfilePath,
      stale: STALE_MS,
      update: RENEW_MS,
      retries: ATTEMPTS,
      // Lost while the machine slept: what is written is compared with what was read, and the engine has a lock of its own.
      onCompromised: () => undefined,
    })
    .catch((error: unknown) => {
      throw (error as { code?: unknown }).code === 'ELOCKED' ? anotherCommand(file, error) : error;
    });
  try {
    return await work();
  } finally {
    await release().catch(() => undefined);
  }
}

/** Where the lock on a stack's file lies. */
export function ledgerLockPath(file: string, env: NodeJS.ProcessEnv): string {
  const name = createHash('sha256').update(realpathSync(file)).digest('hex').slice(0, 32);
  return join(cacheFolder(env), 'locks', `${name}.lock`);
}

function anotherCommand(file: string, cause: unknown): InteropError {
  return new InteropError({
    kind: 'failure',
    summary: 'another rotation command is working on this stack',
    problems: [
      { where: basename(file), what: 'one at a time may write its ledger; nothing was written to it' },
    ],
    next: ['wait for the other one to end, then run the command again'],
    cause,
  });
}
