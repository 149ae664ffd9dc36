/** When Microsoft turns EWS off in Exchange Online, and how long that is from a day. Pure: the day is given. */

/** A day of Microsoft's plan. */
export interface Milestone {
  /** ISO date; the day begins at 00:00 UTC. */
  readonly date: string;
  readonly what: string;
  /** Whether more than one source names it. */
  readonly certain: boolean;
}

/** The day from which Microsoft blocks EWS tenant by tenant, and the one from which it is off for everybody. */
export const EWS_BLOCKING_FROM = '2026-10-01';
export const EWS_OFF_FROM = '2027-04-01';

/** Sources: learn.microsoft.com "Control access to EWS in Exchange", message centre MC1227454, press reports of 2026. */
export const EWS_RETIREMENT: readonly Milestone[] = [
  {
    date: EWS_BLOCKING_FROM,
    what: 'Microsoft begins to block EWS, tenant by tenant: an unset switch becomes off, only listed applications go on',
    certain: true,
  },
  {
    date: '2026-10-10',
    what: 'a tenant whose switch is on and whose allow list is empty is blocked (UNCONFIRMED: one source)',
    certain: false,
  },
  {
    date: EWS_OFF_FROM,
    what: 'EWS is off in Exchange Online for everybody; the switch and the list are gone',
    certain: true,
  },
];

const DAY_MS = 24 * 60 * 60 * 1000;

export interface CountedMilestone extends Milestone {
  /** Whole days until it begins, rounded up; 0 or less: it has begun. */
  readonly daysLeft: number;
}

export interface Countdown {
  readonly milestones: readonly CountedMilestone[];
  /** Days until EWS is off for everybody; 0 or less: it is off. */
  readonly daysLeft: number;
  readonly phase: 'before' | 'blocking' | 'off';
  /** One sentence for preview and status. */
  readonly words: string;
}

/** How far the retirement is at a moment. */
export function countdown(now: Date): Countdown {
  const milestones = EWS_RETIREMENT.map((milestone) => ({
    ...milestone,
    daysLeft: wholeDays(Date.parse(milestone.date) - now.getTime()),
  }));
  const first = milestones[0]?.daysLeft ?? 0;
  const daysLeft = milestones.at(-1)?.daysLeft ?? 0;
  const phase = daysLeft <= 0 ? 'off' : first <= 0 ? 'blocking' : 'before';
  return { milestones, daysLeft, phase, words: WORDS[phase](daysLeft, first) };
}

/** Rounded up; never the negative zero that rounding gives. */
function wholeDays(milliseconds: number): number {
  return Math.ceil(milliseconds / DAY_MS) + 0;
}

const WORDS: Readonly<Record<Countdown['phase'], (left: number, first: number) => string>> = {
  before: (left, first) =>
    `EWS in Exchange Online: Microsoft begins to block it in ${days(first)} (${EWS_BLOCKING_FROM}), and it is off for everybody in ${days(left)} (${EWS_OFF_FROM})`,
  blocking: (left) =>
    `EWS in Exchange Online: Microsoft has been blocking it tenant by tenant since ${EWS_BLOCKING_FROM}, and it is off for everybody in ${days(left)} (${EWS_OFF_FROM})`,
  off: () =>
    `EWS in Exchange Online is off for everybody since ${EWS_OFF_FROM}: set calendar-interop:protocol to graph`,
};

function days(count: number): string {
  return count === 1 ? '1 day' : `${count} days`;
}

/** A written list takes up to 24 hours to count (learn.microsoft.com, "Control access to EWS in Exchange"). */
const EFFECT_MS = DAY_MS;

/** Until when a change may not count yet; undefined when it does by now, or none was written. */
export function pendingUntil(writtenAt: string | null | undefined, now: Date): Date | undefined {
  if (writtenAt === null || writtenAt === undefined) return undefined;
  const end = Date.parse(writtenAt) + EFFECT_MS;
  return now.getTime() < end ? new Date(end) : undefined;
}
