/** What a sweep found and did, mailbox by mailbox and in numbers. Pure. */
import type { MailboxRef } from './mailbox.js';

/** How the visit of one mailbox ended, each with its words in reports. */
export const RESULTS = {
  lower: 'would change',
  raised: 'raised',
  enough: 'shows enough already',
  incomparable: 'has rights that cannot be compared; left alone',
  excluded: 'stricter on purpose',
  noCalendar: 'has no default calendar',
  vanished: 'was gone before it could be asked',
  failed: 'failed',
  restored: 'restored',
  asBefore: 'is as before already',
  changedByOthers: 'was changed by somebody else since; left alone',
} as const;

export type Result = keyof typeof RESULTS;
export const RESULT_NAMES = Object.keys(RESULTS) as readonly Result[];

export interface Outcome {
  readonly mailbox: MailboxRef;
  readonly result: Result;
  /** What `Default` had when it was read, as one word; absent where it was not read. */
  readonly before?: string | undefined;
  /** What it has now, where this run changed it, or would have. */
  readonly after?: string | undefined;
  /** Why, for failures and exclusions. */
  readonly reason?: string | undefined;
  /** The same may succeed later. */
  readonly transient?: boolean | undefined;
}

/** How many mailboxes ended how. */
export type Counts = Readonly<Record<Result, number>>;

export function noCounts(): Record<Result, number> {
  return Object.fromEntries(RESULT_NAMES.map((result) => [result, 0])) as Record<Result, number>;
}

/** All mailboxes of the counts. */
export function totalOf(counts: Counts): number {
  return RESULT_NAMES.reduce((sum, result) => sum + counts[result], 0);
}

/** `412 of 10,318 calendars would change, 3 are stricter on purpose`, and what else is worth a word. */
export function planText(counts: Counts): string {
  return [
    `${number(counts.lower)} of ${calendars(totalOf(counts))} would change`,
    ...(counts.excluded > 0
      ? [`${number(counts.excluded)} ${are(counts.excluded)} stricter on purpose`]
      : []),
    ...asides(counts),
  ].join(', ');
}

/** `412 calendars raised, 2 failed`. */
export function applyText(counts: Counts): string {
  return [
    `${calendars(counts.raised)} raised`,
    ...(counts.enough > 0
      ? [`${number(counts.enough)} ${counts.enough === 1 ? 'shows' : 'show'} enough`]
      : []),
    ...(counts.excluded > 0
      ? [`${number(counts.excluded)} ${are(counts.excluded)} stricter on purpose`]
      : []),
    ...asides(counts),
  ].join(', ');
}

/** `412 calendars restored, 1 changed by others`. */
export function undoText(counts: Counts): string {
  return [
    `${calendars(counts.restored)} restored`,
    ...(counts.asBefore > 0 ? [`${number(counts.asBefore)} ${are(counts.asBefore)} as before already`] : []),
    ...(counts.changedByOthers > 0
      ? [`${number(counts.changedByOthers)} left alone: changed by somebody else since`]
      : []),
    ...asides(counts),
  ].join(', ');
}

function asides(counts: Counts): readonly string[] {
  return [
    ...(counts.incomparable > 0
      ? [`${number(counts.incomparable)} left alone: rights that cannot be compared`]
      : []),
    ...(counts.noCalendar > 0 ? [`${number(counts.noCalendar)} without a default calendar`] : []),
    ...(counts.vanished > 0 ? [`${number(counts.vanished)} vanished`] : []),
    ...(counts.failed > 0 ? [`${number(counts.failed)} failed`] : []),
  ];
}

/** A whole number with thousands separated, the same on every machine. */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}

function calendars(count: number): string {
  return `${number(count)} ${count === 1 ? 'calendar' : 'calendars'}`;
}

function are(count: number): string {
  return count === 1 ? 'is' : 'are';
}
