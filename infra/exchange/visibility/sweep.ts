/**
 * The engine of plan, apply and undo: visits a stream of mailboxes, as many at once as Exchange takes, in bounded memory.
 *
 * Nothing is kept per mailbox but what waits for its second try. One failing mailbox never stops another.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { CmdletPort } from '../transport/port.js';
import type { Journal } from './journal.js';
import type { MailboxRef } from './mailbox.js';
import { type Counts, noCounts, type Outcome, totalOf } from './outcome.js';

/** How far a sweep is. */
export interface SweepProgress {
  readonly done: number;
  /** All mailboxes; while the list is still being read, those known so far. */
  readonly total: number;
  /** Whether `total` is final. */
  readonly listed: boolean;
  readonly counts: Counts;
}

export interface SweepOptions {
  readonly port: CmdletPort;
  readonly mailboxes: AsyncIterable<MailboxRef>;
  /** Must answer with an outcome for whatever happens to one mailbox; what it throws ends the sweep. */
  readonly visit: (mailbox: MailboxRef, signal: AbortSignal) => Promise<Outcome>;
  readonly journal: Journal;
  /** Told each outcome once, when it is final; also those that an interrupted run had come to. */
  readonly onOutcome?: ((outcome: Outcome) => void) | undefined;
  readonly onProgress?: ((progress: SweepProgress) => void) | undefined;
  /** How many mailboxes there are, as far as known. */
  readonly known?: (() => { readonly total: number; readonly listed: boolean }) | undefined;
  /** Outcomes worth a second look at the end. @default transient failures */
  readonly revisit?: ((outcome: Outcome) => boolean) | undefined;
  /** Milliseconds to wait before each second look. @default [5000, 30000] */
  readonly revisitAfterMs?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

const REVISIT_AFTER_MS = [5_000, 30_000];

/** More would wait here in memory; the rest is final at once and tried again by the next run. */
const MOST_REVISITS = 10_000;

/** Mailboxes under way beyond what the port asks for, so that its next batch is full when the last one returns. */
const LEAD = 10;

/**
 * @returns how many mailboxes ended how
 * @throws the signal's reason when it is aborted; what the list or a visit threw. All calls have ended by then.
 */
export async function sweep(options: SweepOptions): Promise<Counts> {
  const { journal, revisit = (outcome) => outcome.transient === true } = options;
  const counts = noCounts();
  const settle = (outcome: Outcome) => {
    journal.write(outcome);
    take(outcome);
  };
  const take = (outcome: Outcome) => {
    counts[outcome.result] += 1;
    options.onOutcome?.(outcome);
    const done = totalOf(counts);
    const { total, listed } = options.known?.() ?? { total: done, listed: false };
    options.onProgress?.({ done, total: Math.max(done, total), listed, counts });
  };
  journal.replay(take);

  let waiting: Outcome[] = [];
  await visitAll(options, notDone(options.mailboxes, journal), (outcome) => {
    if (revisit(outcome) && waiting.length < MOST_REVISITS) waiting.push(outcome);
    else settle(outcome);
  });
  for (const pause of options.revisitAfterMs ?? REVISIT_AFTER_MS) {
    if (waiting.length === 0) break;
    await delay(pause, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(
      () => {},
    );
    const again = waiting;
    waiting = [];
    await visitAll(options, each(again), (outcome) => {
      if (revisit(outcome)) waiting.push(outcome);
      else settle(outcome);
    });
  }
  for (const outcome of waiting) settle(outcome);
  return { ...counts };
}

async function* notDone(source: AsyncIterable<MailboxRef>, journal: Journal): AsyncGenerator<MailboxRef> {
  for await (const mailbox of source) if (!journal.isDone(mailbox.guid)) yield mailbox;
}

async function* each(outcomes: readonly Outcome[]): AsyncGenerator<MailboxRef> {
  for (const { mailbox } of outcomes) yield mailbox;
}

/** Visits mailboxes with about `port.concurrency` calls open; ends when all visits have ended, also when it throws. */
async function visitAll(
  { port, visit, signal: outer }: SweepOptions,
  mailboxes: AsyncIterable<MailboxRef>,
  take: (outcome: Outcome) => void,
): Promise<void> {
  const stop = new AbortController();
  const signal = outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal]);
  let failure: { readonly error: unknown } | undefined;
  let active = 0;
  let wake = () => {};
  const oneEnded = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  const start = async (mailbox: MailboxRef) => {
    active += 1;
    try {
      const outcome = await visit(mailbox, signal);
      take(outcome);
    } catch (error) {
      failure ??= { error };
      stop.abort();
    } finally {
      active -= 1;
      wake();
    }
  };
  const halted = () => failure !== undefined || signal.aborted;
  try {
    for await (const mailbox of mailboxes) {
      while (active >= Math.ceil(port.concurrency) + LEAD && !halted()) await oneEnded();
      if (halted()) break;
      void start(mailbox);
    }
  } catch (error) {
    failure ??= { error };
  }
  while (active > 0) await oneEnded();
  stop.abort();
  outer?.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}
