/**
 * The lock of Pulumi's self-managed backends: a run that is killed leaves it behind, and the next one is refused.
 *
 * Source of the message, of the lock's file and of its fields: pulumi/pulumi pkg/backend/diy/lock.go.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { homedir, hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { InteropError } from '../infra/errors.js';
import { isInContainer, isRunning } from './processes.js';

/** Who holds a lock, as the engine tells it. */
export interface BackendLock {
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
  /** URL of the lock's file. */
  readonly url: string;
}

/** Who looks at a lock, and what can be known of processes from there. */
export interface Observer {
  readonly user: string;
  readonly host: string;
  /** In a container, process numbers say nothing about a process of the same host name outside or in another one. */
  readonly inContainer: boolean;
  isRunning(pid: number): boolean;
}

/** One line for each lock. Names of users may hold spaces and `@`, those of hosts may not. */
const LOCK_LINE = /^ {2}(\S+): created by (.+)@([^@\s]+) \(pid (\d+)\) at /gm;
const LOCK_COUNT = /the stack is currently locked by (\d+) lock\(s\)/g;

/** The locks that a failed engine run was refused for; none where it failed for another reason. */
export function locksOf(error: unknown): readonly BackendLock[] {
  const text = textOf(error);
  if (lockCounts(text).length === 0) return [];
  const locks = [...text.matchAll(LOCK_LINE)].map(([, url = '', holder = '', host = '', pid]) => ({
    holder,
    host,
    pid: Number(pid),
    url,
  }));
  // The Automation API's error says the engine's words more than once.
  return [...new Map(locks.map((lock) => [lock.url, lock])).values()];
}

/**
 * Removes the files of the locks that a run was refused for, and no others, when the holders of all of them are certainly gone.
 *
 * A process number that another process has by now counts as held: to wait is safe, to remove a lock in use is not.
 *
 * @param backendUrl of the backend; undefined where only Pulumi knows it.
 * @returns the locks that were removed; undefined, and nothing is removed, where any of them may be in use.
 */
export async function removeAbandonedLocks(
  error: unknown,
  backendUrl: string | undefined,
  observer: Observer = thisProcess(),
): Promise<readonly BackendLock[] | undefined> {
  if (backendUrl !== undefined && !backendUrl.startsWith('file://')) return undefined;
  const locks = locksOf(error);
  const all = locks.length > 0 && lockCounts(textOf(error)).every((count) => count === locks.length);
  if (!all || !locks.every((lock) => isAbandoned(lock, observer))) return undefined;
  const files = locks.map(lockFile);
  for (const [index, lock] of locks.entries()) {
    if (!(await isLockOf(files[index], lock))) return undefined;
  }
  for (const file of files) if (file !== undefined) await removeBlob(file);
  return locks;
}

/** A stack in a file backend, by the names that its locks lie under. */
export interface LockedStack {
  readonly backendUrl: string | undefined;
  readonly project: string;
  readonly stack: string;
}

/**
 * What the engine would refuse a run with now, without starting one. Only of file backends: others do not tell.
 *
 * @returns undefined where there is no lock, or where that cannot be known
 */
export async function lockRefusal({ backendUrl, project, stack }: LockedStack): Promise<Error | undefined> {
  if (backendUrl?.startsWith('file://') !== true) return undefined;
  const folder = join(backendFolder(backendUrl), '.pulumi', 'locks', 'organization', project, stack);
  const names = await readdir(folder).catch(() => []);
  const lines: string[] = [];
  for (const file of names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name))) {
    const lock = lockSchema.safeParse(await readJson(file));
    // One that was removed in between is none.
    if (lock.data === undefined) continue;
    const { username, hostname: host, pid } = lock.data;
    lines.push(
      `  ${pathToFileURL(file).href}: created by ${username}@${host} (pid ${pid}) at an unknown time`,
    );
  }
  if (lines.length === 0) return undefined;
  return new Error([`the stack is currently locked by ${lines.length} lock(s).`, ...lines].join('\n'));
}

/** The folder of a file backend; `file://~` is the home folder (pulumi/pulumi pkg/backend/diy/backend.go). */
export function backendFolder(url: string): string {
  const path = url.slice('file://'.length).split('?')[0] ?? '';
  if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1));
  return path.startsWith('/') ? fileURLToPath(new URL(url.split('?')[0] ?? url)) : resolve(path);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function thisProcess(): Observer {
  return {
    user: userInfo().username,
    host: hostname(),
    inContainer: isInContainer(process.env),
    isRunning,
  };
}

function isAbandoned(lock: BackendLock, observer: Observer): boolean {
  const isOurs = lock.host === observer.host && lock.holder === observer.user;
  return isOurs && !observer.inContainer && !observer.isRunning(lock.pid);
}

/** The file that a lock's URL names; undefined where it is none of a file backend's lock files. */
function lockFile({ url }: BackendLock): string | undefined {
  if (!url.startsWith('file:///')) return undefined;
  const parsed = new URL(url);
  if (!/\/\.pulumi\/locks\/.+\.json$/.test(parsed.pathname)) return undefined;
  parsed.search = '';
  return fileURLToPath(parsed);
}

const lockSchema = z.object({ pid: z.int().positive(), username: z.string(), hostname: z.string() });

async function isLockOf(file: string | undefined, lock: BackendLock): Promise<boolean> {
  if (file === undefined) return false;
  const { data } = lockSchema.safeParse(await readJson(file));
  return data?.pid === lock.pid && data.username === lock.holder && data.hostname === lock.host;
}

/** The backend keeps what it knows of a file beside it (gocloud.dev/blob/fileblob). */
async function removeBlob(file: string): Promise<void> {
  await rm(file, { force: true });
  await rm(`${file}.attrs`, { force: true });
}

function lockCounts(text: string): readonly number[] {
  return [...text.matchAll(LOCK_COUNT)].map(([, count]) => Number(count));
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
