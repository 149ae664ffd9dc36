/**
 * The SOAP envelope and GetUserAvailabilityRequest, read as strictly as the schema (MicrosoftDocs/office-developer-exchange-docs
 * docs/web-service-reference/getuseravailability-operation.md): namespaces by URI, elements in their order, limits.
 */
import type { TimeWindow } from '../availability/event.js';
import { DAY_MS, MINUTE_MS } from '../availability/zones.js';
import { EwsError } from './ews-error.js';
import { MESSAGES, SOAP, TYPES } from './names.js';
import { type ClientZone, UTC_ZONE, zoneOfContext, zoneOfRules } from './time-zone.js';
import { childOf, childrenOf, type XmlElement } from './xml.js';

/** Whom the caller acts as, and by which kind of name. */
export interface Impersonation {
  readonly kind: 'SmtpAddress' | 'PrimarySmtpAddress' | 'PrincipalName' | 'SID';
  readonly value: string;
}

export interface SoapRequest {
  readonly impersonation: Impersonation | undefined;
  readonly context: XmlElement | undefined;
  /** As sent; undefined: no header. */
  readonly serverVersion: string | undefined;
  /** The operation: the only child of the body. */
  readonly operation: XmlElement;
}

const VERSIONS = [
  'Exchange2007',
  'Exchange2007_SP1',
  'Exchange2010',
  'Exchange2010_SP1',
  'Exchange2010_SP2',
  'Exchange2013',
  'Exchange2013_SP1',
  'Exchange2015',
  'Exchange2016',
];
const OLDEST = ['Exchange2007', 'Exchange2007_SP1'];
const NAMES_OF_ACCOUNTS = ['SmtpAddress', 'PrimarySmtpAddress', 'PrincipalName', 'SID'] as const;

/** @throws EwsError unless it is a SOAP 1.1 envelope with one operation. */
export function readEnvelope(root: XmlElement): SoapRequest {
  if (root.namespace !== SOAP || root.name !== 'Envelope') throw invalid('The root is no SOAP 1.1 envelope.');
  const header = childOf(root, SOAP, 'Header');
  const [operation, ...others] = childOf(root, SOAP, 'Body')?.children ?? [];
  if (operation === undefined || others.length > 0) throw invalid('The SOAP body has to hold one operation.');
  const serverVersion = childOf(header, TYPES, 'RequestServerVersion')?.attributes.Version;
  if (serverVersion !== undefined && !VERSIONS.includes(serverVersion))
    throw new EwsError('ErrorInvalidServerVersion');
  return {
    impersonation: impersonationOf(childOf(header, TYPES, 'ExchangeImpersonation')),
    context: childOf(header, TYPES, 'TimeZoneContext'),
    serverVersion,
    operation,
  };
}

function impersonationOf(header: XmlElement | undefined): Impersonation | undefined {
  if (header === undefined) return undefined;
  const names = childOf(header, TYPES, 'ConnectingSID')?.children ?? [];
  const [name] = names;
  const kind = NAMES_OF_ACCOUNTS.find((known) => name?.namespace === TYPES && name.name === known);
  const value = name?.text.trim() ?? '';
  if (kind === undefined || names.length !== 1 || value === '')
    throw new EwsError('ErrorInvalidExchangeImpersonationHeaderData');
  return { kind, value };
}

/** What a view may show at most; `MergedOnly` and the two `…Merged` have the merged string. */
export type RequestedView = 'MergedOnly' | 'FreeBusy' | 'FreeBusyMerged' | 'Detailed' | 'DetailedMerged';
const VIEWS: readonly RequestedView[] = [
  'MergedOnly',
  'FreeBusy',
  'FreeBusyMerged',
  'Detailed',
  'DetailedMerged',
];

export interface AvailabilityRequest {
  readonly zone: ClientZone;
  /** Addresses in the order of the request. */
  readonly attendees: readonly string[];
  readonly window: TimeWindow;
  readonly intervalMs: number;
  readonly view: RequestedView;
}

const MOST_ATTENDEES = 100;
/** The operation's page says 42 days; 62 since Exchange 2010 is UNCONFIRMED. The stricter is taken. */
const MOST_DAYS = 42;
const DEFAULT_INTERVAL_MINUTES = 30;
const ATTENDEE_TYPES = ['Organizer', 'Required', 'Optional', 'Room', 'Resource'];

/** @throws EwsError for whatever EWS would refuse. */
export function readAvailabilityRequest({
  operation,
  context,
  serverVersion,
}: SoapRequest): AvailabilityRequest {
  const order = [
    [TYPES, 'TimeZone'],
    [MESSAGES, 'MailboxDataArray'],
    [TYPES, 'FreeBusyViewOptions'],
    [TYPES, 'SuggestionsViewOptions'],
  ] as const;
  checkOrder(operation, order);
  const zone = zoneOf(childOf(operation, TYPES, 'TimeZone'), context, serverVersion);
  const options = childOf(operation, TYPES, 'FreeBusyViewOptions');
  const array = childOf(operation, MESSAGES, 'MailboxDataArray');
  if (array === undefined) throw invalid('MailboxDataArray is missing.');
  if (options === undefined) throw new EwsError('ErrorInvalidRequest', 'FreeBusyViewOptions is missing.');
  return { zone, attendees: attendeesOf(array), ...optionsOf(options, zone) };
}

/** Clients up to Exchange 2007 have to tell their zone in the request; later ones may do so in the header, or not at all (UTC). */
function zoneOf(
  rules: XmlElement | undefined,
  context: XmlElement | undefined,
  serverVersion: string | undefined,
): ClientZone {
  if (rules !== undefined) return zoneOfRules(rules);
  if (context !== undefined) return zoneOfContext(context);
  if (serverVersion !== undefined && OLDEST.includes(serverVersion)) throw new EwsError('ErrorTimeZone');
  return UTC_ZONE;
}

function attendeesOf(array: XmlElement): readonly string[] {
  const all = childrenOf(array, TYPES, 'MailboxData');
  if (all.length === 0 || all.length !== array.children.length)
    throw invalid('MailboxDataArray holds no MailboxData.');
  if (all.length > MOST_ATTENDEES) {
    throw new EwsError(
      'ErrorInvalidRequest',
      `At most ${MOST_ATTENDEES} identities can be asked for at once.`,
    );
  }
  return all.map((data) => {
    checkOrder(data, [
      [TYPES, 'Email'],
      [TYPES, 'AttendeeType'],
      [TYPES, 'ExcludeConflicts'],
    ]);
    const email = childOf(data, TYPES, 'Email');
    const kind = textOf(data, 'AttendeeType');
    if (email === undefined || !ATTENDEE_TYPES.includes(kind))
      throw invalid('MailboxData wants Email and AttendeeType.');
    checkOrder(email, [
      [TYPES, 'Name'],
      [TYPES, 'Address'],
      [TYPES, 'RoutingType'],
    ]);
    const address = textOf(email, 'Address');
    if (!/^[^@\s<>]+@[^@\s<>]+$/.test(address)) throw new EwsError('ErrorInvalidSmtpAddress');
    return address;
  });
}

function optionsOf(options: XmlElement, zone: ClientZone): Omit<AvailabilityRequest, 'zone' | 'attendees'> {
  checkOrder(options, [
    [TYPES, 'TimeWindow'],
    [TYPES, 'MergedFreeBusyIntervalInMinutes'],
    [TYPES, 'RequestedView'],
  ]);
  const view = textOf(options, 'RequestedView');
  if (view === 'None') throw new EwsError('ErrorInvalidFreeBusyViewType');
  const known = VIEWS.find((candidate) => candidate === (view === '' ? 'FreeBusy' : view));
  if (known === undefined) throw invalid(`'${view}' is no RequestedView.`);
  const interval = textOf(options, 'MergedFreeBusyIntervalInMinutes');
  const minutes = interval === '' ? DEFAULT_INTERVAL_MINUTES : Number(interval);
  if (!Number.isInteger(minutes) || minutes < 5 || minutes > 1440) {
    throw new EwsError('ErrorInvalidMergedFreeBusyInterval');
  }
  return {
    window: windowOf(childOf(options, TYPES, 'TimeWindow'), zone),
    intervalMs: minutes * MINUTE_MS,
    view: known,
  };
}

function windowOf(element: XmlElement | undefined, zone: ClientZone): TimeWindow {
  if (element === undefined) throw invalid('TimeWindow is missing.');
  checkOrder(element, [
    [TYPES, 'StartTime'],
    [TYPES, 'EndTime'],
  ]);
  const window = { start: timeOf(element, 'StartTime', zone), end: timeOf(element, 'EndTime', zone) };
  if (window.start >= window.end) throw new EwsError('ErrorInvalidTimeInterval');
  if (window.end - window.start > MOST_DAYS * DAY_MS) throw new EwsError('ErrorTimeIntervalTooBig');
  return window;
}

/** Local time without an offset; one with an offset means what it says. */
function timeOf(element: XmlElement, name: string, zone: ClientZone): number {
  const text = textOf(element, name);
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,7})?(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  const local = Date.parse(`${match?.[1]}Z`);
  if (match === null || Number.isNaN(local)) throw invalid(`'${text}' is no dateTime.`);
  return match[2] === undefined ? zone.toUtc(local) : Date.parse(`${match[1]}${match[2]}`);
}

/** @throws EwsError unless the children are among those named, in their order, each at most once. */
function checkOrder(
  element: XmlElement,
  order: readonly (readonly [namespace: string, name: string])[],
): void {
  let last = -1;
  for (const child of element.children) {
    const place = order.findIndex(
      ([namespace, name]) => child.namespace === namespace && child.name === name,
    );
    if (place <= last) {
      throw invalid(
        `The element '${element.name}' has invalid child element '${child.name}' in namespace '${child.namespace}'.`,
      );
    }
    last = place;
  }
}

function textOf(element: XmlElement, name: string): string {
  return (childOf(element, TYPES, name)?.text ?? '').trim();
}

function invalid(detail: string): EwsError {
  return new EwsError('ErrorSchemaValidation', detail);
}
