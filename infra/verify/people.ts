/** What the answer about one attendee means: what Google would see, and if not everything, why not. */
import type { AttendeeAnswer, BusyTime, Detail } from './attendee.js';
import { type Facts, type Finding, finding } from './finding.js';
import type { GoogleSight, MailboxSeen, TenantSight } from './sight.js';

export interface AttendeeReport {
  readonly address: string;
  /** Whether the look-up got an answer about this calendar. */
  readonly reached: boolean;
  /** How much Google would see. */
  readonly detail: Detail;
  readonly events: number;
  /** The first event that shows subject and place, else a subject, else the first one. */
  readonly example?: BusyTime;
  readonly findings: readonly Finding[];
  readonly google: 'checked' | 'notChecked';
  /** Whether the tenant itself has a mailbox or a person of an address that the look-up does not know; absent where nobody could look. */
  readonly inTenant?: boolean;
}

/** What is wished for calendars, and who can look behind an answer. */
export interface PeopleContext {
  /** Whether subjects and places shall show; else busy times are all that is wished. */
  readonly expectDetails: boolean;
  /** Addresses in small letters that show less on purpose, with the reason. */
  readonly excluded: ReadonlyMap<string, string>;
  readonly sight: TenantSight | undefined;
  readonly google: GoogleSight;
  readonly facts: Facts;
}

export async function reportAttendee(
  answer: AttendeeAnswer,
  context: PeopleContext,
): Promise<AttendeeReport> {
  const { address, detail } = answer;
  const events = 'events' in answer ? answer.events : [];
  const example =
    events.find(({ subject, location }) => subject !== undefined && (location ?? '') !== '') ??
    events.find(({ subject }) => subject !== undefined) ??
    events[0];
  const seen = isUnknown(answer) ? await context.sight?.mailbox(address) : undefined;
  const inTenant = isInTenant(seen);
  const calendar = calendarFinding(answer, seen, context);
  const person = await googleFinding(address, context);
  return {
    address,
    reached: detail !== 'nothing',
    detail,
    events: events.length,
    ...(example === undefined ? {} : { example }),
    findings: [calendar, person.found].filter((found) => found !== undefined),
    google: person.checked ? 'checked' : 'notChecked',
    ...(inTenant === undefined ? {} : { inTenant }),
  };
}

/** @param seen what the tenant says of an address that the look-up does not know */
function calendarFinding(
  answer: AttendeeAnswer,
  seen: MailboxSeen | undefined,
  context: PeopleContext,
): Finding | undefined {
  const { address } = answer;
  const facts = { ...context.facts, address };
  const reason = context.excluded.get(address.toLowerCase());
  const onPurpose = (evidence: string) =>
    reason === undefined
      ? undefined
      : finding('CI-CALENDAR-ON-PURPOSE', address, evidence, { ...facts, reason });
  if (answer.detail === 'busyOnly') {
    const evidence = 'Exchange shows busy times only';
    if (!context.expectDetails) return undefined;
    return onPurpose(evidence) ?? finding('CI-CALENDAR-BUSY-ONLY', address, evidence, facts);
  }
  if (answer.detail !== 'nothing') return undefined;
  const evidence = `${answer.code}: ${answer.text}`;
  if (answer.code === 'ErrorNoFreeBusyAccess') {
    return onPurpose(evidence) ?? finding('CI-CALENDAR-CLOSED', address, evidence, facts);
  }
  if (!isUnknown(answer)) return finding('CI-ATTENDEE-UNREACHABLE', address, evidence, facts);
  const unlicensed = seen !== undefined && seen.kind === undefined && seen.inDirectory === true;
  if (unlicensed) return finding('CI-ATTENDEE-UNLICENSED', address, evidence, facts);
  const contradicted = seen?.kind === undefined ? '' : 'there is such a mailbox in the tenant, yet ';
  return finding('CI-ATTENDEE-UNKNOWN', address, `${contradicted}${evidence}`, facts);
}

/** Codes for an address that no mailbox has; Graph hands on those of Exchange (getSchedule, freeBusyError). */
const UNKNOWN = new Set(['ErrorMailRecipientNotFound', 'ErrorInvalidSmtpAddress', 'ErrorNonExistentMailbox']);

function isUnknown(answer: AttendeeAnswer): boolean {
  return answer.detail === 'nothing' && UNKNOWN.has(answer.code);
}

/** Undefined where one of both, mailbox and directory, could not be looked at, and the other has nobody. */
function isInTenant(seen: MailboxSeen | undefined): boolean | undefined {
  if (seen === undefined) return undefined;
  return seen.kind !== undefined ? true : seen.inDirectory;
}

async function googleFinding(
  address: string,
  { google, facts }: PeopleContext,
): Promise<{ readonly checked: boolean; readonly found?: Finding }> {
  const state = await google.person(address);
  switch (state) {
    case 'notChecked':
      return { checked: false };
    case 'fine':
      return { checked: true };
    case 'calendarOn':
      return {
        checked: true,
        found: finding('CI-GOOGLE-CALENDAR-ON', address, 'Google Calendar is on', { ...facts, address }),
      };
    case 'unmanagedAccount':
      return {
        checked: true,
        found: finding('CI-GOOGLE-UNMANAGED-ACCOUNT', address, 'there is a private account of this address', {
          ...facts,
          address,
        }),
      };
  }
}
