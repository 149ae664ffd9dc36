/** What the rotation commands have in common: how they end, and what they tell. */
import { basename } from 'node:path';
import { commandLine, type Due, type DueReport, doerOf, dueOf, phaseOf } from '../../infra/rotation/index.js';
import type { Ledger } from '../../infra/rotation/ledger.js';
import type { RotationPolicy } from '../../infra/rotation/policy.js';
import type { CommandResult } from '../command-context.js';
import type { Rotation } from '../rotation/rotation.js';
import type { Terminal } from '../terminal.js';

/** One thing that is due as JSON. */
export function dueAsJson(due: Due, stack: string) {
  return {
    step: due.step,
    since: due.since.toISOString(),
    who: due.who,
    what: due.what,
    ...(due.before === undefined ? {} : { before: due.before.toISOString() }),
    next: due.next.map((next) => commandLine(next, stack)),
  };
}

/** Where a rotation stands, as JSON: key ids and dates, no secret. */
export function standingAsJson(ledger: Ledger, policy: RotationPolicy, now: Date, stack: string) {
  const report = dueOf(ledger, policy, now);
  return {
    stack,
    revision: ledger.revision,
    phase: phaseOf(ledger, policy),
    current: ledger.current,
    slots: ledger.slots,
    foreign: ledger.foreign,
    pending: ledger.pending ?? null,
    confirmed: ledger.confirmed,
    due: report.due.map((due) => dueAsJson(due, stack)),
    upcoming: report.upcoming === undefined ? null : dueAsJson(report.upcoming, stack),
  };
}

/** Prints what is due, else what will be. */
export function showDue(terminal: Terminal, report: DueReport, stack: string): void {
  for (const due of report.due) {
    terminal.prose(`due: ${due.what}`, 'warn');
    terminal.prose(`  by ${doerOf(due)}${due.before === undefined ? '' : `, before ${dayOf(due.before)}`}`);
    for (const next of due.next) terminal.line(`  next: ${commandLine(next, stack)}`);
  }
  if (report.due.length > 0) return;
  const { upcoming } = report;
  terminal.prose(
    upcoming === undefined
      ? 'Nothing is due.'
      : `Nothing is due before ${dayOf(upcoming.since)}: ${upcoming.what}.`,
    'good',
  );
}

export function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/**
 * The end of a command that changed the ledger: what is written is said, with what a person has to do next.
 *
 * @param more for `--json`
 */
export function endOf(rotation: Rotation, more: Readonly<Record<string, unknown>> = {}): CommandResult {
  const { context, stack, ledger, policy, writeOnly, world, done } = rotation;
  const { terminal } = context;
  const now = world.now();
  if (rotation.changed) {
    terminal.line(`${basename(stack.file)} holds revision ${ledger.revision} of the ledger: commit it.`);
    if (writeOnly) terminal.line(`  next: calendar-interop up --stack ${stack.name}   # once it is merged`);
  }
  if (!writeOnly) showDue(terminal, dueOf(ledger, policy, now), stack.name);
  return {
    exitCode: 0,
    json: { changed: rotation.changed, done, ...standingAsJson(ledger, policy, now, stack.name), ...more },
  };
}
