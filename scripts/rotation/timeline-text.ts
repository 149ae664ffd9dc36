/** The rotation drawn for a terminal. Pure: text without colours, one line for each secret. */
import type { Timeline, TimelineSecret } from '../../infra/rotation/index.js';

const DAY_MS = 86_400_000;

/** Below this many characters bars say nothing. */
const LEAST_BAR = 16;
const MOST_BAR = 60;

/** What a secret's place in the rotation means, in a word or two. */
const ROLES: Readonly<Record<TimelineSecret['role'], string>> = {
  current: 'in use',
  staged: 'new',
  old: 'old',
  foreign: 'not ours',
};

/**
 * One line for each secret: `interop-a-g1  ━━━━━━┃━━━◆━━  in use, 12 days left`. The bar reaches from the first secret's start to
 * the last one's end; `┃` is today, `◆` the day from which a new secret is due.
 *
 * @param columns how long a line may get; in a narrow terminal the bars are left out
 */
export function timelineText(timeline: Timeline, columns: number): readonly string[] {
  const { secrets, now } = timeline;
  const names = secrets.map(({ name }) => shortName(name));
  const texts = secrets.map((secret) => `${ROLES[secret.role]}, ${daysText(secret, now)}`);
  const nameWidth = Math.max(...names.map(({ length }) => length));
  const textWidth = Math.max(...texts.map(({ length }) => length));
  const room = Math.min(columns - nameWidth - textWidth - 6, MOST_BAR);
  const scale = scaleOf(secrets, now, room);
  return secrets.map((secret, index) => {
    const bar = room < LEAST_BAR ? '' : `  ${barOf(secret, now, scale, room)}`;
    return `  ${(names[index] ?? '').padEnd(nameWidth)}${bar}  ${texts[index]}`;
  });
}

/** What the marks mean; undefined where no bars are drawn. */
export function legendText(lines: readonly string[]): string | undefined {
  return lines.some((line) => line.includes('┃')) ? '  ┃ today   ◆ a new secret is due' : undefined;
}

function daysText({ daysLeft, end }: TimelineSecret, now: Date): string {
  if (daysLeft < 0) {
    const ago = Math.floor((now.getTime() - end.getTime()) / DAY_MS);
    return ago === 0 ? 'has just ended' : `ended ${ago} day${ago === 1 ? '' : 's'} ago`;
  }
  if (daysLeft === 0) return 'less than a day left';
  return daysLeft === 1 ? '1 day left' : `${daysLeft} days left`;
}

/** Of a key id, the beginning is enough to tell it from others. */
function shortName(name: string): string {
  return /^key [\da-f]{8}-/i.test(name) ? `${name.slice(0, 12)}…` : name;
}

interface Scale {
  readonly from: number;
  readonly to: number;
}

function scaleOf(secrets: readonly TimelineSecret[], now: Date, room: number): Scale {
  const times = secrets.flatMap(({ start, end }) => [start?.getTime() ?? now.getTime(), end.getTime()]);
  const from = Math.min(...times, now.getTime());
  const to = Math.max(...times, now.getTime() + DAY_MS);
  // Today's mark is inside of the bar, not on its edge.
  return { from, to: to + (to - from) / Math.max(room, 1) };
}

function barOf(secret: TimelineSecret, now: Date, { from, to }: Scale, room: number): string {
  const place = (time: Date | undefined) =>
    time === undefined ? 0 : Math.floor(((time.getTime() - from) / (to - from)) * room);
  const cells: string[] = Array.from({ length: room }, (_, cell) =>
    cell >= place(secret.start) && cell < Math.max(place(secret.end), place(secret.start) + 1) ? '━' : ' ',
  );
  if (secret.lead !== undefined) cells[Math.max(0, Math.min(place(secret.lead), room - 1))] = '◆';
  cells[Math.min(place(now), room - 1)] = '┃';
  return cells.join('');
}
