/** The demo's proof: two calendars looked up as Google looks them up, one that was raised and one that was excluded. */
import { InteropError } from '../../infra/errors.js';
import { lastAccount, readAccount, type VisibilityFiles } from '../../infra/exchange/visibility/index.js';
import type { AttendeeReport } from '../../infra/verify/index.js';
import { USUAL_DAYS } from '../../infra/verify/window.js';
import type { CommandContext } from '../command-context.js';
import type { OpenStack } from '../open-stack.js';
import { readStack } from '../read-stack.js';
import { lookUpThrough } from './verify-look-ups.js';
import { valuesOfState } from './verify-values.js';

/** Whose calendars show the difference. */
export interface DemoPeople {
  /** The sweep raised this calendar. */
  readonly raised: string;
  /** It left this one alone on purpose, although it shows busy times only. */
  readonly excluded: string;
}

/** What `--json` prints of the look-up. */
export interface DemoLookUp {
  /** How many calendars show subject and place, and how many busy times only. */
  readonly detail: number;
  readonly busyOnly: number;
  readonly calendars: readonly DemoCalendar[];
}

interface DemoCalendar {
  readonly address: string;
  readonly shows: AttendeeReport['detail'];
  /** One event as Google would show it. */
  readonly event: AttendeeReport['example'];
}

/**
 * The first calendar that the sweep of the first `up` found too low, and the first that it was told to leave alone.
 *
 * @throws InteropError of kind `failure` when there is none of either
 */
export async function peopleOfSweep({ plan }: VisibilityFiles): Promise<DemoPeople> {
  let raised: string | undefined;
  let excluded: string | undefined;
  await readAccount(lastAccount(plan), ({ mailbox: { address }, result }) => {
    if (result === 'lower') raised ??= address;
    if (result === 'excluded') excluded ??= address;
  });
  if (raised !== undefined && excluded !== undefined) return { raised, excluded };
  throw new InteropError({
    kind: 'failure',
    summary: 'the sweep of the demo found no calendar to raise, or none that is excluded',
    problems: [{ where: plan, what: 'is its account' }],
    next: ['calendar-interop demo --keep --json   # leaves everything for a closer look'],
  });
}

/** Looks both calendars up through the stack's endpoints with the secret from the state, and says what Google shows. */
export async function lookUpBoth(
  context: CommandContext,
  open: OpenStack,
  people: DemoPeople,
): Promise<DemoLookUp> {
  const { reports } = await lookUpThrough(open.config.endpoints, {
    context,
    read: readStack(context),
    values: await valuesOfState(context, open, 'demo'),
    password: undefined,
    people: [people.raised, people.excluded],
    outside: undefined,
    wishes: { asRole: [], days: USUAL_DAYS },
  });
  const calendars = reports
    .flatMap(({ attendees }) => attendees)
    .map(({ address, detail, example }) => ({ address, shows: detail, event: example }));
  const count = (detail: AttendeeReport['detail']) =>
    calendars.filter(({ shows }) => shows === detail).length;
  for (const { steps } of reports) {
    for (const { stage, seen } of steps) if (stage === 'role') context.terminal.line(`  ${seen}`);
  }
  context.terminal.pairs([
    [people.raised, `${eventText(calendars, people.raised)}   (raised)`],
    [people.excluded, `${eventText(calendars, people.excluded)}   (excluded)`],
  ]);
  return { detail: count('details'), busyOnly: count('busyOnly'), calendars };
}

/** An event in one line, such as `2026-11-30 09:00 to 10:00 UTC  Project review, Room 4.12`. */
function eventText(calendars: readonly DemoCalendar[], wanted: string): string {
  const event = calendars.find(({ address }) => address === wanted)?.event;
  if (event === undefined) return 'nothing';
  const { start, end, status, subject, location } = event;
  const [from = '', until = ''] = [start, end].map((time) => time.slice(0, 16).replace('T', ' '));
  const isOneDay = from.slice(0, 10) === until.slice(0, 10);
  const time = `${from} to ${isOneDay ? until.slice(11) : until} UTC`;
  const shown = [subject, location].filter((text) => text !== undefined && text !== '');
  return `${time}  ${shown.length > 0 ? shown.join(', ') : `${status.toLowerCase()}, no subject, no place`}`;
}
