/** Gives calendars back the right that they had before this product raised them. */
import { dropJournal } from './journal.js';
import { rightsText } from './levels.js';
import type { Counts, Outcome } from './outcome.js';
import { mailboxesOf } from './plain-source.js';
import { sweep } from './sweep.js';
import { MOST_FAILURES, type SweepTools, withFiles } from './tools.js';
import { type UndoRecord, UndoRecordBuilder } from './undo-record.js';
import { type Finding, type ReadCalendar, visitMailbox } from './visit.js';

export interface UndoResult {
  readonly counts: Counts;
  /** What could not be asked or restored: to be kept, and tried again. Empty after a complete undo. */
  readonly remaining: UndoRecord;
  readonly failures: readonly Outcome[];
}

/**
 * Restores each calendar of the record where `Default` still has what this product set. What somebody else changed since is
 * reported and left alone.
 *
 * A reading right after a write may still show the former right: such calendars are looked at again at the end.
 *
 * @throws InteropError of kind `authentication` when signing in fails
 */
export async function undoVisibility(tools: SweepTools, record: UndoRecord): Promise<UndoResult> {
  const { port, signal } = tools;
  const remaining = new UndoRecordBuilder();
  const failures: Outcome[] = [];
  const onOutcome = (outcome: Outcome) => {
    if (outcome.result === 'failed') {
      const change = record.find(outcome.mailbox.guid);
      if (change !== undefined) remaining.add(outcome.mailbox.guid, change);
      if (failures.length < MOST_FAILURES) failures.push(outcome);
    }
    tools.onOutcome?.(outcome);
  };
  // Whatever was raised before is no longer so, and what an interrupted undo restored may have been raised again by a run in between.
  if (tools.files !== undefined) dropJournal(tools.files.apply);
  const kind = { kind: 'undo', dependsOn: record.digest(), again: ['restored', 'asBefore'] } as const;
  return await withFiles(tools, kind, async ({ folders, journal }) => {
    const counts = await sweep({
      port,
      mailboxes: mailboxesOf(guidsOf(record)),
      known: () => ({ total: record.size, listed: true }),
      journal,
      onOutcome,
      onProgress: tools.onProgress,
      revisit: ({ result, transient }) => transient === true || result === 'asBefore',
      revisitAfterMs: tools.revisitAfterMs,
      signal,
      visit: (mailbox, stop) =>
        visitMailbox({ port, folders, signal: stop }, mailbox, (calendar) =>
          restore(record, mailbox.guid, calendar),
        ),
    });
    return { counts, remaining: remaining.build(), failures };
  });
}

async function restore(record: UndoRecord, guid: string, { rights, set }: ReadCalendar): Promise<Finding> {
  const before = rightsText(rights);
  const change = record.find(guid);
  if (change === undefined) return { result: 'failed', reason: 'is not in the undo record' };
  if (before === change.former) return { result: 'asBefore', before };
  if (!change.set.some((level) => level === before)) return { result: 'changedByOthers', before };
  await set(change.former);
  return { result: 'restored', before, after: change.former };
}

function* guidsOf(record: UndoRecord): Generator<string> {
  for (const [guid] of record.entries()) yield guid;
}
