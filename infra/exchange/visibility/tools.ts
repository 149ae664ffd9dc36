/** What plan, apply and undo share: the port, the files, who is told. */
import { createHash } from 'node:crypto';
import type { CmdletPort } from '../transport/port.js';
import type { VisibilityFiles } from './files.js';
import { FolderIdFile, type FolderIds, folderIdsInMemory } from './folder-ids.js';
import { GuidTable } from './guids.js';
import { type Journal, noJournal, openJournal } from './journal.js';
import type { Outcome, Result } from './outcome.js';
import type { SweepProgress } from './sweep.js';

export interface SweepTools {
  readonly port: CmdletPort;
  /** Undefined: nothing is remembered beyond the run. */
  readonly files: VisibilityFiles | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onOutcome?: ((outcome: Outcome) => void) | undefined;
  readonly onProgress?: ((progress: SweepProgress) => void) | undefined;
  /** @default the system's clock */
  readonly now?: (() => Date) | undefined;
  /** Milliseconds before each second look at the end. @default [5000, 30000] */
  readonly revisitAfterMs?: readonly number[] | undefined;
}

/** How many failures are kept for the result; the account of the run holds them all. */
export const MOST_FAILURES = 100;

/** What a sweep remembers. */
export interface Memory {
  /** The one place where its mailboxes are numbered: what is kept of each is kept by its number. */
  readonly table: GuidTable;
  readonly folders: FolderIds;
  readonly journal: Journal;
}

/** A sweep as its journal knows it. */
export interface SweepKind {
  readonly kind: 'plan' | 'apply' | 'undo';
  /** All that its result depends on. */
  readonly dependsOn: unknown;
  /** Which outcomes of interrupted runs are looked at again, besides failures. */
  readonly again?: readonly Result[];
}

/** Runs `work` with what it remembers; keeps the journal for the next run unless the work came to its end. */
export async function withFiles<T>(
  tools: SweepTools,
  { kind, dependsOn, again }: SweepKind,
  work: (memory: Memory) => Promise<T>,
): Promise<T> {
  const now = tools.now ?? (() => new Date());
  const table = new GuidTable();
  if (tools.files === undefined)
    return await work({ table, folders: folderIdsInMemory(), journal: noJournal(now()) });
  const folders = FolderIdFile.open(tools.files.folderIds, table);
  const journal = openJournal({
    path: tools.files[kind],
    key: keyOf(kind, dependsOn),
    now: now(),
    again,
    table,
  });
  try {
    const result = await work({ table, folders, journal });
    journal.finish(now());
    return result;
  } finally {
    folders.close();
    journal.close();
  }
}

function keyOf(kind: string, dependsOn: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, dependsOn]))
    .digest('hex');
}
