/** Runs a program to its end: bounded in time, stoppable with everything that it started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { InteropError } from '../../infra/errors.js';

/** What to run. */
export interface ChildRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Milliseconds after which the program is stopped; absent: it may take as long as it likes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Takes each line that the program writes to standard error. */
  readonly onErrorLine?: (line: string) => void;
}

/** How it ended: with its standard output, or with one line that says why it is of no use, and the last it wrote to standard error. */
export type ChildResult =
  | { readonly ok: true; readonly stdout: string }
  | { readonly ok: false; readonly trouble: string; readonly stderr: string };

/** Time for a program to stop in an orderly way before it is killed. */
const GRACE_MS = 2_000;
/** Standard output beyond this many characters is dropped: the programs asked here write far less. */
const OUTPUT_LIMIT = 4_000_000;
/** How many of the last lines of standard error are kept for the account of a failure. */
const TAIL_LINES = 8;
/** How many of the last characters of standard error are kept. */
const STDERR_LIMIT = 10_000;

/**
 * Runs a program without a shell and without standard input, in a process group of its own.
 *
 * @throws InteropError `cancelled` when `signal` is aborted, after the program and its children are gone.
 */
export async function runChild(request: ChildRequest): Promise<ChildResult> {
  throwIfCancelled(request.signal);
  const child = spawn(request.command, [...request.args], {
    cwd: request.cwd,
    env: request.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const stop = stopper(child);
  const timer =
    request.timeoutMs === undefined ? undefined : setTimeout(stop.because('timeout'), request.timeoutMs);
  const onAbort = stop.because('cancelled');
  request.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const ended = await finish(child, request.onErrorLine);
    if (stop.reason() === 'cancelled') throw cancelled();
    if (stop.reason() === 'timeout') {
      return {
        ok: false,
        trouble: withTail(`no end within ${(request.timeoutMs ?? 0) / 1000} s`, ended.tail),
        stderr: ended.stderr,
      };
    }
    return ended.outcome === 0
      ? { ok: true, stdout: ended.stdout }
      : { ok: false, trouble: withTail(ended.outcome, ended.tail), stderr: ended.stderr };
  } finally {
    clearTimeout(timer);
    stop.settle();
    request.signal?.removeEventListener('abort', onAbort);
  }
}

/** @throws InteropError `cancelled` when the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw cancelled();
}

function cancelled(): InteropError {
  return new InteropError({
    kind: 'cancelled',
    summary: 'interrupted',
    next: ['run the same command again: nothing half-made is used'],
  });
}

interface Ended {
  /** 0, or what went wrong. */
  readonly outcome: 0 | string;
  readonly stdout: string;
  readonly tail: readonly string[];
  /** The last of standard error, as it was written. */
  readonly stderr: string;
}

function finish(child: ChildProcess, onErrorLine: ((line: string) => void) | undefined): Promise<Ended> {
  return new Promise((resolve) => {
    let stdout = '';
    const tail: string[] = [];
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < OUTPUT_LIMIT) stdout += text;
    });
    if (child.stderr !== null) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        onErrorLine?.(line);
        stderr = `${stderr}${line}\n`.slice(-STDERR_LIMIT);
        if (!isAccount(line)) return;
        tail.push(line.trim());
        if (tail.length > TAIL_LINES) tail.shift();
      });
    }
    child.on('error', (error) =>
      resolve({ outcome: `could not be started: ${error.message}`, stdout, tail, stderr }),
    );
    child.on('close', (code, signal) => {
      const outcome =
        code === 0 ? 0 : code === null ? `ended by ${signal ?? 'a signal'}` : `exit code ${code}`;
      resolve({ outcome, stdout, tail, stderr });
    });
  });
}

/** Whether a line explains something: neither blank nor the bare name of a package, as `go build -v` prints them. */
function isAccount(line: string): boolean {
  return line.trim().includes(' ');
}

function withTail(outcome: string, tail: readonly string[]): string {
  return tail.length === 0 ? outcome : `${outcome}: ${tail.map(withoutUserInfo).join(' | ')}`;
}

/** Addresses of proxies may carry a name and a password: they are no part of an error. */
function withoutUserInfo(line: string): string {
  return line.replace(/\/\/[^/\s@]+@/g, '//***@');
}

type StopReason = 'timeout' | 'cancelled';

/** Stops a child and its process group once, first politely, then for good. */
function stopper(child: ChildProcess) {
  let reason: StopReason | undefined;
  let killer: NodeJS.Timeout | undefined;
  return {
    because: (why: StopReason) => () => {
      if (reason !== undefined) return;
      reason = why;
      killTree(child, 'SIGTERM');
      killer = setTimeout(() => killTree(child, 'SIGKILL'), GRACE_MS);
    },
    reason: () => reason,
    settle: () => {
      clearTimeout(killer);
      // The program itself may have gone while one of its children stayed.
      if (reason !== undefined) killTree(child, 'SIGKILL');
    },
  };
}

function killTree(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore', windowsHide: true }).on(
      'error',
      () => {
        child.kill(signal);
      },
    );
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}
