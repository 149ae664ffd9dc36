import fc from 'fast-check';
import {
  type Failure,
  RETRY_LIMITS,
  readRetryAfter,
  waitBefore,
} from '../../infra/exchange/transport/retry.js';

const NOW = Date.parse('2026-05-01T10:00:00Z');
const failure = (more: Partial<Failure> = {}): Failure => ({
  transient: true,
  throttled: false,
  outcomeUnknown: false,
  retryAfterMs: undefined,
  ...more,
});

test.each([
  ['0', 0],
  ['3', 3000],
  ['0.25', 250],
  [' 2.5 ', 2500],
  ['Fri, 01 May 2026 10:00:30 GMT', 30_000],
  ['Fri, 01 May 2026 09:00:00 GMT', 0],
  ['', undefined],
  ['-1', undefined],
  ['soon', undefined],
  ['99999999999999', undefined],
])('Retry-After %j asks for %j ms', (header, wait) => {
  expect(readRetryAfter(header, NOW)).toBe(wait);
});

test('no header, and any header, asks for a wait or for nothing (property)', () => {
  expect(readRetryAfter(null, NOW)).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), (header) => {
      const wait = readRetryAfter(header, NOW);
      if (wait !== undefined) expect(wait).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('what will not pass is not tried again', () => {
  expect(waitBefore(1, failure({ transient: false }), true, 0)).toBeUndefined();
});

test('what may have taken effect is repeated only where that does no harm', () => {
  expect(waitBefore(1, failure({ outcomeUnknown: true }), false, 0)).toBeUndefined();
  expect(waitBefore(1, failure({ outcomeUnknown: true }), true, 0)).toBeDefined();
  expect(waitBefore(1, failure(), false, 0)).toBeDefined();
});

test('attempts are bounded, with more of them for throttling', () => {
  expect(waitBefore(RETRY_LIMITS.attempts - 1, failure(), true, 0)).toBeDefined();
  expect(waitBefore(RETRY_LIMITS.attempts, failure(), true, 0)).toBeUndefined();
  expect(waitBefore(RETRY_LIMITS.attempts, failure({ throttled: true }), true, 0)).toBeDefined();
  expect(waitBefore(RETRY_LIMITS.throttledAttempts, failure({ throttled: true }), true, 0)).toBeUndefined();
});

test('a wait that is asked for is kept exactly, unless it is too long to take', () => {
  expect(waitBefore(1, failure({ retryAfterMs: 1234 }), true, 0.9)).toBe(1234);
  expect(waitBefore(1, failure({ retryAfterMs: RETRY_LIMITS.longestWaitMs + 1 }), true, 0)).toBeUndefined();
});

test('waits of our own grow, within bounds, and are spread (property)', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 28 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, random) => {
        const wait = waitBefore(attempt, failure({ throttled: true }), true, random) ?? 0;
        const full = Math.min(500 * 2 ** (attempt - 1), 30_000);
        expect(wait).toBeGreaterThanOrEqual(full / 2 - 1);
        expect(wait).toBeLessThanOrEqual(full + 1);
      },
    ),
  );
  expect(waitBefore(2, failure(), true, 0)).not.toBe(waitBefore(2, failure(), true, 0.9));
});
