/** CalendarVisibility: every calendar in scope shows at least the wanted level. Writes only what its baseline holds. */
import { z } from 'zod';
import { applyText, applyVisibility } from '../../visibility/index.js';
import {
  CALENDAR_INPUTS,
  type CalendarInputs,
  calendarInputs,
  countsSchema,
  diffCalendars,
  handOverText,
  LOOK_SKIPPED,
  look,
  namedFailures,
  readPending,
  readRecord,
  sweepText,
  sweepTools,
  targetOf,
  tellPlan,
  tellToCome,
  unseenText,
} from '../calendars.js';
import type { Exchange } from '../context.js';
import type { Operation } from '../kernel/index.js';
import { exchangeResource, known, noImport, saved } from '../resource.js';
import { restoreAll } from './calendar-baseline.js';

const inputs = calendarInputs.extend({
  baseline: z.strictObject({ record: z.string().min(1), pending: z.string().min(1).optional() }),
});
/** Without the baseline, which is large and among the inputs already. */
const outputs = calendarInputs.extend({
  /** Absent: no sweep was made yet. */
  counts: countsSchema.optional(),
  failures: z.array(z.object({ mailbox: z.string(), reason: z.string() })),
  lastSweep: z.string().optional(),
});
type Inputs = z.output<typeof inputs>;
type Outputs = z.output<typeof outputs>;

export const calendarVisibility = exchangeResource<typeof inputs, typeof outputs>({
  inputs,
  outputs,
  diff: async (request, operation) => {
    const { changes, reading, skips } = await diffCalendars(request, operation);
    if (skips && changes.length === 0) operation.log.info(LOOK_SKIPPED);
    // Where something is to be done, preview and update tell of it.
    if (reading?.kind === 'swept' && changes.length === 0) {
      tellPlan(operation, reading.plan);
      tellToCome(operation, request.news as CalendarInputs);
    }
    if (reading?.kind === 'tooMany')
      operation.log.info(withLastSweep(handOverText(reading.limit), request.olds));
    return changes;
  },

  preview: async (operation, { existing, inputs: given }) => {
    if (!known(given, CALENDAR_INPUTS)) return {};
    const reading = await look(operation, given as CalendarInputs);
    if (reading.kind === 'swept') {
      tellPlan(operation, reading.plan);
      tellToCome(operation, given as CalendarInputs);
      return {};
    }
    const willSweep = typeof given.sweep === 'string' && given.sweep !== existing?.oldInputs?.sweep;
    const what = willSweep ? sweepText(reading.limit) : handOverText(reading.limit);
    operation.log.info(withLastSweep(what, existing?.olds));
    return {};
  },

  create: async (operation, wanted) => ({
    id: 'calendars',
    outputs: await raise(operation, wanted, undefined),
  }),

  read: async (operation, { id, olds, oldInputs }) => {
    if (oldInputs === undefined) noImport('calendar visibility');
    const reading = await look(operation, oldInputs);
    const count = reading.kind === 'swept' ? reading.plan.counts.lower : (olds.violations ?? 0);
    if (reading.kind === 'swept' && count > 0) tellPlan(operation, reading.plan);
    if (reading.kind === 'tooMany') operation.log.warning(withLastSweep(unseenText(reading.limit), olds));
    return {
      id,
      inputs: { ...oldInputs, violations: count },
      outputs: {
        ...withoutBaseline(oldInputs),
        counts: olds.counts,
        failures: olds.failures ?? [],
        lastSweep: olds.lastSweep,
        violations: count,
      },
    };
  },

  update: async (operation, { olds }, wanted) => ({ outputs: await raise(operation, wanted, olds) }),

  delete: async (operation, { oldInputs }) => {
    const { baseline } = saved(oldInputs, 'baseline', operation.urn);
    const record = readRecord(baseline.record);
    if (record.size > 0) await restoreAll(operation, record);
  },
});

async function raise(
  operation: Operation<Exchange>,
  wanted: Inputs,
  olds: Partial<Outputs> | undefined,
): Promise<Outputs> {
  const { log, context } = operation;
  const record = readRecord(wanted.baseline.record);
  const text = wanted.baseline.pending;
  const pending = text === undefined ? undefined : readPending(record, text);
  if (pending === undefined || (wanted.sweep === undefined && pending.size > wanted.inlineLimit)) {
    log.info(handOverText(wanted.inlineLimit));
    const { counts, failures = [], lastSweep } = olds ?? {};
    return { ...withoutBaseline(wanted), counts, failures, lastSweep, violations: 0 };
  }
  const tools = await sweepTools(operation, 'raising calendars');
  context.sweeps.forget();
  const { counts, failures, startedAt } = await context.sweeps.exclusively(() =>
    applyVisibility(tools, targetOf(wanted), { record, pending }),
  );
  log.info(applyText(counts));
  const named = namedFailures(failures);
  for (const { name, reason } of named) log.warning(`${name}: ${reason}`);
  return {
    ...withoutBaseline(wanted),
    counts,
    failures: named.map(({ name, reason }) => ({ mailbox: name, reason })),
    lastSweep: startedAt.toISOString(),
    violations: counts.failed,
  };
}

function withoutBaseline({ baseline: _, ...kept }: Inputs): CalendarInputs {
  return kept;
}

function withLastSweep(what: string, { lastSweep, counts }: Partial<Outputs> = {}): string {
  const last =
    lastSweep === undefined || counts === undefined
      ? 'none was made so far'
      : `the last sweep, ${lastSweep}: ${applyText(counts)}`;
  return `${what}; ${last}`;
}
