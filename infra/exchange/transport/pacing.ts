/**
 * How many calls may be under way at once: found out from Exchange's answers alone. Pure.
 *
 * Microsoft publishes no rate and sends no counters with its answers, so the only evidence is a refusal (429). The level grows by
 * a quarter for each round of answers without one. A refusal above a level that went well is explained by the attempt: the level
 * goes back to the one that went well, and the ceiling is closed in on between the two. A refusal at such a level is not
 * explained: the level is halved, and everybody waits as long as was asked. A level that was refused is tried again later, each
 * time after twice as many rounds.
 */

export interface PaceOptions {
  /** Calls at once to begin with. */
  readonly start: number;
  /** Never more than that. */
  readonly most: number;
}

/** The state of one pace. Counts are calls. */
export interface Pace {
  readonly options: PaceOptions;
  /** How many may be under way now. */
  readonly limit: number;
  readonly inFlight: number;
  /** Highest level at which a whole round went well; 0 when none is known. */
  readonly good: number;
  /** Lowest level known to be refused; Infinity when none is known. */
  readonly bad: number;
  /** The highest level that ever went well: growth is quick up to it. */
  readonly best: number;
  /** Grows with each change after a refusal, so that one burst of refusals counts once. */
  readonly epoch: number;
  readonly round: Round;
  /** Rounds before the level that was refused is tried again, and how many it will be the time after. */
  readonly rest: number;
  readonly restNext: number;
  /** Nothing is begun before this time (ms). */
  readonly pausedUntil: number;
  /** Until when the wait of the last refusal lasts (ms). */
  readonly windowUntil: number;
  /** Whether Exchange was seen to refuse everybody while such a wait lasts. */
  readonly windowsCount: boolean;
}

/** A round: as many answers as the level is high, with as many calls under way at some moment. */
interface Round {
  readonly answers: number;
  readonly peak: number;
}

/** One call that is under way. */
export interface Ticket {
  readonly epoch: number;
}

/** What became of a call. `void` says nothing about the level: the network failed, or the call was given up. */
export type Verdict =
  | { readonly kind: 'answered' }
  | { readonly kind: 'void' }
  | { readonly kind: 'throttled'; readonly waitMs: number };

const GROWTH = 1.25;
const FIRST_REST = 4;
const LONGEST_REST = 256;
const NO_ROUND: Round = { answers: 0, peak: 0 };

export function initialPace(options: PaceOptions): Pace {
  return {
    options,
    limit: Math.max(1, Math.min(options.start, options.most)),
    inFlight: 0,
    good: 0,
    bad: Number.POSITIVE_INFINITY,
    best: 0,
    epoch: 0,
    round: NO_ROUND,
    rest: FIRST_REST,
    restNext: FIRST_REST,
    pausedUntil: 0,
    windowUntil: 0,
    windowsCount: false,
  };
}

/** Whether a call may begin now. */
export function hasRoom(pace: Pace, now: number): boolean {
  return pace.inFlight < pace.limit && now >= pace.pausedUntil;
}

/** A call begins; only where there is room. */
export function begin(pace: Pace): { readonly pace: Pace; readonly ticket: Ticket } {
  const inFlight = pace.inFlight + 1;
  const round = { ...pace.round, peak: Math.max(pace.round.peak, inFlight) };
  return { pace: { ...pace, inFlight, round }, ticket: { epoch: pace.epoch } };
}

/** A call ends. */
export function end(pace: Pace, ticket: Ticket, verdict: Verdict, now: number): Pace {
  const left = { ...pace, inFlight: pace.inFlight - 1 };
  switch (verdict.kind) {
    case 'void':
      return left;
    case 'throttled':
      return refused(left, ticket, verdict.waitMs, now);
    case 'answered':
      return ticket.epoch === pace.epoch ? answered(left, now) : left;
  }
}

function answered(pace: Pace, now: number): Pace {
  const round = { ...pace.round, answers: pace.round.answers + 1 };
  if (round.answers < pace.limit) return { ...pace, round };
  // A round in which nobody wanted so much proves nothing.
  const next = { ...pace, round: { answers: 0, peak: pace.inFlight } };
  return round.peak >= pace.limit ? proved(next, now) : next;
}

/** A whole round went well at this level. */
function proved(pace: Pace, now: number): Pace {
  const { limit } = pace;
  const level = {
    ...pace,
    good: Math.max(pace.good, limit),
    best: Math.max(pace.best, limit),
    bad: pace.bad > limit ? pace.bad : Number.POSITIVE_INFINITY,
  };
  // Nothing new is tried while a wait lasts: a refusal could mean either.
  if (now < level.windowUntil) return level;
  if (level.bad === Number.POSITIVE_INFINITY) return { ...level, restNext: FIRST_REST, limit: grown(level) };
  if (limit < level.good) return { ...level, limit: level.good };
  if (!isClose(level)) return { ...level, limit: between(level) };
  if (level.rest > 1) return { ...level, rest: level.rest - 1 };
  return { ...level, rest: level.restNext, limit: between(level) };
}

function grown({ limit, best, options }: Pace): number {
  const quick = limit < best ? Math.min(best, limit * 2) : Math.max(limit + 1, Math.ceil(limit * GROWTH));
  return Math.min(options.most, quick);
}

/** Between the level that went well and the one that did not; the latter itself where nothing lies between. */
function between({ good, bad }: Pace): number {
  return Math.floor((good + bad + 1) / 2);
}

/** Whether the ceiling is known closely enough to stay: within a twentieth. */
function isClose({ good, bad }: Pace): boolean {
  return bad - good <= Math.max(1, Math.floor(bad / 20));
}

function refused(pace: Pace, ticket: Ticket, waitMs: number, now: number): Pace {
  const until = now + waitMs;
  if (ticket.epoch !== pace.epoch) return { ...pace, ...(pace.windowsCount ? paused(pace, until) : {}) };
  // Refused while the wait of an earlier refusal lasts: that says nothing about the level, but that the wait is for everybody.
  if (now < pace.windowUntil) return { ...pace, ...paused(pace, until), windowsCount: true };
  return pace.limit > pace.good && pace.good > 0 ? backToGood(pace, until) : backedOff(pace, until);
}

function paused(pace: Pace, until: number): Pick<Pace, 'pausedUntil' | 'windowUntil'> {
  return {
    pausedUntil: Math.max(pace.pausedUntil, until),
    windowUntil: Math.max(pace.windowUntil, until),
  };
}

function backToGood(pace: Pace, until: number): Pace {
  const restNext = Math.min(LONGEST_REST, pace.restNext * 2);
  return {
    ...pace,
    ...(pace.windowsCount ? paused(pace, until) : { windowUntil: Math.max(pace.windowUntil, until) }),
    bad: pace.limit,
    limit: pace.good,
    epoch: pace.epoch + 1,
    round: NO_ROUND,
    rest: pace.restNext,
    restNext,
  };
}

function backedOff(pace: Pace, until: number): Pace {
  return {
    ...pace,
    ...paused(pace, until),
    good: 0,
    bad: Math.max(2, pace.limit),
    limit: Math.max(1, Math.floor(pace.limit / 2)),
    epoch: pace.epoch + 1,
    round: NO_ROUND,
    // What was found out about the ceiling holds no longer.
    rest: FIRST_REST,
    restNext: FIRST_REST,
  };
}
