/** CalendarBaseline: the former rights of all calendars that are raised, saved before the first one is. */
import { z } from 'zod';
import { InteropError } from '../../../errors.js';
import { planVisibility, UndoRecord, undoText, undoVisibility } from '../../visibility/index.js';
import {
  type CalendarInputs,
  calendarInputs,
  countsSchema,
  diffCalendars,
  handOverText,
  isAboveLimit,
  look,
  namedFailures,
  readRecord,
  sweepTools,
  targetOf,
  tellPlan,
} from '../calendars.js';
import type { Exchange } from '../context.js';
import type { Operation } from '../kernel/index.js';
import { exchangeResource, noImport, saved } from '../resource.js';

const outputs = calendarInputs.extend({
  record: z.string(),
  /** Absent: no sweep was made, since too many mailboxes are in scope. */
  pending: z.string().optional(),
  /** Absent: no sweep was made yet. */
  counts: countsSchema.optional(),
  sweptAt: z.string().optional(),
});
type Outputs = z.output<typeof outputs>;

export const calendarBaseline = exchangeResource<typeof calendarInputs, typeof outputs>({
  inputs: calendarInputs,
  outputs,
  diff: async (request, operation) => (await diffCalendars(request, operation)).changes,

  create: async (operation, wanted) => ({
    id: 'calendars',
    outputs: await sweepNow(operation, wanted, { record: UndoRecord.empty }),
  }),

  read: async (operation, { id, olds, oldInputs }) => {
    if (oldInputs === undefined) noImport('a baseline of calendars');
    const reading = await look(operation, oldInputs);
    const count = reading.kind === 'swept' ? reading.plan.counts.lower : oldInputs.violations;
    return {
      id,
      inputs: { ...oldInputs, violations: count },
      // Only the count is new: what was found first stays.
      outputs: {
        ...oldInputs,
        record: saved(olds.record, 'record', operation.urn),
        pending: olds.pending,
        counts: olds.counts,
        sweptAt: olds.sweptAt,
        violations: count,
      },
    };
  },

  update: async (operation, { olds }, wanted) => ({
    outputs: await sweepNow(operation, wanted, {
      record: readRecord(saved(olds.record, 'record', operation.urn)),
      counts: olds.counts,
      sweptAt: olds.sweptAt,
    }),
  }),

  /** CalendarVisibility goes first and has restored everything; after a run that was killed, it may not know everything. */
  delete: async (operation, { olds }) => {
    const record = readRecord(saved(olds.record, 'record', operation.urn));
    if (record.size > 0 && !operation.context.sweeps.undone.has(record.digest()))
      await restoreAll(operation, record);
  },
});

async function sweepNow(
  operation: Operation<Exchange>,
  wanted: CalendarInputs,
  former: { readonly record: UndoRecord } & Pick<Outputs, 'counts' | 'sweptAt'>,
): Promise<Outputs> {
  const { log, context } = operation;
  if (wanted.sweep === undefined && (await isAboveLimit(operation, wanted))) {
    log.info(handOverText(wanted.inlineLimit));
    const { record, counts, sweptAt } = former;
    return { ...wanted, record: record.encode(), counts, sweptAt, violations: 0 };
  }
  const tools = await sweepTools(operation, 'reading calendars');
  context.sweeps.forget();
  const plan = await context.sweeps.exclusively(() => planVisibility(tools, targetOf(wanted), former.record));
  tellPlan(operation, plan);
  return {
    ...wanted,
    record: plan.record.encode(),
    pending: plan.pending.encode(),
    counts: plan.counts,
    sweptAt: plan.startedAt.toISOString(),
    violations: 0,
  };
}

/**
 * Gives calendars back what they had; used by both resources.
 *
 * @throws InteropError of kind `resource` when some could not be restored: the record stays, and the next run tries them again.
 */
export async function restoreAll(operation: Operation<Exchange>, record: UndoRecord): Promise<void> {
  const { log, context } = operation;
  const tools = await sweepTools(operation, 'restoring calendars');
  context.sweeps.forget();
  const { counts, remaining, failures } = await context.sweeps.exclusively(() =>
    undoVisibility(tools, record),
  );
  log.info(undoText(counts));
  if (remaining.size === 0) {
    context.sweeps.undone.add(record.digest());
    return;
  }
  throw new InteropError({
    kind: 'resource',
    summary: `${remaining.size} of ${record.size} calendars could not be given their former right`,
    problems: namedFailures(failures).map(({ name, reason }) => ({ where: name, what: reason })),
    next: ['run the same command again: what is restored already stays so'],
  });
}
