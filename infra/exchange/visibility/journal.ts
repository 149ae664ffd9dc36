/**
 * The journal of a running sweep: each outcome as one line, so that a killed run goes on where it was.
 *
 * It lies in the user's state folder and may be lost, cut off or damaged at any time: what it does not tell is looked at again,
 * and looking again never changes a calendar twice. When the sweep ends, the file becomes the account that reports are made of.
 */
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { GuidSet, type GuidTable, isMailboxGuid } from './guids.js';
import { mailboxKind } from './mailbox.js';
import { type Outcome, RESULT_NAMES, type Result } from './outcome.js';

const VERSION = 1;

/**
 * Older ones are not gone on with: too much may have changed since. More than a day, so that a daily run which begins a little later
 * than the one before goes on with it.
 */
const MOST_AGE_MS = 36 * 3_600_000;

export interface Journal {
  /** When the sweep was begun, which may be a run before this one. */
  readonly startedAt: Date;
  /** Tells what interrupted runs came to and need not be looked at again, each mailbox once. */
  replay(take: (outcome: Outcome) => void): void;
  isDone(guid: string): boolean;
  write(outcome: Outcome): void;
  /** The sweep is complete: the journal becomes the last account. */
  finish(at: Date): void;
  /** Without `finish` before it, the next run goes on from here. */
  close(): void;
}

/** For a run that leaves no trace. */
export function noJournal(now = new Date()): Journal {
  return {
    startedAt: now,
    replay: () => {},
    isDone: () => false,
    write: () => {},
    finish: () => {},
    close: () => {},
  };
}

export interface JournalOptions {
  /** The running journal; the last complete one is beside it, see {@link lastAccount}. */
  readonly path: string;
  /** All that the sweep's result depends on: a journal with another key is not gone on with. */
  readonly key: string;
  readonly now: Date;
  /** Which outcomes of interrupted runs are looked at again; failures always are. @default none besides */
  readonly again?: readonly Result[] | undefined;
  /** Where the mailboxes are numbered, together with those of others. */
  readonly table: GuidTable;
}

/** Where the account of the last complete sweep lies. */
export function lastAccount(path: string): string {
  return path.replace(/\.jsonl$/, '.last.jsonl');
}

/**
 * Opens a journal, and goes on with the one that is there where it is about the same sweep.
 *
 * @returns one that leaves no trace while another process of this machine writes this journal
 */
export function openJournal({ path, key, now, table, again = [] }: JournalOptions): Journal {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lock = `${path}.lock`;
  if (!takeLock(lock)) return noJournal(now);
  const before = readHeader(path);
  const goesOn =
    before !== undefined && before.key === key && now.getTime() - before.startedAt.getTime() < MOST_AGE_MS;
  if (goesOn) leaveOut(path, ['failed', ...again]);
  else rmSync(path, { force: true });
  const descriptor = openSync(path, 'a+', 0o600);
  const startedAt = goesOn ? before.startedAt : now;
  if (!goesOn)
    writeSync(descriptor, `${JSON.stringify({ version: VERSION, key, startedAt: now.toISOString() })}\n`);
  const done = new GuidSet(table);
  let isOpen = true;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    closeSync(descriptor);
    releaseLock(lock);
  };
  return {
    startedAt,
    replay: (take) => {
      if (!goesOn) return;
      for (const text of linesOf(path)) {
        const outcome = parseLine(text);
        if (outcome !== undefined && done.add(outcome.mailbox.guid)) take(outcome);
      }
    },
    isDone: (guid) => done.has(guid),
    write: (outcome) => void writeSync(descriptor, `${formatLine(outcome)}\n`),
    finish: (at) => {
      writeSync(descriptor, `${JSON.stringify({ finishedAt: at.toISOString() })}\n`);
      renameSync(path, lastAccount(path));
      close();
    },
    close,
  };
}

/** What is known of a sweep: complete, or how far an interrupted one came. */
export interface SweepAccount {
  readonly startedAt: Date;
  readonly finishedAt: Date | undefined;
  readonly key: string;
}

/**
 * Reads a journal line by line, in bounded memory.
 *
 * @returns undefined when there is none or its beginning cannot be read
 */
export async function readAccount(
  path: string,
  take: (outcome: Outcome) => void,
): Promise<SweepAccount | undefined> {
  const header = readHeader(path);
  if (header === undefined) return undefined;
  let finishedAt: Date | undefined;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const outcome = parseLine(line);
    if (outcome !== undefined) take(outcome);
    else finishedAt = parseFooter(line) ?? finishedAt;
  }
  return { ...header, finishedAt };
}

const packedSchema = z.tuple([
  z.string().refine(isMailboxGuid),
  z.string().nullable(),
  z.string().nullable(),
  z.enum(RESULT_NAMES as [Result, ...Result[]]),
  z.string().nullable(),
  z.string().nullable(),
  z.string().nullable(),
]);

function formatLine({ mailbox, result, before, after, reason }: Outcome): string {
  const { guid, address, kind } = mailbox;
  return JSON.stringify([
    guid,
    address ?? null,
    kind ?? null,
    result,
    before ?? null,
    after ?? null,
    reason ?? null,
  ]);
}

function parseLine(line: string): Outcome | undefined {
  if (!line.startsWith('[')) return undefined;
  const parsed = packedSchema.safeParse(parsedJson(line));
  if (!parsed.success) return undefined;
  const [guid, address, kind, result, before, after, reason] = parsed.data;
  return {
    mailbox: { guid, address: address ?? undefined, kind: mailboxKind(kind) },
    result,
    before: before ?? undefined,
    after: after ?? undefined,
    reason: reason ?? undefined,
  };
}

const headerSchema = z.object({ version: z.literal(VERSION), key: z.string(), startedAt: z.iso.datetime() });
const footerSchema = z.object({ finishedAt: z.iso.datetime() });

function readHeader(path: string): { readonly key: string; readonly startedAt: Date } | undefined {
  if (!existsSync(path)) return undefined;
  for (const text of linesOf(path)) return parseHeader(text);
  return undefined;
}

function parseHeader(line: string): { readonly key: string; readonly startedAt: Date } | undefined {
  const parsed = headerSchema.safeParse(parsedJson(line));
  return parsed.success ? { key: parsed.data.key, startedAt: new Date(parsed.data.startedAt) } : undefined;
}

function parseFooter(line: string): Date | undefined {
  const parsed = footerSchema.safeParse(parsedJson(line));
  return parsed.success ? new Date(parsed.data.finishedAt) : undefined;
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const READ_AT_ONCE = 1 << 18;
const LINE_END = 10;

/** The whole lines of a file; what has no line end yet is torn and not told. */
function* linesOf(path: string): Generator<string> {
  const descriptor = openSync(path, 'r');
  try {
    let rest: Buffer = Buffer.alloc(0);
    const block = Buffer.alloc(READ_AT_ONCE);
    for (let read = readSync(descriptor, block); read > 0; read = readSync(descriptor, block)) {
      rest = Buffer.concat([rest, block.subarray(0, read)]);
      for (let length = rest.indexOf(LINE_END); length >= 0; length = rest.indexOf(LINE_END)) {
        yield rest.toString('utf8', 0, length);
        rest = rest.subarray(length + 1);
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes a journal anew without these outcomes, and without what cannot be read: a kill in the middle of a write leaves half a line,
 * to which the next one must not be glued.
 */
function leaveOut(path: string, results: readonly Result[]): void {
  const fresh = `${path}.new`;
  const descriptor = openSync(fresh, 'w', 0o600);
  try {
    for (const text of linesOf(path)) {
      const outcome = parseLine(text);
      const isKept =
        outcome === undefined ? parseHeader(text) !== undefined : !results.includes(outcome.result);
      if (isKept) writeSync(descriptor, `${text}\n`);
    }
  } finally {
    closeSync(descriptor);
  }
  renameSync(fresh, path);
}

/** Removes a journal that must not be gone on with, unless another process writes it now. */
export function dropJournal(path: string): void {
  const lock = `${path}.lock`;
  if (!existsSync(path) || !takeLock(lock)) return;
  rmSync(path, { force: true });
  releaseLock(lock);
}

/** Locks of this process: in a container the next process may well have the number of one that is gone. */
const heldHere = new Set<string>();

function releaseLock(lock: string): void {
  heldHere.delete(lock);
  rmSync(lock, { force: true });
}

/** Takes the lock, also from a process that is gone. */
function takeLock(lock: string): boolean {
  for (const attempt of [1, 2]) {
    try {
      const descriptor = openSync(lock, 'wx', 0o600);
      writeSync(descriptor, String(process.pid));
      closeSync(descriptor);
      heldHere.add(lock);
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (attempt === 2 || isHeld(lock)) return false;
      rmSync(lock, { force: true });
    }
  }
  return false;
}

function isHeld(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0) return false;
    if (pid === process.pid) return heldHere.has(lock);
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is one, too.
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
