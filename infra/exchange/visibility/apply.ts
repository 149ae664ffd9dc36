/** Raises the calendars of a saved baseline, and no others. */
import { resolveExclusions } from './exclusions.js';
import { decide, rightsText } from './levels.js';
import type { Counts, Outcome } from './outcome.js';
import type { Pending } from './pending.js';
import { mailboxesOf } from './plain-source.js';
import type { VisibilityTarget } from './plan.js';
import { sweep } from './sweep.js';
import { MOST_FAILURES, type SweepTools, withFiles } from './tools.js';
import type { UndoRecord } from './undo-record.js';
import { visitMailbox } from './visit.js';

/** What was saved before the first write. */
export interface Baseline {
  readonly record: UndoRecord;
  readonly pending: Pending;
}

export interface VisibilityResult {
  readonly counts: Counts;
  /** The first failures. */
  readonly failures: readonly Outcome[];
  readonly startedAt: Date;
}

/**
 * Visits the pending mailboxes of the baseline: reads each calendar again and sets it where it still is lower, so that a right
 * which was raised in between is not lowered. Two cmdlets a mailbox, three where the folder id is not remembered.
 *
 * A calendar is never read again to see whether the write took: such a reading may be stale.
 *
 * @throws RangeError when the baseline was made for another level
 * @throws InteropError as planVisibility
 */
export async function applyVisibility(
  tools: SweepTools,
  target: Pick<VisibilityTarget, 'level' | 'exclude'>,
  { record, pending }: Baseline,
): Promise<VisibilityResult> {
  const { port, signal } = tools;
  for (const guid of pending.guids()) {
    if (record.find(guid)?.set.includes(target.level) !== true)
      throw new RangeError('the baseline was made for another level');
  }
  const exclusions = await resolveExclusions(port, target.exclude, signal);
  const total = pending.size;
  const failures: Outcome[] = [];
  const onOutcome = (outcome: Outcome) => {
    if (outcome.result === 'failed' && failures.length < MOST_FAILURES) failures.push(outcome);
    tools.onOutcome?.(outcome);
  };
  const dependsOn = [target.level, target.exclude, pending.encode()];
  return await withFiles(tools, { kind: 'apply', dependsOn }, async ({ folders, journal }) => {
    const counts = await sweep({
      port,
      mailboxes: mailboxesOf(pending.guids()),
      known: () => ({ total, listed: true }),
      journal,
      onOutcome,
      onProgress: tools.onProgress,
      revisitAfterMs: tools.revisitAfterMs,
      signal,
      visit: async (mailbox, stop) => {
        const reason = exclusions.reasonFor(mailbox.guid);
        if (reason !== undefined) return { mailbox, result: 'excluded', reason };
        return await visitMailbox({ port, folders, signal: stop }, mailbox, async ({ rights, set }) => {
          const before = rightsText(rights);
          const decision = decide(rights, target.level);
          if (decision.kind !== 'raise') return { result: decision.kind, before };
          await set(decision.to);
          return { result: 'raised', before, after: decision.to };
        });
      },
    });
    return { counts, failures, startedAt: journal.startedAt };
  });
}
