/** Refusals are data; one function makes errors of them. */
import { type FailureKind, InteropError } from '../errors.js';

/** Every reason for a refusal, and the kind of failure that a command makes of it. */
export const REFUSAL_KINDS = {
  badKeyId: 'configuration',
  badTime: 'configuration',
  clockBehind: 'failure',
  clockWrong: 'failure',
  deadlinePast: 'configuration',
  emptySlot: 'configuration',
  keyInSlot: 'policy',
  lifeTooLong: 'policy',
  mayBeInUse: 'policy',
  noForeign: 'configuration',
  noRoom: 'policy',
  notConfirmed: 'policy',
  notMade: 'failure',
  notOlder: 'policy',
  notSilent: 'policy',
  nothingOld: 'policy',
  nothingSeen: 'policy',
  otherGeneration: 'policy',
  pending: 'policy',
  revokeNowInstead: 'policy',
  revokingOther: 'policy',
  secretsForbidden: 'policy',
  staged: 'policy',
  unknownEndpoint: 'configuration',
} as const satisfies Readonly<Record<string, FailureKind>>;

export type RefusalCode = keyof typeof REFUSAL_KINDS;

/** Arguments of a command of this tool, without the stack: `['rotation', 'confirm', 'online']`. */
export type NextCommand = readonly [string, ...string[]];

/** Why an event does not change the ledger. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly what: string;
  readonly found: string;
  readonly allowed: string;
  readonly next: readonly [NextCommand, ...NextCommand[]];
}

/** A command as people type it. */
export function commandLine(next: NextCommand, stack: string | undefined): string {
  return ['calendar-interop', ...next, ...(stack === undefined ? [] : ['--stack', stack])].join(' ');
}

/** The error that a command ends with when an event was refused. */
export function refusalError(refusal: Refusal, stack: string | undefined): InteropError {
  const { code, what, found, allowed, next } = refusal;
  return new InteropError({
    kind: REFUSAL_KINDS[code],
    summary: what,
    problems: [{ where: 'calendar-interop:rotation', what: 'the ledger stays as it is', found, allowed }],
    next: next.map((command) => commandLine(command, stack)),
  });
}
