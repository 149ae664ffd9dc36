import fc from 'fast-check';
import type { Timeline, TimelineSecret } from '../../infra/rotation/index.js';
import { legendText, timelineText } from '../../scripts/rotation/timeline-text.js';

const DAY = 86_400_000;
const NOW = new Date('2027-03-01T08:00:00Z');
const at = (days: number) => new Date(NOW.getTime() + days * DAY);

function secret(change: Partial<TimelineSecret> & { readonly ends: number }): TimelineSecret {
  const { ends, ...others } = change;
  return {
    secret: { slot: 'a', generation: 1 },
    name: 'interop-a-g1',
    role: 'current',
    keyId: undefined,
    start: at(-90),
    end: at(ends),
    lead: undefined,
    daysLeft: Math.floor(ends),
    ageDays: 90,
    confirmed: [],
    ...others,
  };
}

function timeline(...secrets: readonly TimelineSecret[]): Timeline {
  return {
    now: NOW,
    phase: 'staged',
    secrets,
    events: [],
    due: { phase: 'staged', due: [], clockBehind: undefined },
  };
}

test('a line for each secret on one scale: when it lives, today, and from when on a new one is due', () => {
  const lines = timelineText(
    timeline(
      secret({ ends: 30 }),
      secret({ name: 'interop-b-g2', role: 'staged', start: at(0), ends: 180, lead: at(150) }),
    ),
    80,
  );
  expect(lines).toEqual(
    [
      '  interop-a-g1  ━━━━━━━━━━━━━━┃━━━                       in use, 30 days left',
      '  interop-b-g2                ┃━━━━━━━━━━━━━━━━━━━━━━◆━━━  new, 180 days left',
    ].map((line) => expect.stringMatching(shape(line))),
  );
  expect(lines.map((line) => line.indexOf('┃'))).toEqual([lines[0]?.indexOf('┃'), lines[0]?.indexOf('┃')]);
  expect(legendText(lines)).toContain('◆ a new secret is due');
});

/** The same marks in the same order, whatever the room. */
function shape(line: string): RegExp {
  const marks = line.replace(/━+/g, '━+').replace(/ {2,}/g, ' +');
  return new RegExp(`^${marks}$`);
}

test.each([
  [1.5, '1 day left'],
  [0.5, 'less than a day left'],
  [-0.5, 'has just ended'],
  [-1.5, 'ended 1 day ago'],
  [-3.5, 'ended 3 days ago'],
])('%d days from now: %s', (ends, words) => {
  const [line] = timelineText(timeline(secret({ ends })), 80);
  expect(line?.endsWith(`in use, ${words}`)).toBe(true);
});

test('in a narrow terminal the bars are left out, and with them the legend', () => {
  const lines = timelineText(timeline(secret({ ends: 30 })), 40);
  expect(lines).toEqual(['  interop-a-g1  in use, 30 days left']);
  expect(legendText(lines)).toBeUndefined();
});

test('no line is longer than the terminal, and today is on every bar', () => {
  const days = fc.integer({ min: -800, max: 800 });
  const one = fc
    .record({
      ends: days,
      start: fc.option(days, { nil: undefined }),
      lead: fc.option(days, { nil: undefined }),
    })
    .map(({ ends, start, lead }) =>
      secret({
        ends,
        start: start === undefined ? undefined : at(start),
        lead: lead === undefined ? undefined : at(lead),
      }),
    );
  // Name, longest words and the shortest bar have room.
  const least = 'interop-a-g1'.length + 'in use, less than a day left'.length + 6 + 16;
  fc.assert(
    fc.property(
      fc.array(one, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: least, max: 200 }),
      (some, columns) => {
        for (const line of timelineText(timeline(...some), columns)) {
          expect(line.length).toBeLessThanOrEqual(columns);
          expect(line).toContain('┃');
        }
      },
    ),
  );
});
