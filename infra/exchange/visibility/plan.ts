/**
 * Reads every calendar in scope and says what would change: the baseline that must be saved before anything is written.
 */
import type { ExclusionConfig, VisibilityConfig } from '../../config.js';
import { readAhead } from './ahead.js';
import { resolveExclusions } from './exclusions.js';
import { decide, type FormerRight, rightsText } from './levels.js';
import type { MailboxRef } from './mailbox.js';
import type { Counts, Outcome } from './outcome.js';
import { Pending } from './pending.js';
import { emptyNotes, type ListingNotes, listMailboxes } from './scope.js';
import { sweep } from './sweep.js';
import { MOST_FAILURES, type SweepTools, withFiles } from './tools.js';
import { type UndoRecord, UndoRecordBuilder } from './undo-record.js';
import { visitMailbox } from './visit.js';

/** What the configuration asks for. */
export type VisibilityTarget = Pick<VisibilityConfig, 'level' | 'scope' | 'exclude'>;

export interface VisibilityPlan {
  readonly counts: Counts;
  /** Former rights of all calendars that were ever raised, and of those that would be now. */
  readonly record: UndoRecord;
  /** Those that would be raised now. */
  readonly pending: Pending;
  readonly notes: Readonly<ListingNotes>;
  /** Exclusions that no mailbox belongs to. */
  readonly unknownExclusions: readonly ExclusionConfig[];
  /** The first failures. */
  readonly failures: readonly Outcome[];
  /** When the first reading was made. */
  readonly startedAt: Date;
}

/**
 * Reads only. Later runs cost one cmdlet a mailbox, first ones two.
 *
 * @param former the record of earlier runs, as the stack's state holds it
 * @throws ExchangeError when the list of mailboxes cannot be had whole
 * @throws InteropError of kind `resource` when an exclusion cannot be looked up, `authentication` when signing in fails
 */
export async function planVisibility(
  tools: SweepTools,
  target: VisibilityTarget,
  former: UndoRecord,
): Promise<VisibilityPlan> {
  const { port, signal } = tools;
  const exclusions = await resolveExclusions(port, target.exclude, signal);
  const notes = emptyNotes();
  const failures: Outcome[] = [];
  // What was too low is read again: its right is what an undo leads back to, and its owner may have chosen another one since.
  const kind = { kind: 'plan', dependsOn: target, again: ['lower'] } as const;
  return await withFiles(tools, kind, async ({ table, folders, journal }) => {
    const found = new UndoRecordBuilder(table);
    const onOutcome = (outcome: Outcome) => {
      if (outcome.result === 'lower')
        found.add(outcome.mailbox.guid, { former: outcome.before as FormerRight, set: [target.level] });
      if (outcome.result === 'failed' && failures.length < MOST_FAILURES) failures.push(outcome);
      tools.onOutcome?.(outcome);
    };
    const listing = counted(listMailboxes(port, target.scope, notes, signal, table));
    const counts = await sweep({
      port,
      mailboxes: readAhead(listing.mailboxes, table),
      known: listing.known,
      journal,
      onOutcome,
      onProgress: tools.onProgress,
      revisitAfterMs: tools.revisitAfterMs,
      signal,
      visit: async (mailbox, stop) => {
        const reason = exclusions.reasonFor(mailbox.guid);
        if (reason !== undefined) return { mailbox, result: 'excluded', reason };
        return await visitMailbox({ port, folders, signal: stop }, mailbox, async ({ rights }) => {
          const before = rightsText(rights);
          const decision = decide(rights, target.level);
          return decision.kind === 'raise'
            ? { result: 'lower', before, after: decision.to }
            : { result: decision.kind, before };
        });
      },
    });
    const fresh = found.build();
    const record = former.merge(fresh);
    return {
      counts,
      record,
      pending: Pending.of(record, guidsOf(fresh)),
      notes,
      unknownExclusions: exclusions.unknown,
      failures,
      startedAt: journal.startedAt,
    };
  });
}

function* guidsOf(record: UndoRecord): Generator<string> {
  for (const [guid] of record.entries()) yield guid;
}

/** Counts what goes through. */
function counted(source: AsyncIterable<MailboxRef>): {
  readonly mailboxes: AsyncIterable<MailboxRef>;
  known(): { readonly total: number; readonly listed: boolean };
} {
  let [total, listed] = [0, false];
  async function* count(): AsyncGenerator<MailboxRef> {
    for await (const mailbox of source) {
      total += 1;
      yield mailbox;
    }
    listed = true;
  }
  return { mailboxes: count(), known: () => ({ total, listed }) };
}
