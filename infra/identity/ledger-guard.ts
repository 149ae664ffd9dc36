/**
 * Which ledger may take the place of the one that the stack was last brought up with. Pure.
 *
 * The ledger lies in a file, and files get old: a branch, a runner's checkout, a copy. Brought up with an old one, Pulumi would
 * remove the secret that it does not name, which may be the one that Google holds.
 */
import { isDeepStrictEqual } from 'node:util';
import { InteropError, type Problem } from '../errors.js';
import { type Ledger, parseLedger, SLOTS } from '../rotation/ledger.js';

/** Type token of the resource that keeps the ledger in the state (rotation-ledger.ts). */
export const ROTATION_LEDGER_TYPE = 'exchange:index:RotationLedger';

/** The ledger as text: one text for ledgers that say the same, whatever the order of their keys. */
export function ledgerText(ledger: Ledger): string {
  return JSON.stringify(sorted(ledger));
}

/**
 * Reads what {@link ledgerText} has written.
 *
 * @throws InteropError of kind `configuration` when it is no ledger that this version knows.
 */
export function readLedgerText(text: string): Ledger {
  return parseLedger(JSON.parse(text));
}

/** What is known of the ledger in the state even where this version cannot read it. */
export interface SavedLedger {
  readonly revision: number;
  readonly text: string;
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
    return saysTheSame(saved.text, given) ? undefined : refusal(twoOfOneRevision(saved, given), stack);
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

/** Key ids are left out: they are Entra's answer to the ledger, not a part of what it asks for. */
function saysTheSame(text: string, given: Ledger): boolean {
  const saved: unknown = JSON.parse(text);
  return isDeepStrictEqual(withoutKeyIds(saved), withoutKeyIds(sorted(given)));
}

function withoutKeyIds(ledger: unknown): unknown {
  if (!isRecord(ledger) || !isRecord(ledger.slots)) return ledger;
  const slots = { ...ledger.slots };
  for (const slot of SLOTS) {
    const secret = slots[slot];
    if (!isRecord(secret)) continue;
    const { keyId: _, ...rest } = secret;
    slots[slot] = rest;
  }
  return { ...ledger, slots };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, inner]) => [name, sorted(inner)]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
