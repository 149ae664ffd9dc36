/**
 * GetUserAvailability as an application sends it that acts for a role account
 * (MicrosoftDocs/office-developer-exchange-docs, getuseravailability-operation.md and
 * how-to-authenticate-an-ews-application-by-using-oauth.md).
 *
 * Whether Google sends the impersonation header is UNCONFIRMED; application-only access demands it. Times are UTC, since what Google
 * sends is UNCONFIRMED, too.
 */
import { create } from 'xmlbuilder2';
import type { TimeWindow } from '../window.js';
import { MESSAGES, SOAP, TYPES } from './namespaces.js';

export interface AvailabilityRequest {
  readonly attendees: readonly string[];
  readonly window: TimeWindow;
  /** The role account to act as; undefined where the server knows it from the sign-in (Basic). */
  readonly impersonate: string | undefined;
}

/** Limit of Exchange for one request. */
export const MOST_ATTENDEES = 100;

const MERGED_MINUTES = 30;

/** The whole envelope. Addresses are data: the library escapes them. */
export function availabilityRequest({ attendees, window, impersonate }: AvailabilityRequest): string {
  const header: Record<string, unknown> = { 't:RequestServerVersion': { '@Version': 'Exchange2016' } };
  if (impersonate !== undefined) {
    header['t:ExchangeImpersonation'] = { 't:ConnectingSID': { 't:SmtpAddress': impersonate } };
  }
  return create(
    { version: '1.0', encoding: 'utf-8' },
    {
      'soap:Envelope': {
        '@xmlns:soap': SOAP,
        '@xmlns:m': MESSAGES,
        '@xmlns:t': TYPES,
        'soap:Header': header,
        'soap:Body': {
          'm:GetUserAvailabilityRequest': {
            't:TimeZone': UTC,
            'm:MailboxDataArray': {
              't:MailboxData': attendees.map((address) => ({
                't:Email': { 't:Address': address },
                't:AttendeeType': 'Required',
                't:ExcludeConflicts': false,
              })),
            },
            't:FreeBusyViewOptions': {
              't:TimeWindow': { 't:StartTime': localTime(window.start), 't:EndTime': localTime(window.end) },
              't:MergedFreeBusyIntervalInMinutes': MERGED_MINUTES,
              't:RequestedView': 'DetailedMerged',
            },
          },
        },
      },
    },
  ).end();
}

/** A change that changes nothing: the element is documented as required. */
const change = (order: number, month: number) => ({
  't:Bias': 0,
  't:Time': '02:00:00',
  't:DayOrder': order,
  't:Month': month,
  't:DayOfWeek': 'Sunday',
});

const UTC = { 't:Bias': 0, 't:StandardTime': change(5, 10), 't:DaylightTime': change(1, 4) };

/** Without an offset: the zone is that of the request. */
function localTime(time: Date): string {
  return time.toISOString().slice(0, 19);
}
