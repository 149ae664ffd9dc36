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
  if ('slot' in secret) {
    const end = engine.update(ledger, cutOff);
    if (end !== 'done') return { ledger, end };
  } else if (cutOff === undefined) engine.entra.remove(secret.keyId);
  else return { ledger, end: 'cut off' };
  return { ledger: carriedOut(engine, ledger, policy, now), end: 'done' };
}

/** The ledger with the key ids that the state knows, and nothing pending. */
export function carriedOut(engine: FakeEngine, ledger: Ledger, policy: RotationPolicy, now: Date): Ledger {
  const events: RotationEvent[] = [...engine.slots].map(([slot, { generation, keyId }]) => ({
    type: 'made',
    slot,
    generation,
    keyId,
  }));
  return [...events, { type: 'finish' } as const].reduce((before, event) => {
    const outcome = reduce(before, event, policy, now);
    if (outcome.refusal !== undefined) throw new Error(`${event.type} was refused: ${outcome.refusal.what}`);
    return outcome.ledger;
  }, ledger);
}
