/** Look-ups: an account, a target, a window, and what the account sees of it. EWS and Graph answer from here. */
import type { ExchangeOnline } from '../exchange/exchange-online.js';
import type { Mailbox } from '../exchange/model.js';
import type { TimeWindow, WorkingHours } from './event.js';
import { seededEvents, workingHoursOf } from './seeded-calendar.js';
import { type DetailLevel, shown, type VisibleEvent, visibilityFor } from './view.js';

/** What an account sees of one attendee. */
export interface Availability {
  readonly level: Exclude<DetailLevel, 'none'>;
  /** In order of their start. */
  readonly events: readonly VisibleEvent[];
  readonly workingHours: WorkingHours;
}

/** Why there is nothing to see: response codes of MicrosoftDocs/office-developer-exchange-docs responsecode.md. */
export interface AttendeeFailure {
  readonly code: AttendeeErrorCode;
  readonly message: string;
}

/** Failures of one attendee, with the exception that Exchange names in their texts. */
export const ATTENDEE_ERRORS = {
  ErrorMailRecipientNotFound: 'MailRecipientNotFoundException',
  ErrorNoFreeBusyAccess: 'NoFreeBusyAccessException',
  ErrorFreeBusyGenerationFailed: 'FreeBusyGenerationFailedException',
  ErrorMailboxLogonFailed: 'MailboxLogonFailedException',
  ErrorNoCalendar: 'NoCalendarException',
  ErrorTimeoutExpired: 'TimeoutExpiredException',
  ErrorProxyRequestProcessingFailed: 'ProxyWebRequestProcessingException',
  ErrorServiceDiscoveryFailed: 'ServiceDiscoveryFailedException',
  ErrorMailboxStoreUnavailable: 'MailboxStoreUnavailableException',
} as const;

export type AttendeeErrorCode = keyof typeof ATTENDEE_ERRORS;

const NAMESPACE = 'Microsoft.Exchange.InfoWorker.Common.Availability';

/** The failure of an attendee as Exchange words it. UNCONFIRMED: all texts but that of ErrorMailRecipientNotFound. */
export function attendeeFailure(code: AttendeeErrorCode, address: string): AttendeeFailure {
  return { code, message: `${NAMESPACE}.${ATTENDEE_ERRORS[code]}: ${textOf(code, address)}` };
}

function textOf(code: AttendeeErrorCode, address: string): string {
  switch (code) {
    case 'ErrorMailRecipientNotFound':
      return `Unable to resolve e-mail address <${address}> to an Active Directory object.`;
    case 'ErrorNoFreeBusyAccess':
      return `The caller does not have access to free/busy data of <${address}>.`;
    default:
      return `The free/busy data of <${address}> could not be read.`;
  }
}

/** The one mailbox with this address, primary or other; undefined if there is none. */
export function mailboxWithAddress(exchange: ExchangeOnline, address: string): Mailbox | undefined {
  return address.includes('@') ? exchange.mailboxes.find(address)[0] : undefined;
}

/** What `viewer` sees of the calendar of `address` in a window. */
export function lookUp(
  exchange: ExchangeOnline,
  viewer: Mailbox,
  address: string,
  window: TimeWindow,
): Availability | AttendeeFailure {
  const target = mailboxWithAddress(exchange, address);
  if (target === undefined) return attendeeFailure('ErrorMailRecipientNotFound', address);
  const calendar = exchange.mailboxes.folders(target).find(({ type }) => type === 'Calendar');
  if (calendar === undefined) return attendeeFailure('ErrorNoCalendar', address);
  const entries = exchange.mailboxes.seenEntries(target, calendar);
  const visibility = visibilityFor(entries, viewer.user.id, target.user.id);
  if (visibility.level === 'none') return attendeeFailure('ErrorNoFreeBusyAccess', address);
  const { directory } = exchange;
  const owner = { userId: target.user.id, number: directory.users.numberOf(target.user.id) };
  return {
    level: visibility.level,
    events: seededEvents(directory.random, owner, window).map((event) => shown(event, visibility)),
    workingHours: workingHoursOf(owner),
  };
}
