/**
 * The lock of Pulumi's self-managed backends: a run that is killed leaves it behind, and the next one is refused.
 *
 * Source of the message and of its fields: pulumi/pulumi pkg/backend/diy/lock.go.
 */
import { hostname, userInfo } from 'node:os';
import { InteropError } from '../infra/errors.js';
import { errorCode } from './replace-file.js';

/** Who holds a lock, as the engine tells it. */
export interface BackendLock {
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
}

/** The locks that a failed engine run was refused for; none where it failed for another reason. */
export function locksOf(error: unknown): readonly BackendLock[] {
  const text = error instanceof Error ? error.message : String(error);
  if (!text.includes('the stack is currently locked by')) return [];
  return [...text.matchAll(/created by (\S+)@(\S+) \(pid (\d+)\)/g)].map(
    ([, holder = '', host = '', pid]) => ({
      holder,
      host,
      pid: Number(pid),
    }),
  );
}

/**
 * Whether the holder is certainly gone: it ran on this machine, as this user, and no process has its number any more. A number
 * that another process has by now counts as held: to wait is safe, to remove a lock in use is not.
 */
export function isAbandoned(lock: BackendLock): boolean {
  return lock.host === hostname() && lock.holder === userInfo().username && !isRunning(lock.pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

/** The error for a stack that somebody else works on. */
export function lockedError(locks: readonly BackendLock[], stack: string): InteropError {
  return new InteropError({
    kind: 'failure',
    summary: `the stack ${stack} is locked by another run`,
    problems: locks.map(({ holder, host, pid }) => ({
      what: 'one run at a time may work on a stack',
      found: `${holder}@${host}, process ${pid}`,
    })),
    next: [
      'wait for that run to end, then run the command again',
      `pulumi cancel --stack ${stack}   # only when that process is certainly gone`,
    ],
  });
}
