/** What is to be done, since when, and by whom. */

import type { Ledger } from './ledger.js';
import { type Phase, phaseOf } from './phase.js';
import type { RotationPolicy } from './policy.js';
import type { NextCommand } from './refusal.js';
import {
  awaitedEndpoints,
  DAY_MS,
  describeSecret,
  endOf,
  holdersOf,
  isSwitched,
  isSwitchedFrom,
  judgedNow,
  oldSecret,
  sameSecret,
  secretOf,
  switchedAt,
  targetSecret,
} from './secrets.js';

/**
 * - `finish`: what a command began is carried out;
 * - `stage`: a new secret is made;
 * - `handOver`: the newest secret is pasted at Google and confirmed;
 * - `discard`: the newest secret ended, or is about to, before Google held it: it is revoked and another one made;
 * - `retire`: the old secret is removed;
 * - `revoke`: a revoke that waited is carried out.
 */
export const DUE_STEPS = ['finish', 'revoke', 'discard', 'stage', 'handOver', 'retire'] as const;
export type DueStep = (typeof DUE_STEPS)[number];

/** `scheduler`: the daily `rotation run` does it. `googleAdmin`: a person at Google's console. `operator`: a person with this tool. */
export type Doer = 'scheduler' | 'googleAdmin' | 'operator';

/** Who has to do a step, in words. */
const DOERS: Readonly<Record<Doer, string>> = {
  scheduler: 'the scheduler',
  googleAdmin: "a person at Google's Admin console",
  operator: 'a person with this tool',
};

export function doerOf({ who }: Pick<Due, 'who'>): string {
  return DOERS[who];
}

export interface Due {
  readonly step: DueStep;
  /** When it became due, or will. */
  readonly since: Date;
  readonly who: Doer;
  readonly next: readonly [NextCommand, ...NextCommand[]];
  /** One sentence without a full stop; holds no secret. */
  readonly what: string;
  /** The moment from which look-ups stop if it is not done. */
  readonly before?: Date | undefined;
}

export interface DueReport {
  readonly phase: Phase;
  /** The most urgent first. */
  readonly due: readonly Due[];
  /** The next thing that will be due, where nothing is. */
  readonly upcoming?: Due | undefined;
  /** Set when the clock is behind the ledger's last event: what is due is judged by that event's time. */
  readonly clockBehind?: Date | undefined;
}

/** What is due at `now`. Pure and total: a time that is none counts as the time of the ledger's last event. */
export function dueOf(ledger: Ledger, policy: RotationPolicy, now: Date): DueReport {
  const clock = Number.isNaN(now.getTime()) ? new Date(judgedNow(ledger, new Date(0))) : now;
  const judged = judgedNow(ledger, clock);
  const all = foreseen(ledger, policy, judged);
  const due = all.filter(({ since }) => since.getTime() <= judged);
  const later = all.filter(({ since }) => since.getTime() > judged);
  const [upcoming] = later.sort((one, other) => one.since.getTime() - other.since.getTime());
  return {
    phase: phaseOf(ledger, policy),
    due,
    ...(due.length === 0 && upcoming !== undefined ? { upcoming } : {}),
    ...(judged > clock.getTime() ? { clockBehind: new Date(judged) } : {}),
  };
}

/** Everything that lies ahead on the way to the next rotation, with the time from which it is due. */
function foreseen(ledger: Ledger, policy: RotationPolicy, judged: number): readonly Due[] {
  if (ledger.pending !== undefined) return [finishing(ledger.pending, judged)];
  const useless = discarding(ledger, policy, judged);
  return [
    ...revoking(ledger, policy),
    ...useless,
    ...(useless.length > 0 ? [] : [...staging(ledger, policy), ...handingOver(ledger, policy, judged)]),
    ...retiring(ledger, policy),
  ];
}

function finishing(pending: NonNullable<Ledger['pending']>, judged: number): Due {
  return {
    step: 'finish',
    since: new Date(Math.min(Date.parse(pending.at), judged)),
    who: 'scheduler',
    next: [['rotation', 'run'], ['up']],
    what: `${pending.event} of ${describeSecret(secretOf(pending))} was begun and is not carried out yet`,
  };
}

function revoking(ledger: Ledger, policy: RotationPolicy): readonly Due[] {
  const { revoking: demand } = ledger;
  if (demand === undefined) return [];
  const secret = secretOf(demand);
  const switched = isSwitchedFrom(ledger, policy, secret)
    ? (switchedAt(ledger, policy) ?? Date.parse(demand.at))
    : undefined;
  const since = Math.min(Date.parse(demand.deadline), switched ?? Number.POSITIVE_INFINITY);
  return [
    {
      step: 'revoke',
      since: new Date(since),
      who: 'scheduler',
      next: [
        ['rotation', 'run'],
        ['rotation', 'revoke', 'slot' in secret ? secret.slot : secret.keyId, '--now'],
      ],
      what: `${describeSecret(secret)} is to be removed once Google holds ${describeSecret(targetSecret(ledger))}, at the latest ${demand.deadline}`,
      before: new Date(demand.deadline),
    },
  ];
}

/** A new secret that is over before Google was seen with it helps nobody. */
function discarding(ledger: Ledger, policy: RotationPolicy, judged: number): readonly Due[] {
  const [target, old] = [targetSecret(ledger), oldSecret(ledger)];
  const ended = endOf(ledger, target);
  if (old === undefined || !('slot' in old) || ended > judged) return [];
  // Where Google was seen with it, nobody is told to remove it: the clock may be wrong.
  if (isSwitched(ledger, policy) || holdersOf(ledger, policy, target).length > 0) return [];
  return [
    {
      step: 'discard',
      since: new Date(ended),
      who: 'operator',
      next: [
        ['rotation', 'revoke', target.slot, '--now'],
        ['rotation', 'stage'],
      ],
      what: `${describeSecret(target)} ended before Google held it everywhere: revoke it and stage another one`,
    },
  ];
}

function staging(ledger: Ledger, policy: RotationPolicy): readonly Due[] {
  const target = targetSecret(ledger);
  if (oldSecret(ledger) !== undefined) return [];
  const end = endOf(ledger, target);
  return [
    {
      step: 'stage',
      since: new Date(demandsSuccessor(ledger) ?? leadAt(ledger, policy)),
      who: 'scheduler',
      next: [
        ['rotation', 'run'],
        ['rotation', 'stage'],
      ],
      what: `${describeSecret(target)} ends at ${new Date(end).toISOString().slice(0, 10)}: a new secret is to be made`,
      before: new Date(end),
    },
  ];
}

/** Since when the only secret in a slot is to be revoked: that takes another one. */
function demandsSuccessor(ledger: Ledger): number | undefined {
  const demand = ledger.revoking;
  if (demand === undefined || !sameSecret(secretOf(demand), targetSecret(ledger))) return undefined;
  return Date.parse(demand.at);
}

function handingOver(ledger: Ledger, policy: RotationPolicy, judged: number): readonly Due[] {
  if (isSwitched(ledger, policy)) return [];
  const [target, old] = [targetSecret(ledger), oldSecret(ledger)];
  const awaited = awaitedEndpoints(ledger, policy);
  // A clock that was ahead may have staged it in the future: the hand-over is due all the same.
  const stagedAt = Math.min(startOf(ledger, target) ?? judged, judged);
  const where = awaited.length === 0 ? 'the hand-over' : awaited.join(', ');
  return [
    {
      step: 'handOver',
      since: new Date(stagedAt),
      who: 'googleAdmin',
      next: [['handoff'], ['rotation', 'confirm', ...awaited]],
      what: `${describeSecret(target)} is to be pasted in Google's Admin console and confirmed: ${where}`,
      ...(old === undefined ? {} : { before: new Date(endOf(ledger, old)) }),
    },
  ];
}

function retiring(ledger: Ledger, policy: RotationPolicy): readonly Due[] {
  const old = oldSecret(ledger);
  if (old === undefined || ledger.revoking !== undefined || !isSwitched(ledger, policy)) return [];
  const quiet = (switchedAt(ledger, policy) ?? 0) + policy.quietDays * DAY_MS;
  return [
    {
      step: 'retire',
      // A second secret in the way of the next rotation is due whatever the clock said when Google was confirmed.
      since: new Date(Math.min(quiet, leadAt(ledger, policy))),
      who: 'operator',
      next: [['rotation', 'retire']],
      what: `${describeSecret(old)} is to be removed: Google holds ${describeSecret(targetSecret(ledger))}; evidence of its silence does it, too`,
    },
  ];
}

/** When the next rotation is due: `leadDays` before the newest secret ends. */
export function leadAt(ledger: Ledger, policy: RotationPolicy): number {
  return endOf(ledger, targetSecret(ledger)) - policy.leadDays * DAY_MS;
}

/** When a slot's secret was asked for, as far as the log goes back. */
export function startOf(
  ledger: Ledger,
  secret: { readonly slot: 'a' | 'b'; readonly generation: number },
): number | undefined {
  const entry = ledger.log.find(
    ({ event, slot, generation }) =>
      (event === 'init' || event === 'stage') &&
      slot !== undefined &&
      generation !== undefined &&
      sameSecret({ slot, generation }, secret),
  );
  return entry === undefined ? undefined : Date.parse(entry.at);
}
