/** The decision of `rotation run`: what a scheduler may do today, and no more. */
import { type DueReport, dueOf } from './due.js';
import type { RotationEvent, SeenConfirmation, SeenSilence } from './events.js';
import type { Ledger } from './ledger.js';
import type { RotationPolicy } from './policy.js';
import { reduce } from './reduce.js';
import type { Refusal } from './refusal.js';
import { isSwitched, oldSecret, sameSecret, secretOf } from './secrets.js';

/** What observations of Microsoft's and Google's logs amount to. Nothing in it is what "no evidence" looks like. */
export interface JudgedEvidence {
  readonly confirmed: readonly SeenConfirmation[];
  readonly silent: readonly SeenSilence[];
  /** One line each. While there are any, evidence neither confirms nor retires anything. */
  readonly contradictions: readonly string[];
  /** Time by Entra's clock (the `Date` header of an answer), where one was asked: it guards end dates and deadlines. */
  readonly entraTime?: Date | undefined;
}

export const NO_EVIDENCE: JudgedEvidence = { confirmed: [], silent: [], contradictions: [] };

/** `write`: only the ledger changes. `update`: the engine, or Graph for a secret without a slot, has to work afterwards. */
export type RunStep =
  | { readonly kind: 'finish'; readonly pending: NonNullable<Ledger['pending']> }
  | { readonly kind: 'write' | 'update'; readonly event: RotationEvent };

export interface RunPlan {
  /**
   * In this order. A `finish` or `update` stands last: plan again afterwards, until there is no step. At most one secret is made
   * and one removed in a run.
   */
  readonly steps: readonly RunStep[];
  /** What should have been done, and why it was not. */
  readonly blocked: readonly { readonly event: RotationEvent; readonly refusal: Refusal }[];
  /** What is due after the steps, or while they are not carried out yet: for people. */
  readonly report: DueReport;
  readonly contradictions: readonly string[];
}

/** What today's run does. Pure: the command and the simulation carry it out alike. */
export function planRun(
  ledger: Ledger,
  policy: RotationPolicy,
  evidence: JudgedEvidence,
  now: Date,
): RunPlan {
  const { contradictions } = evidence;
  const { pending } = ledger;
  if (pending !== undefined) {
    const report = dueOf(ledger, policy, now);
    return { steps: [{ kind: 'finish', pending }], blocked: [], report, contradictions };
  }
  const steps: RunStep[] = [];
  const blocked: { event: RotationEvent; refusal: Refusal }[] = [];
  let planned = ledger;
  for (const wish of [confirming, revoking, retiring, staging]) {
    const event = wish(planned, policy, evidence, now);
    if (event === undefined) continue;
    const outcome = reduce(planned, event, policy, now);
    if (outcome.refusal !== undefined) blocked.push({ event, refusal: outcome.refusal });
    else if (outcome.changed) {
      planned = outcome.ledger;
      steps.push({ kind: planned.pending === undefined ? 'write' : 'update', event });
      if (planned.pending !== undefined) break;
    }
  }
  return { steps, blocked, report: dueOf(planned, policy, now), contradictions };
}

type Wish = (
  ledger: Ledger,
  policy: RotationPolicy,
  evidence: JudgedEvidence,
  now: Date,
) => RotationEvent | undefined;

const confirming: Wish = (_ledger, _policy, { confirmed, contradictions }) =>
  confirmed.length === 0 || contradictions.length > 0
    ? undefined
    : { type: 'confirm', how: 'seen', seen: confirmed };

/** A revoke that waited is carried out as its demand says, evidence or not. */
const revoking: Wish = (ledger, policy, { entraTime }, now) => {
  const demand = ledger.revoking;
  if (demand === undefined) return undefined;
  const passed = (entraTime ?? now).getTime() >= Date.parse(demand.deadline);
  if (!passed && !isSwitched(ledger, policy)) return undefined;
  const secret = secretOf(demand);
  return { type: 'revoke', secret, when: 'now', by: demand.by ?? 'rotation run', entraTime };
};

const retiring: Wish = (ledger, policy, { silent, contradictions }) => {
  const old = oldSecret(ledger);
  if (old === undefined || contradictions.length > 0 || !isSwitched(ledger, policy)) return undefined;
  const silence = silent.find(({ secret }) => sameSecret(secret, old));
  return silence === undefined ? undefined : { type: 'retire', silence: { how: 'seen', ...silence } };
};

const staging: Wish = (ledger, policy, { entraTime }, now) =>
  dueOf(ledger, policy, now).due.some(({ step }) => step === 'stage')
    ? { type: 'stage', by: 'rotation run', entraTime }
    : undefined;
