/** What the rotation commands do with the pure core, on the fake engine: finish what is pending, decide, write, update. */
import {
  type Outcome,
  type Refusal,
  type RotationEvent,
  type RotationPolicy,
  reduce,
  secretOf,
} from '../../infra/rotation/index.js';
import type { Ledger } from '../../infra/rotation/ledger.js';
import type { FakeEngine } from './fake-secrets-engine.js';

/** Where a command is cut off: before anything is carried out, or after so many operations of the engine. */
export type CutOff = 'after writing' | number | undefined;

export interface CommandEnd {
  readonly ledger: Ledger;
  /** `cut off`, and `stale` when the engine refused the ledger, leave what was begun pending. */
  readonly end: 'done' | 'cut off' | 'stale' | 'refused';
  readonly refusal?: Refusal;
}

/** Carries an event out. */
export function command(
  engine: FakeEngine,
  ledger: Ledger,
  event: RotationEvent,
  policy: RotationPolicy,
  now: Date,
  cutOff?: CutOff,
): CommandEnd {
  const outcome: Outcome = reduce(ledger, event, policy, now);
  if (outcome.refusal !== undefined) return { ledger, end: 'refused', refusal: outcome.refusal };
  if (cutOff === 'after writing') return { ledger: outcome.ledger, end: 'cut off' };
  return finishPending(engine, outcome.ledger, policy, now, cutOff);
}

/** Carries out what is pending, and writes that it was. */
export function finishPending(
  engine: FakeEngine,
  ledger: Ledger,
  policy: RotationPolicy,
  now: Date,
  cutOff?: CutOff,
): CommandEnd {
  const { pending } = ledger;
  if (pending === undefined) return { ledger, end: 'done' };
  const secret = secretOf(pending);
  if (cutOff === 'after writing') return { ledger, end: 'cut off' };
  // The update comes first for a secret without a slot, too: it refuses a ledger that is older than the state's.
  const end = engine.update(ledger, cutOff);
  if (end !== 'done') return { ledger, end };
  if (!('slot' in secret)) engine.entra.remove(secret.keyId);
  return { ledger: carriedOut(engine, ledger, policy, now), end: 'done' };
}

/** The ledger with the key ids that the state knows, and nothing pending. */
export function carriedOut(engine: FakeEngine, ledger: Ledger, policy: RotationPolicy, now: Date): Ledger {
  return after(withKeyIds(engine, ledger, policy), { type: 'finish' }, policy, now);
}

/** The ledger with the key ids that the state knows. */
export function withKeyIds(engine: FakeEngine, ledger: Ledger, policy: RotationPolicy): Ledger {
  let known = ledger;
  for (const [slot, { generation, keyId }] of engine.slots) {
    if (ledger.slots[slot]?.generation === generation)
      known = after(known, { type: 'made', slot, generation, keyId }, policy, new Date(engine.entra.now));
  }
  return known;
}

function after(ledger: Ledger, event: RotationEvent, policy: RotationPolicy, now: Date): Ledger {
  const outcome = reduce(ledger, event, policy, now);
  if (outcome.refusal !== undefined) throw new Error(`${event.type} was refused: ${outcome.refusal.what}`);
  return outcome.ledger;
}
