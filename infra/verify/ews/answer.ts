/** What EWS answered to a look-up: attendees, a refusal of the whole, or something that is not EWS. Pure. */
import type { AttendeeAnswer, BusyTime } from '../attendee.js';
import { oneLine } from '../finding.js';
import { ERRORS, MESSAGES, SOAP, TYPES } from './namespaces.js';
import { child, childText, readXml, type XmlElement } from './xml.js';

export type EwsAnswer =
  | { readonly kind: 'attendees'; readonly answers: readonly AttendeeAnswer[] }
  /** A SOAP fault with EWS's code, such as ErrorAccessDenied. */
  | { readonly kind: 'fault'; readonly code: string; readonly text: string; readonly backOffMs?: number }
  | { readonly kind: 'html' | 'brokenXml' | 'foreignXml' | 'incomplete'; readonly evidence: string };

/**
 * @param asked the addresses in the order of the request: EWS answers in the same order and does not repeat them
 */
export function readEwsAnswer(body: Uint8Array, asked: readonly string[]): EwsAnswer {
  const xml = readXml(body);
  if (xml.kind === 'html') return { kind: 'html', evidence: 'a web page' };
  if (xml.kind === 'broken') return { kind: 'brokenXml', evidence: xml.why };
  const { root } = xml;
  const content = root.namespace === SOAP && root.name === 'Envelope' ? child(root, SOAP, 'Body') : undefined;
  if (content === undefined) return foreign(root);
  const fault = child(content, SOAP, 'Fault');
  if (fault !== undefined) return faultOf(fault);
  const response = child(content, MESSAGES, 'GetUserAvailabilityResponse');
  if (response === undefined) return foreign(content.children[0] ?? root);
  const entries = child(response, MESSAGES, 'FreeBusyResponseArray')?.children.filter(
    ({ namespace, name }) => namespace === MESSAGES && name === 'FreeBusyResponse',
  );
  if (entries?.length !== asked.length) {
    return { kind: 'incomplete', evidence: `${entries?.length ?? 0} answers to ${asked.length} addresses` };
  }
  return { kind: 'attendees', answers: entries.map((entry, index) => attendeeOf(entry, asked[index] ?? '')) };
}

function foreign({ namespace, name }: XmlElement): EwsAnswer {
  return { kind: 'foreignXml', evidence: oneLine(`<${name}> of namespace ${JSON.stringify(namespace)}`) };
}

function faultOf(fault: XmlElement): EwsAnswer {
  // SOAP 1.1: the parts of a fault are in no namespace.
  const detail = child(fault, '', 'detail');
  const code =
    childText(detail, ERRORS, 'ResponseCode') ?? localName(childText(fault, '', 'faultcode') ?? 'no code');
  const text = childText(detail, ERRORS, 'Message') ?? childText(fault, '', 'faultstring') ?? '';
  const values = child(detail, TYPES, 'MessageXml')?.children ?? [];
  const backOff =
    values.find(({ attributes }) => attributes.Name === 'BackOffMilliseconds')?.text.trim() ?? '';
  return {
    kind: 'fault',
    code: oneLine(code),
    text: oneLine(text),
    ...(/^\d{1,9}$/.test(backOff) ? { backOffMs: Number(backOff) } : {}),
  };
}

function localName(qualified: string): string {
  return qualified.slice(qualified.indexOf(':') + 1);
}

function attendeeOf(entry: XmlElement, address: string): AttendeeAnswer {
  const message = child(entry, MESSAGES, 'ResponseMessage');
  const code = childText(message, MESSAGES, 'ResponseCode') ?? 'no code';
  const view = child(entry, MESSAGES, 'FreeBusyView');
  if (code !== 'NoError' || message?.attributes.ResponseClass === 'Error') {
    const text = childText(message, MESSAGES, 'MessageText') ?? '';
    return { address, detail: 'nothing', code: oneLine(code), text: oneLine(text) };
  }
  const detail = DETAIL_OF_VIEW.get(childText(view, TYPES, 'FreeBusyViewType') ?? 'None');
  if (detail === undefined)
    return { address, detail: 'nothing', code: 'None', text: 'Exchange shows no view' };
  const events = child(view, TYPES, 'CalendarEventArray')?.children ?? [];
  return {
    address,
    detail,
    events: events
      .filter(({ name, namespace }) => namespace === TYPES && name === 'CalendarEvent')
      .map(eventOf),
  };
}

/** Exchange gives the most that the caller may see, and says which view that is (requestedview.md). */
const DETAIL_OF_VIEW: ReadonlyMap<string, 'details' | 'busyOnly'> = new Map([
  ['MergedOnly', 'busyOnly'],
  ['FreeBusy', 'busyOnly'],
  ['FreeBusyMerged', 'busyOnly'],
  ['Detailed', 'details'],
  ['DetailedMerged', 'details'],
]);

function eventOf(event: XmlElement): BusyTime {
  const details = child(event, TYPES, 'CalendarEventDetails');
  const subject = childText(details, TYPES, 'Subject');
  const location = childText(details, TYPES, 'Location');
  return {
    start: inUtc(childText(event, TYPES, 'StartTime') ?? ''),
    end: inUtc(childText(event, TYPES, 'EndTime') ?? ''),
    status: oneLine(childText(event, TYPES, 'BusyType') ?? 'NoData'),
    ...(subject === undefined ? {} : { subject: oneLine(subject) }),
    ...(location === undefined ? {} : { location: oneLine(location) }),
    isPrivate: childText(details, TYPES, 'IsPrivate') === 'true',
  };
}

/** Times come in the zone of the request, which is UTC, without an offset. */
function inUtc(text: string): string {
  const time = new Date(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(time.getTime()) ? oneLine(text) : `${time.toISOString().slice(0, 19)}Z`;
}
