/**
 * The guide's conditions for people whose availability Google is to show (support.google.com/a/answer/7437483): they have a
 * mailbox, no unmanaged Google account on the domain, and no Workspace account or one without Calendar.
 *
 * Three streams go by, one after the other, and leave marks in one table of addresses: Google's accounts, Exchange's mailboxes,
 * Entra's users. Nothing else is kept but counts and a few examples.
 */
import { type CalendarService, calendarOfUser, type GoogleUser } from '../google/index.js';
import { AddressTable } from './address-table.js';
import {
  type Check,
  type FailedLook,
  fault,
  fine,
  GIVE_GOOGLE,
  type Look,
  lookOr,
  notChecked,
} from './checks.js';

/** What is said of people, whatever could be looked at. */
export const PEOPLE_CHECKS = ['people.mailbox', 'people.unmanaged', 'people.calendar'] as const;

/** Where Google's accounts are known from. */
export type GoogleSource =
  | {
      readonly from: 'interfaces';
      readonly users: AsyncIterable<GoogleUser>;
      readonly unmanaged: AsyncIterable<string>;
      readonly calendar: CalendarService;
    }
  /** The Admin console's export says neither for whom Calendar is on nor who is unmanaged. */
  | { readonly from: 'file'; readonly users: AsyncIterable<GoogleUser>; readonly file: string };

/** Somebody in Entra who could be looked up. */
export interface Person {
  readonly address: string;
}

export interface PeopleSources {
  /** Domains of people in Exchange Online, in lower case. */
  readonly domains: readonly string[];
  readonly google: Look<GoogleSource | undefined>;
  /** Primary addresses of the mailboxes in scope. */
  readonly mailboxes: AsyncIterable<string>;
  /** Undefined: not looked at, because the scope leaves people out or mailboxes are elsewhere as well. */
  readonly directory: AsyncIterable<Person> | undefined;
  /** Called now and then with how many were looked at. */
  readonly onProgress?: (seen: number) => void;
}

/** How many of a kind there are, and the first of them. */
export interface Finding {
  readonly count: number;
  readonly examples: readonly string[];
}

/** Who does not meet a condition. */
export type PeopleKind = 'calendarOn' | 'calendarUnknown' | 'unmanaged' | 'withoutMailbox';

export interface PeopleReport {
  readonly mailboxes: number;
  /** Google's side: where its accounts are known from, how many there are; or why nobody could look. Undefined: nobody was asked. */
  readonly google: Look<{ readonly from: GoogleSource['from']; readonly accounts: number } | undefined>;
  /** Whether Entra's users were looked at; undefined: they were not to be. */
  readonly directory: Look<true> | undefined;
  readonly findings: Readonly<Record<PeopleKind, Finding>>;
}

const MAILBOX = 1;
const ACCOUNT = 2;
const CALENDAR_ON = 4;
const CALENDAR_OFF = 8;
const UNMANAGED = 16;

const MOST_EXAMPLES = 10;
const PROGRESS_EVERY = 500;

class Counted {
  count = 0;
  readonly examples: string[] = [];

  add(address: string): void {
    this.count += 1;
    if (this.examples.length < MOST_EXAMPLES) this.examples.push(address);
  }
}

/**
 * Looks at everybody. Where Google or Entra fails, the others are looked at nevertheless.
 *
 * @throws what the stream of mailboxes throws: a short list would call people fine who were not looked at.
 */
export async function sweepPeople(sources: PeopleSources): Promise<PeopleReport> {
  const domains = new Set(sources.domains);
  const isOurs = (address: string) => domains.has(address.slice(address.lastIndexOf('@') + 1).toLowerCase());
  const table = new AddressTable();
  const found = {
    calendarOn: new Counted(),
    calendarUnknown: new Counted(),
    unmanaged: new Counted(),
    withoutMailbox: new Counted(),
  };
  let seen = 0;
  const progress = () => {
    seen += 1;
    if (seen % PROGRESS_EVERY === 0) sources.onProgress?.(seen);
  };

  const readGoogle = async (source: GoogleSource | undefined) => {
    if (source === undefined) return undefined;
    let accounts = 0;
    for await (const user of source.users) {
      progress();
      accounts += 1;
      const marks = ACCOUNT | calendarMark(user, source);
      for (const address of [user.address, ...user.aliases]) if (isOurs(address)) table.mark(address, marks);
    }
    if (source.from === 'interfaces') {
      for await (const address of source.unmanaged) if (isOurs(address)) table.mark(address, UNMANAGED);
    }
    return { from: source.from, accounts };
  };
  const given = sources.google;
  const google = 'failed' in given ? given : await lookOr(() => readGoogle(given.value));
  let mailboxes = 0;
  for await (const address of sources.mailboxes) {
    progress();
    if (!isOurs(address)) continue;
    mailboxes += 1;
    const marks = table.marksOf(address);
    if ((marks & CALENDAR_ON) !== 0) found.calendarOn.add(address);
    else if ((marks & ACCOUNT) !== 0 && (marks & CALENDAR_OFF) === 0) found.calendarUnknown.add(address);
    if ((marks & UNMANAGED) !== 0) found.unmanaged.add(address);
    if (sources.directory !== undefined) table.mark(address, MAILBOX);
  }
  const readDirectory = async (people: AsyncIterable<Person>) => {
    for await (const { address } of people) {
      progress();
      if (isOurs(address) && (table.marksOf(address) & MAILBOX) === 0) found.withoutMailbox.add(address);
    }
    return true as const;
  };
  const { directory: people } = sources;
  const directory = people === undefined ? undefined : await lookOr(() => readDirectory(people));
  return { mailboxes, google, directory, findings: found };
}

function calendarMark(user: GoogleUser, source: GoogleSource): number {
  const state = source.from === 'file' ? undefined : calendarOfUser(source.calendar, user);
  if (state === undefined) return 0;
  return state ? CALENDAR_ON : CALENDAR_OFF;
}

/** The report as checks. Pure. */
export function peopleChecks(report: PeopleReport): readonly Check[] {
  return [mailboxCheck(report), unmanagedCheck(report), calendarCheck(report)];
}

function mailboxCheck({ mailboxes, directory, findings }: PeopleReport): Check {
  const id = 'people.mailbox';
  if (directory === undefined) {
    return notChecked(
      id,
      'whether everybody has a mailbox: the scope leaves people out, or some mailboxes are on-premises',
      {
        found: `${mailboxes} mailboxes in scope`,
      },
    );
  }
  if ('failed' in directory) return notChecked(id, 'whether everybody has a mailbox', directory.failed);
  const { withoutMailbox } = findings;
  if (withoutMailbox.count === 0)
    return fine(id, 'everybody with an address has a mailbox', `${mailboxes} mailboxes`);
  return fault(id, "people have an address in an endpoint's domain and no mailbox", {
    found: listed(withoutMailbox),
    allowed: 'a mailbox in Exchange for each (guide 7437483)',
    next: 'give them a licence with Exchange Online, or leave them out: Google finds nothing for them',
  });
}

/** Why nothing is known of Google's side, where that is so. */
function unknownAtGoogle({ google }: PeopleReport): Partial<FailedLook> | undefined {
  if ('failed' in google) return google.failed;
  return google.value === undefined ? { next: GIVE_GOOGLE } : undefined;
}

/** Where Google's accounts are known from, as far as they are. */
function sourceOf({ google }: PeopleReport): GoogleSource['from'] | undefined {
  return 'value' in google ? google.value?.from : undefined;
}

function unmanagedCheck(report: PeopleReport): Check {
  const id = 'people.unmanaged';
  if (sourceOf(report) !== 'interfaces') {
    const why = unknownAtGoogle(report) ?? { next: GIVE_GOOGLE };
    return notChecked(id, 'whether people have unmanaged Google accounts on the domain', why);
  }
  const { mailboxes, findings } = report;
  const { unmanaged } = findings;
  if (unmanaged.count === 0) {
    return fine(
      id,
      'nobody has an unmanaged Google account on the domain, as far as Google shows (48 hours late, primary addresses only)',
      `${mailboxes} mailboxes compared`,
    );
  }
  return fault(id, 'people have an unmanaged Google account on the domain', {
    found: listed(unmanaged),
    allowed: 'none (guide 7437483)',
    next: 'Google Admin console > Directory > Users > More > Transfer tool for unmanaged users: invite or rename them',
  });
}

function calendarCheck(report: PeopleReport): Check {
  const id = 'people.calendar';
  const why = unknownAtGoogle(report);
  if (why !== undefined) return notChecked(id, 'whether people have a Google account with Calendar on', why);
  const { calendarOn, calendarUnknown } = report.findings;
  const accounts = 'value' in report.google ? report.google.value?.accounts : undefined;
  const compared = `${report.mailboxes} mailboxes and ${accounts ?? 0} accounts compared`;
  if (calendarOn.count > 0) {
    return fault(
      id,
      'people in Exchange have Google Calendar on: Google shows that calendar and never asks Exchange',
      {
        found: listed(calendarOn),
        allowed: 'no Google account, or one with Calendar off (guide 7437483)',
        next: 'move them to an organisational unit in which Calendar is off (Apps > Google Workspace > Calendar > Service status)',
      },
    );
  }
  if (calendarUnknown.count > 0) {
    return notChecked(id, 'whether Calendar is off for people who have a Google account', {
      found: listed(calendarUnknown),
      next:
        sourceOf(report) === 'file'
          ? GIVE_GOOGLE
          : 'look at them in the Google Admin console: suspended, governed by a group, or in a unit of unknown state',
    });
  }
  return fine(id, 'nobody in Exchange has Google Calendar on', compared);
}

function listed({ count, examples }: Finding): string {
  const more = count - examples.length;
  return `${count}: ${examples.join(', ')}${more === 0 ? '' : ` and ${more} more`}`.replace(
    /\p{C}/gu,
    '\uFFFD',
  );
}
