/**
 * Which ledger may take the place of the one that the stack was last brought up with. Pure.
 *
 * The ledger lies in a file, and files get old: a branch, a runner's checkout, a copy. Brought up with an old one, Pulumi would
 * remove the secret that it does not name, which may be the one that Google holds.
 */
import { isDeepStrictEqual } from 'node:util';
import { InteropError, type Problem } from '../errors.js';
import type { Ledger } from '../rotation/ledger.js';

/** Type token of the resource that keeps the ledger in the state: the engine's own, of which the program has this one. */
export const ROTATION_LEDGER_TYPE = 'pulumi:index:Stash';

/** What is known of the ledger in the state even where this version cannot read it. */
export interface SavedLedger {
  readonly revision: number;
  /** As parseLedger reads it, if it can. */
  readonly ledger: unknown;
}

/**
 * What the state keeps. The revision stands beside the ledger, so that it is known of one that a later version has written, too.
 * Key ids are left out: they are Entra's answer to the ledger, not a part of what it asks for, and must not make another of it.
 */
export function toSave(ledger: Ledger): SavedLedger {
  return { revision: ledger.revision, ledger: withoutKeyIds(ledger) };
}

/**
 * Reads what {@link toSave} has made out of a state.
 *
 * @throws InteropError of kind `resource` when the state does not tell: going on could remove the secret in use.
 */
export function savedLedgerIn(input: unknown): SavedLedger {
  if (isRecord(input) && typeof input.revision === 'number' && isRecord(input.ledger)) {
    return { revision: input.revision, ledger: input.ledger };
  }
  throw new InteropError({
    kind: 'resource',
    summary: 'the ledger in the state is not readable, so nothing was changed',
    next: ['restore the state from a backup (pulumi stack import)'],
  });
}

/**
 * @param stack for the command that leads out of it
 * @returns why `given` may not follow `saved`; undefined where it may
 */
export function refuseStaleLedger(
  saved: SavedLedger,
  given: Ledger,
  stack: string,
): InteropError | undefined {
  if (given.revision > saved.revision) return undefined;
  if (given.revision === saved.revision) {
    return saysTheSame(saved.ledger, given) ? undefined : refusal(twoOfOneRevision(saved, given), stack);
  }
  return refusal(
    {
      where: 'calendar-interop:rotation.revision',
      what: 'is older than the one that the stack was last brought up with',
      found: `revision ${given.revision}`,
      allowed: `revision ${saved.revision} or a later one`,
    },
    stack,
  );
}

function twoOfOneRevision(saved: SavedLedger, given: Ledger): Problem {
  return {
    where: 'calendar-interop:rotation',
    what: 'says something else than the ledger of the same revision that the stack was last brought up with',
    found: `revision ${given.revision}`,
    allowed: `revision ${saved.revision} as it is in the state, or a later one made from it`,
  };
}

function refusal(problem: Problem, stack: string): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary: 'the rotation ledger is stale: it would delete the secret in use',
    problems: [
      problem,
      {
        what: 'what a stale ledger does not name is removed, and Google cannot look anything up with a secret that is removed; nothing was changed',
      },
    ],
    next: [
      `calendar-interop rotation restore --stack ${stack}   # writes the ledger of the state into the configuration`,
      'git pull   # where somebody else has committed the later one',
    ],
  });
}

function saysTheSame(saved: unknown, given: Ledger): boolean {
  return isDeepStrictEqual(withoutKeyIds(saved), withoutKeyIds(given));
}

/** As plain JSON, without the key ids of the slots. */
function withoutKeyIds(ledger: unknown): unknown {
  const plain: unknown = JSON.parse(JSON.stringify(ledger));
  if (!isRecord(plain) || !isRecord(plain.slots)) return plain;
  for (const secret of Object.values(plain.slots)) {
    if (isRecord(secret)) delete secret.keyId;
  }
  return plain;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
