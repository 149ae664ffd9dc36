/** What the two resources about calendars share: what they are asked for, and the looks that both need. */
import { z } from 'zod';
import { CUSTOM_ATTRIBUTES } from '../../config.js';
import { UNSEEN_CALENDARS } from '../unseen-calendars.js';
import {
  Pending,
  ProgressText,
  planText,
  planVisibility,
  type SweepTools,
  UndoRecord,
  unknownExclusionText,
  type VisibilityTarget,
  visibilityFiles,
} from '../visibility/index.js';
import { MAILBOX_KINDS } from '../visibility/mailbox.js';
import { RESULT_NAMES } from '../visibility/outcome.js';
import { emptyNotes, listMailboxes } from '../visibility/scope.js';
import type { Exchange } from './context.js';
import {
  type Change,
  type DiffRequest,
  type MaybeUnknown,
  type Operation,
  RefusedRequest,
} from './kernel/index.js';
import { compareInputs, known, optionalText, violations } from './resource.js';
import type { Reading } from './sweeps.js';

const scopeSchema = z
  .strictObject({
    all: z.literal(true).optional(),
    recipientTypes: z.array(z.enum(MAILBOX_KINDS)).min(1).optional(),
    filter: z.string().min(1).optional(),
    group: z.string().min(1).optional(),
  })
  .refine(
    (scope) => Object.values(scope).filter((value) => value !== undefined).length === 1,
    'must be exactly one of all, recipientTypes, filter, group',
  );

const exclusionSchema = z.union([
  z.strictObject({ address: z.string().min(1), reason: z.string().min(1) }),
  z.strictObject({
    attribute: z.enum(CUSTOM_ATTRIBUTES),
    value: z.string().min(1),
    reason: z.string().min(1),
  }),
]);

/** Inputs of both. */
export const calendarInputs = z.object({
  level: z.enum(['LimitedDetails', 'AvailabilityOnly']),
  scope: scopeSchema,
  exclude: z.array(exclusionSchema).default([]),
  inlineLimit: z.int().min(0),
  sweep: optionalText,
  skipLook: z
    .boolean()
    .nullish()
    .transform((given) => given ?? undefined),
  violations,
});
export type CalendarInputs = z.output<typeof calendarInputs>;

/** Names of inputs without which nobody can be asked. */
export const CALENDAR_INPUTS = ['level', 'scope', 'exclude', 'inlineLimit'] as const;

export const countsSchema = z.object(
  Object.fromEntries(RESULT_NAMES.map((name) => [name, z.int().min(0)])) as Record<
    (typeof RESULT_NAMES)[number],
    z.ZodInt
  >,
);

/** What is to be done about calendars, and what is there where nothing else is to be done. */
export interface CalendarDiff {
  readonly changes: readonly Change[];
  /** Undefined where nobody has looked: something is to be done anyway, or the run is about something else. */
  readonly reading: Reading | undefined;
  /** The run is about something else, and nothing was looked at in it before. */
  readonly skips: boolean;
}

/**
 * Compares inputs, and looks where they say nothing: mailboxes come and owners change their minds between runs, of which a program
 * that stays the same knows nothing.
 */
export async function diffCalendars<I extends z.ZodObject, O extends z.ZodObject>(
  request: DiffRequest<I, O>,
  operation: Operation<Exchange>,
): Promise<CalendarDiff> {
  const news = request.news as Partial<MaybeUnknown<CalendarInputs>>;
  // A run that asks for no sweep leaves the one before as it was.
  const ignored = typeof news.sweep === 'string' ? ['skipLook'] : ['skipLook', 'sweep'];
  const compared = compareInputs(request, { unordered: ['exclude'], ignored });
  if (!known(news, CALENDAR_INPUTS)) return { changes: compared, reading: undefined, skips: false };
  const wanted = news as CalendarInputs;
  const { sweeps } = operation.context;
  const key = keyOf(wanted);
  // A refresh compares with the inputs of the state, which may be those of a run that skipped the look.
  const skips = wanted.skipLook === true && !sweeps.hasLooked(key);
  // Calendars that failed wait for a run that is about them.
  const changes = skips ? compared.filter(({ path }) => path !== 'violations') : compared;
  if (changes.length > 0 || (wanted.skipLook === true && !sweeps.hasReading(key)))
    return { changes, reading: undefined, skips };
  const reading = await look(operation, wanted);
  const isLower = reading.kind === 'swept' && reading.plan.counts.lower > 0;
  const isToCome = reading.kind === 'swept' && toCome(operation, wanted).will.length > 0;
  return { changes: isLower || isToCome ? [TOO_LOW] : [], reading, skips };
}

/** Addresses that the previewed run makes mailboxes for before it looks at calendars: what a preview cannot count. */
interface ToCome {
  /** Their calendars are raised. */
  readonly will: readonly string[];
  /** Whether they are in scope shows once they are there. */
  readonly may: readonly string[];
}

function toCome({ context }: Operation<Exchange>, { level, scope, exclude }: CalendarInputs): ToCome {
  const excluded = new Set(exclude.flatMap((one) => ('address' in one ? [one.address.toLowerCase()] : [])));
  const addresses = [...context.sweeps.toCome].filter((address) => !excluded.has(address.toLowerCase()));
  // Fresh calendars show when people are busy, and no more.
  if (level !== 'LimitedDetails') return { will: [], may: [] };
  if (scope.all === true || scope.recipientTypes?.includes('UserMailbox') === true)
    return { will: addresses, may: [] };
  return { will: [], may: scope.recipientTypes === undefined ? addresses : [] };
}

/** Says it of those mailboxes, in a preview; in an update there are none to come. */
export function tellToCome(operation: Operation<Exchange>, wanted: CalendarInputs): void {
  const { will, may } = toCome(operation, wanted);
  if (will.length > 0)
    operation.log.info(`calendars of mailboxes that this run makes are raised, too: ${will.join(', ')}`);
  if (may.length > 0)
    operation.log.info(
      `mailboxes that this run makes are raised, too, where they turn out to be in scope: ${may.join(', ')}`,
    );
}

/** As a refresh would show it. */
const TOO_LOW: Change = { path: 'violations', kind: 'update', inputDiff: false };

export function targetOf({ level, scope, exclude }: CalendarInputs): VisibilityTarget {
  return { level, scope: scope as VisibilityTarget['scope'], exclude };
}

/** How often a status message is renewed, in milliseconds. */
const STATUS_MS = 1_000;

/** The port, this stack's files on this machine, and progress in words. */
export async function sweepTools(operation: Operation<Exchange>, doing: string): Promise<SweepTools> {
  const { context, log, signal, urn } = operation;
  const { port, clock } = await context.work(operation);
  const text = new ProgressText();
  let shown = Number.NEGATIVE_INFINITY;
  return {
    port,
    files: visibilityFiles({ tenant: context.organization, stack: stackOf(urn) }, context.env),
    signal,
    revisitAfterMs: context.timing.revisitAfterMs,
    onProgress: (progress) => {
      const now = clock.now();
      if (now - shown < STATUS_MS) return;
      shown = now;
      // The engine's line has little room, and cuts what is longer.
      const [, short] = text.next(progress, now);
      log.status(`${doing}: ${short}`);
    },
  };
}

function stackOf(urn: string): string {
  return /^urn:pulumi:(.*?)::/.exec(urn)?.[1] ?? '';
}

/** Whether more mailboxes are in scope than are asked about in an ordinary run. */
export async function isAboveLimit(operation: Operation<Exchange>, wanted: CalendarInputs): Promise<boolean> {
  const { port } = await operation.context.work(operation);
  operation.log.status('counting mailboxes');
  let count = 0;
  for await (const _ of listMailboxes(port, targetOf(wanted).scope, emptyNotes(), operation.signal)) {
    count += 1;
    if (count > wanted.inlineLimit) return true;
  }
  return false;
}

/** The same for the same wish, in whatever order its parts came over the wire. */
function keyOf(given: CalendarInputs): string {
  const wanted = calendarInputs.parse(given);
  return JSON.stringify([targetOf(wanted), wanted.inlineLimit]);
}

/** What a preview or a refresh sees: every calendar in scope, unless there are too many. */
export async function look(operation: Operation<Exchange>, given: CalendarInputs): Promise<Reading> {
  const wanted = calendarInputs.parse(given);
  return await operation.context.sweeps.reading(keyOf(wanted), async () => {
    if (await isAboveLimit(operation, wanted)) return { kind: 'tooMany', limit: wanted.inlineLimit };
    const tools = await sweepTools(operation, 'reading calendars');
    return { kind: 'swept', plan: await planVisibility(tools, targetOf(wanted), UndoRecord.empty) };
  });
}

/** What a sweep found, for people. */
export function tellPlan(
  { log }: Operation<Exchange>,
  plan: Extract<Reading, { kind: 'swept' }>['plan'],
): void {
  log.info(planText(plan.counts));
  for (const exclusion of plan.unknownExclusions) log.warning(unknownExclusionText(exclusion));
  if (plan.notes.withoutId > 0)
    log.warning(`${plan.notes.withoutId} entries of the list have no id and were passed over`);
  for (const { name, reason } of namedFailures(plan.failures)) log.warning(`${name}: ${reason}`);
}

/** Failures that are told one by one. */
const MOST_NAMED = 10;

export function namedFailures(failures: Extract<Reading, { kind: 'swept' }>['plan']['failures']) {
  return failures
    .slice(0, MOST_NAMED)
    .map(({ mailbox, reason = 'failed' }) => ({ name: mailbox.address ?? mailbox.guid, reason }));
}

/** Said of a run that skips the look. */
export const LOOK_SKIPPED =
  'calendars are not looked at by this run, which carries out a rotation or takes up what an interrupted one made: the next `up` does';

/** What to do instead, above the limit. */
export function handOverText(limit: number): string {
  return `${aboveLimit(limit)}: their calendars are left to \`calendar-interop visibility apply\``;
}

/** What a run that was asked for a sweep does, above the limit. */
export function sweepText(limit: number): string {
  return `${aboveLimit(limit)}: the run reads all of their calendars before it writes`;
}

/** What a refresh does, above the limit. */
export function unseenText(limit: number): string {
  return `${aboveLimit(limit)}: ${UNSEEN_CALENDARS}`;
}

function aboveLimit(limit: number): string {
  return `more than ${limit.toLocaleString('en-US')} mailboxes are in scope (visibility.inlineLimit)`;
}

/** @throws RefusedRequest for a record that is damaged: going on would lose former rights */
export function readRecord(text: string): UndoRecord {
  return readable(() => UndoRecord.decode(text));
}

/** @throws RefusedRequest as {@link readRecord} */
export function readPending(record: UndoRecord, text: string): Pending {
  return readable(() => Pending.decode(record, text));
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RefusedRequest(
      `the saved former rights cannot be used, so nothing was changed: ${error.message}`,
    );
  }
}
