/** Answers of EWS: envelopes, faults, and GetUserAvailabilityResponse. */
import { create } from 'xmlbuilder2';
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';
import { ATTENDEE_ERRORS, type AttendeeFailure, type Availability } from '../availability/calendars.js';
import type { WorkingHours } from '../availability/event.js';
import { type EventDetails, mergedFreeBusy, type VisibleEvent } from '../availability/view.js';
import { MINUTE_MS, toLocal } from '../availability/zones.js';
import type { HttpReply } from '../server/http.js';
import { EwsError } from './ews-error.js';
import { ERRORS, MESSAGES, SOAP, TYPES } from './names.js';
import type { AvailabilityRequest, RequestedView } from './request.js';
import type { ClientZone } from './time-zone.js';

const XML_TYPE = 'text/xml; charset=utf-8';
const SERVER = 'SANDBOX01';

/** A SOAP envelope over HTTP 200; `fill` writes the body. */
export function soapReply(fill: (body: XMLBuilder) => void): HttpReply {
  return { status: 200, headers: xmlHeaders(), body: envelope(fill) };
}

function xmlHeaders(): Record<string, string> {
  return { 'content-type': XML_TYPE, 'cache-control': 'private', 'x-feserver': SERVER };
}

function envelope(fill: (body: XMLBuilder) => void): string {
  const root = create({ version: '1.0', encoding: 'utf-8' }).ele(SOAP, 's:Envelope');
  root.ele(SOAP, 's:Header').ele(TYPES, 'h:ServerVersionInfo').att({
    MajorVersion: '15',
    MinorVersion: '20',
    MajorBuildNumber: '9412',
    MinorBuildNumber: '14',
    Version: 'V2018_01_08',
  });
  fill(root.ele(SOAP, 's:Body'));
  return root.end();
}

/** A refusal of the whole request: a SOAP fault over HTTP 500. */
export function faultReply(error: EwsError): HttpReply {
  const body = envelope((soapBody) => {
    const fault = soapBody.ele(SOAP, 's:Fault');
    fault.ele('', 'faultcode').att('http://www.w3.org/2000/xmlns/', 'xmlns:a', TYPES).txt(`a:${error.code}`);
    fault
      .ele('', 'faultstring')
      .att('http://www.w3.org/XML/1998/namespace', 'xml:lang', 'en-US')
      .txt(error.message);
    const detail = fault.ele('', 'detail');
    detail.ele(ERRORS, 'e:ResponseCode').txt(error.code);
    detail.ele(ERRORS, 'e:Message').txt(error.message);
    const values = Object.entries(error.values);
    if (values.length === 0) return;
    const messageXml = detail.ele(TYPES, 't:MessageXml');
    for (const [name, value] of values) messageXml.ele(TYPES, 't:Value').att('Name', name).txt(value);
  });
  return { status: 500, headers: xmlHeaders(), body };
}

/** The refusal of a server with too much to do. */
export function busy(backOffMs: number): EwsError {
  return new EwsError('ErrorServerBusy', '', { BackOffMilliseconds: String(backOffMs) });
}

/** One answer per attendee, in the order of the request. */
export function availabilityReply(
  request: AvailabilityRequest,
  answers: readonly (Availability | AttendeeFailure)[],
): HttpReply {
  return soapReply((body) => {
    const array = body
      .ele(MESSAGES, 'm:GetUserAvailabilityResponse')
      .ele(MESSAGES, 'm:FreeBusyResponseArray');
    for (const answer of answers) {
      const entry = array.ele(MESSAGES, 'm:FreeBusyResponse');
      if ('code' in answer) writeFailure(entry, answer);
      else writeAvailability(entry, request, answer);
    }
  });
}

/** UNCONFIRMED: numbers of exceptions but that of MailRecipientNotFoundException. */
const EXCEPTION_CODES: Readonly<Record<string, string>> = { ErrorMailRecipientNotFound: '5009' };

function writeFailure(entry: XMLBuilder, { code, message }: AttendeeFailure): void {
  const response = entry.ele(MESSAGES, 'm:ResponseMessage').att('ResponseClass', 'Error');
  response.ele(MESSAGES, 'm:MessageText').txt(message);
  response.ele(MESSAGES, 'm:ResponseCode').txt(code);
  response.ele(MESSAGES, 'm:DescriptiveLinkKey').txt('0');
  const details = response.ele(MESSAGES, 'm:MessageXml');
  const named = {
    ExceptionType: `Microsoft.Exchange.InfoWorker.Common.Availability.${ATTENDEE_ERRORS[code]}`,
    ExceptionCode: EXCEPTION_CODES[code] ?? '5000',
    ExceptionServerName: SERVER,
    ExceptionMessage: message,
  };
  for (const [name, value] of Object.entries(named)) details.ele(ERRORS, `e:${name}`).txt(value);
  entry.ele(MESSAGES, 'm:FreeBusyView').ele(TYPES, 't:FreeBusyViewType').txt('None');
}

/** What is shown is the most that the rights allow and that was asked for (requestedview.md). */
function viewFor(requested: RequestedView, level: Availability['level']): RequestedView {
  if (level !== 'times') return requested;
  if (requested === 'Detailed') return 'FreeBusy';
  return requested === 'DetailedMerged' ? 'FreeBusyMerged' : requested;
}

function writeAvailability(entry: XMLBuilder, request: AvailabilityRequest, answer: Availability): void {
  const { window, intervalMs, zone } = request;
  const view = viewFor(request.view, answer.level);
  const response = entry.ele(MESSAGES, 'm:ResponseMessage').att('ResponseClass', 'Success');
  response.ele(MESSAGES, 'm:ResponseCode').txt('NoError');
  const node = entry.ele(MESSAGES, 'm:FreeBusyView');
  node.ele(TYPES, 't:FreeBusyViewType').txt(view);
  if (view.includes('Merged')) {
    node.ele(TYPES, 't:MergedFreeBusy').txt(mergedFreeBusy(answer.events, window, intervalMs));
  }
  if (view !== 'MergedOnly' && answer.events.length > 0) {
    const array = node.ele(TYPES, 't:CalendarEventArray');
    for (const event of answer.events) writeEvent(array, event, zone, view.startsWith('Detailed'));
  }
  writeWorkingHours(node, answer.workingHours, window.start);
}

function writeEvent(array: XMLBuilder, event: VisibleEvent, zone: ClientZone, isDetailed: boolean): void {
  const node = array.ele(TYPES, 't:CalendarEvent');
  node.ele(TYPES, 't:StartTime').txt(localTime(event.start, zone));
  node.ele(TYPES, 't:EndTime').txt(localTime(event.end, zone));
  node.ele(TYPES, 't:BusyType').txt(event.busy);
  if (isDetailed && event.details !== undefined) writeDetails(node, event.details);
}

/** Of private events only that they are private (calendareventdetails.md). UNCONFIRMED: what else LimitedDetails shows. */
function writeDetails(event: XMLBuilder, { isPrivate, content }: EventDetails): void {
  const node = event.ele(TYPES, 't:CalendarEventDetails');
  if (content !== undefined) {
    node.ele(TYPES, 't:ID').txt(content.id);
    node.ele(TYPES, 't:Subject').txt(content.subject);
    node.ele(TYPES, 't:Location').txt(content.location);
    node.ele(TYPES, 't:IsMeeting').txt(String(content.isMeeting));
    node.ele(TYPES, 't:IsRecurring').txt(String(content.isRecurring));
    node.ele(TYPES, 't:IsException').txt(String(content.isException));
    node.ele(TYPES, 't:IsReminderSet').txt(String(content.isReminderSet));
  }
  node.ele(TYPES, 't:IsPrivate').txt(String(isPrivate));
}

/** No offset: the time that the client's clocks show. */
function localTime(utc: number, zone: ClientZone): string {
  return new Date(zone.toLocal(utc)).toISOString().slice(0, 19);
}

/** The owner's zone is told as the difference in force; the rules of its changes are left out of the account. */
function writeWorkingHours(view: XMLBuilder, hours: WorkingHours, at: number): void {
  const bias = (at - toLocal(at, hours.zone)) / MINUTE_MS;
  const node = view.ele(TYPES, 't:WorkingHours');
  const zone = node.ele(TYPES, 't:TimeZone');
  zone.ele(TYPES, 't:Bias').txt(String(Math.round(bias)));
  for (const name of ['t:StandardTime', 't:DaylightTime']) {
    const time = zone.ele(TYPES, name);
    for (const [part, value] of Object.entries(NO_CHANGE)) time.ele(TYPES, `t:${part}`).txt(value);
  }
  const period = node.ele(TYPES, 't:WorkingPeriodArray').ele(TYPES, 't:WorkingPeriod');
  period.ele(TYPES, 't:DayOfWeek').txt('Monday Tuesday Wednesday Thursday Friday');
  period.ele(TYPES, 't:StartTimeInMinutes').txt(String(hours.startMinutes));
  period.ele(TYPES, 't:EndTimeInMinutes').txt(String(hours.endMinutes));
}

const NO_CHANGE = { Bias: '0', Time: '00:00:00', DayOrder: '0', Month: '0', DayOfWeek: 'Sunday' };
