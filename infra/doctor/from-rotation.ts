/** Where the rotation of the secret stands, as a section. Pure. */
import { commandLine, type Due, doerOf, type Timeline, type TimelineSecret } from '../rotation/index.js';
import { type Item, type Section, sectionOf } from './section.js';

/**
 * What is due wants attention. A fault is a secret that Google holds and that has ended: look-ups stand still.
 *
 * @param timeline as of the moment of the report
 */
export function rotationSection(stack: string, timeline: Timeline): Section {
  const { due, upcoming, clockBehind } = timeline.due;
  const ended = timeline.secrets.filter((secret) => hasEnded(secret, timeline.now));
  const items = [
    ...timeline.secrets.map((secret) => secretItem(stack, secret, timeline.now)),
    ...(clockBehind === undefined ? [] : [clockItem(clockBehind)]),
    ...due.map((one) => dueItem(stack, one)),
    ...(upcoming === undefined ? [] : [upcomingItem(upcoming)]),
  ];
  return sectionOf('rotation', summaryOf(ended, due, upcoming), items);
}

function summaryOf(ended: readonly TimelineSecret[], due: readonly Due[], upcoming: Due | undefined): string {
  if (ended.length > 0) return `the secret in use, ${ended.map(({ name }) => name).join(', ')}, has ended`;
  if (due.length > 0) return `${due.length === 1 ? '1 step is' : `${due.length} steps are`} due`;
  return upcoming === undefined ? 'nothing is due' : `nothing is due before ${dayOf(upcoming.since)}`;
}

/** Google holds it as far as is known, and it is over. */
function hasEnded({ role, end }: TimelineSecret, now: Date): boolean {
  return role === 'current' && end.getTime() <= now.getTime();
}

const ROLES: Readonly<Record<TimelineSecret['role'], string>> = {
  current: 'in use',
  staged: 'waits to be pasted at Google',
  old: 'to be removed',
  foreign: 'made by somebody else',
};

function secretItem(stack: string, secret: TimelineSecret, now: Date): Item {
  const { name, role, end, daysLeft } = secret;
  const ended = hasEnded(secret, now);
  const left = daysLeft < 0 ? `ended ${dayOf(end)}` : `${daysLeft} days left, until ${dayOf(end)}`;
  return {
    state: ended ? 'fault' : 'ok',
    id: `rotation.${name}`,
    what: ended
      ? `the secret ${name}, ${ROLES[role]}, has ended: look-ups stand still`
      : `${name}, ${ROLES[role]}`,
    found: left,
    next: ended ? [`calendar-interop rotation status --stack ${stack}   # what to do, step by step`] : [],
  };
}

function clockItem(lastEvent: Date): Item {
  return {
    state: 'attention',
    id: 'rotation.clock',
    what: "this machine's clock is behind the ledger",
    found: `the ledger's last event was at ${lastEvent.toISOString()}`,
    next: ["set this machine's clock, then run the same command again"],
  };
}

function dueItem(stack: string, due: Due): Item {
  const before = due.before === undefined ? '' : `, before ${dayOf(due.before)}`;
  return {
    state: 'attention',
    id: `rotation.${due.step}`,
    what: due.what,
    found: `due since ${dayOf(due.since)}, by ${doerOf(due)}${before}`,
    next: due.next.map((next) => commandLine(next, stack)),
  };
}

function upcomingItem({ step, what, since }: Due): Item {
  return {
    state: 'ok',
    id: `rotation.${step}`,
    what: `comes next: ${what}`,
    found: `on ${dayOf(since)}`,
    next: [],
  };
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
