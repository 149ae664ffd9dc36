import fc from 'fast-check';
import {
  begin,
  end,
  hasRoom,
  initialPace,
  type Pace,
  type Ticket,
} from '../../infra/exchange/transport/pacing.js';

interface Ceiling {
  /** Calls at once; more are refused. */
  readonly at: (time: number) => number;
  readonly latencyMs: number;
  readonly retryAfterMs: number;
  /** Whether everybody is refused while a wait lasts. */
  readonly strict: boolean;
  readonly start?: number;
  readonly most?: number;
}

interface Outcome {
  /** Mean calls under way that were answered, as a share of the ceiling. */
  readonly share: number;
  readonly refusals: number;
  readonly limit: number;
  /** Answers by time, for a look at parts of the run. */
  readonly answers: readonly number[];
  readonly refusedAt: readonly number[];
  readonly peak: number;
}

/** Calls without end against a simulated ceiling, in virtual time. */
function simulate(ceiling: Ceiling, durationMs: number): Outcome {
  let pace: Pace = initialPace({ start: ceiling.start ?? 10, most: ceiling.most ?? 100 });
  let events: { at: number; ticket: Ticket; served: boolean }[] = [];
  let serving = 0;
  let windowUntil = 0;
  let now = 0;
  let peak = 0;
  const answers: number[] = [];
  const refusedAt: number[] = [];
  while (now < durationMs) {
    while (hasRoom(pace, now)) {
      const begun = begin(pace);
      pace = begun.pace;
      peak = Math.max(peak, pace.inFlight);
      const served = serving < ceiling.at(now) && !(ceiling.strict && now < windowUntil);
      if (served) serving += 1;
      else windowUntil = now + ceiling.retryAfterMs;
      events.push({ at: now + (served ? ceiling.latencyMs : 1), ticket: begun.ticket, served });
    }
    const next = Math.min(
      ...events.map((event) => event.at),
      pace.pausedUntil > now ? pace.pausedUntil : Infinity,
    );
    now = next;
    const due = events.filter((event) => event.at <= now);
    events = events.filter((event) => event.at > now);
    for (const { ticket, served } of due) {
      if (served) serving -= 1;
      (served ? answers : refusedAt).push(now);
      const verdict = served
        ? ({ kind: 'answered' } as const)
        : ({ kind: 'throttled', waitMs: ceiling.retryAfterMs } as const);
      pace = end(pace, ticket, verdict, now);
    }
  }
  return {
    share: (answers.length * ceiling.latencyMs) / (durationMs * ceiling.at(now)),
    refusals: refusedAt.length,
    limit: pace.limit,
    answers,
    refusedAt,
    peak,
  };
}

const steady = (ceiling: number, more: Partial<Ceiling> = {}): Ceiling => ({
  at: () => ceiling,
  latencyMs: 100,
  retryAfterMs: 1000,
  strict: false,
  ...more,
});

describe('the ceiling is found without being told', () => {
  test.each([1, 2, 3, 5, 8, 10, 11, 15, 23, 30, 47, 64, 90, 100])(
    'of %i calls at once: 90 % and more',
    (at) => {
      expect(simulate(steady(at), 120_000).share).toBeGreaterThanOrEqual(0.9);
    },
  );

  test.each([4, 10, 30])('of %i, where everybody is refused while a wait lasts', (at) => {
    expect(simulate(steady(at, { strict: true }), 300_000).share).toBeGreaterThanOrEqual(0.9);
  });

  test('whatever the ceiling, the latency and the wait (property)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 20, max: 800 }),
        fc.integer({ min: 0, max: 5000 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 20 }),
        (at, latencyMs, retryAfterMs, strict, start) => {
          const outcome = simulate(
            steady(at, { latencyMs, retryAfterMs, strict, start }),
            200 * latencyMs + 30 * retryAfterMs,
          );
          expect(outcome.limit).toBeGreaterThanOrEqual(Math.min(at, Math.floor(at * 0.9)) || 1);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('never more calls than the bound', () => {
    expect(simulate(steady(1000, { most: 40 }), 20_000).peak).toBe(40);
  });
});

describe('it never storms', () => {
  test('refusals stay rare once the ceiling is known', () => {
    const { refusedAt, answers } = simulate(steady(20), 120_000);
    const late = refusedAt.filter((at) => at > 20_000).length;
    expect(late).toBeLessThan(answers.length / 500);
  });

  test('while everything is refused, a single call asks once per wait', () => {
    const { refusedAt } = simulate(steady(0), 60_000);
    const late = refusedAt.filter((at) => at > 10_000);
    expect(late.length).toBeGreaterThan(10);
    expect(late.length).toBeLessThanOrEqual(52);
  });

  test('after a storm the level comes back', () => {
    const storm = (time: number) => (time > 20_000 && time < 30_000 ? 0 : 40);
    const { answers } = simulate({ ...steady(40), at: storm }, 60_000);
    const late = answers.filter((at) => at > 45_000).length;
    expect((late * 100) / (15_000 * 40)).toBeGreaterThanOrEqual(0.85);
  });

  test('when the ceiling falls the level follows, and rises again with it', () => {
    const changing = (time: number) => (time > 20_000 && time < 60_000 ? 8 : 40);
    const { answers } = simulate({ ...steady(40), at: changing }, 160_000);
    const between = (from: number, to: number) => answers.filter((at) => at > from && at <= to).length;
    expect((between(40_000, 60_000) * 100) / (20_000 * 8)).toBeGreaterThanOrEqual(0.9);
    expect((between(130_000, 160_000) * 100) / (30_000 * 40)).toBeGreaterThanOrEqual(0.85);
  });
});

describe('the counts', () => {
  test('places given and taken agree, and the level stays within its bounds (property)', () => {
    const step = fc.oneof(
      fc.constant({ kind: 'begin' as const }),
      fc.record({
        kind: fc.constant('end' as const),
        index: fc.nat(20),
        verdict: fc.constantFrom('answered', 'void', 'throttled'),
      }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(3000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 30 }), (steps, most) => {
        let pace = initialPace({ start: 5, most });
        let now = 0;
        const open: Ticket[] = [];
        for (const one of steps) {
          if (one.kind === 'wait') now += one.ms;
          if (one.kind === 'begin' && hasRoom(pace, now)) {
            const begun = begin(pace);
            pace = begun.pace;
            open.push(begun.ticket);
          }
          if (one.kind === 'end' && open.length > 0) {
            const [ticket] = open.splice(one.index % open.length, 1);
            if (ticket === undefined) throw new Error('no ticket');
            const verdict =
              one.verdict === 'throttled'
                ? { kind: 'throttled' as const, waitMs: 500 }
                : { kind: one.verdict as 'answered' | 'void' };
            pace = end(pace, ticket, verdict, now);
          }
          expect(pace.inFlight).toBe(open.length);
          expect(pace.limit).toBeGreaterThanOrEqual(1);
          expect(pace.limit).toBeLessThanOrEqual(most);
          expect(pace.good).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  test('a round in which fewer calls were under way proves nothing', () => {
    let pace = initialPace({ start: 10, most: 100 });
    for (let call = 0; call < 200; call += 1) {
      const begun = begin(pace);
      pace = end(begun.pace, begun.ticket, { kind: 'answered' }, 0);
    }
    expect(pace.limit).toBe(10);
  });

  test.each([100, 0])('one burst of refusals counts once, with a wait of %i ms', (waitMs) => {
    let pace = initialPace({ start: 16, most: 100 });
    const tickets: Ticket[] = [];
    while (hasRoom(pace, 0)) {
      const begun = begin(pace);
      pace = begun.pace;
      tickets.push(begun.ticket);
    }
    for (const ticket of tickets) pace = end(pace, ticket, { kind: 'throttled', waitMs }, 0);
    expect(pace.limit).toBe(8);
    expect(hasRoom(pace, waitMs - 1)).toBe(false);
    expect(hasRoom(pace, waitMs)).toBe(true);
  });
});
