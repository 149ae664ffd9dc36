/** A tenant with a client like the one that Google is given, and raw look-ups as the reference documents write them. */
import { XMLParser } from 'fast-xml-parser';
import { EXCHANGE_APP_ID } from '../../../sandbox/entra/first-party.js';
import type { SandboxOptions } from '../../../sandbox/index.js';
import { grant, type MadeClient, makeClient, must, secretForm } from '../../sandbox/support/principals.js';
import {
  EXCHANGE_SCOPE,
  type ExchangeTenant,
  startExchange,
} from '../../sandbox-exchange/support/exchange.js';
import type { Answer } from '../../support/sandbox.js';

export const ROLE_ACCOUNT = 'interop@contoso.com';
/** A week that begins on a Monday. */
export const WEEK = { start: '2026-11-30T00:00:00', end: '2026-12-07T00:00:00' };
export const CLOCK = new Date('2026-11-27T10:00:00Z');

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const MESSAGES = 'http://schemas.microsoft.com/exchange/services/2006/messages';
const TYPES = 'http://schemas.microsoft.com/exchange/services/2006/types';

export const UTC_RULES =
  '<ns2:TimeZone><ns2:Bias>0</ns2:Bias>' +
  ['StandardTime', 'DaylightTime']
    .map(
      (name) =>
        `<ns2:${name}><ns2:Bias>0</ns2:Bias><ns2:Time>00:00:00</ns2:Time><ns2:DayOrder>0</ns2:DayOrder>` +
        `<ns2:Month>0</ns2:Month><ns2:DayOfWeek>Sunday</ns2:DayOfWeek></ns2:${name}>`,
    )
    .join('') +
  '</ns2:TimeZone>';

export interface LookUpOptions {
  readonly as?: string | null;
  readonly impersonation?: string;
  readonly attendees: readonly string[];
  readonly window?: { readonly start: string; readonly end: string };
  readonly view?: string;
  readonly interval?: number;
  readonly timeZone?: string;
  readonly header?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The envelope with the prefixes that Google sends (reference: SOAP-ENV, ns3 for messages, ns2 for types). */
export function envelopeOf(options: LookUpOptions): string {
  const {
    window = WEEK,
    view = 'DetailedMerged',
    interval = 30,
    timeZone = UTC_RULES,
    header = '',
  } = options;
  const as = options.as === undefined ? ROLE_ACCOUNT : options.as;
  const kind = options.impersonation ?? 'SmtpAddress';
  const account =
    as === null
      ? ''
      : `<ns2:ExchangeImpersonation><ns2:ConnectingSID><ns2:${kind}>${escaped(as)}</ns2:${kind}></ns2:ConnectingSID></ns2:ExchangeImpersonation>`;
  const data = options.attendees
    .map(
      (address) =>
        `<ns2:MailboxData><ns2:Email><ns2:Address>${escaped(address)}</ns2:Address></ns2:Email>` +
        '<ns2:AttendeeType>Required</ns2:AttendeeType><ns2:ExcludeConflicts>false</ns2:ExcludeConflicts></ns2:MailboxData>',
    )
    .join('');
  return (
    `<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="${SOAP}" xmlns:ns3="${MESSAGES}" xmlns:ns2="${TYPES}">` +
    `<SOAP-ENV:Header><ns2:RequestServerVersion Version="Exchange2016"/>${header}${account}</SOAP-ENV:Header>` +
    `<SOAP-ENV:Body><ns3:GetUserAvailabilityRequest>${timeZone}<ns3:MailboxDataArray>${data}</ns3:MailboxDataArray>` +
    `<ns2:FreeBusyViewOptions><ns2:TimeWindow><ns2:StartTime>${window.start}</ns2:StartTime><ns2:EndTime>${window.end}</ns2:EndTime></ns2:TimeWindow>` +
    `<ns2:MergedFreeBusyIntervalInMinutes>${interval}</ns2:MergedFreeBusyIntervalInMinutes>` +
    `<ns2:RequestedView>${view}</ns2:RequestedView></ns2:FreeBusyViewOptions>` +
    '</ns3:GetUserAvailabilityRequest></SOAP-ENV:Body></SOAP-ENV:Envelope>'
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&apos;');
}

const LISTS = ['FreeBusyResponse', 'CalendarEvent', 'Value'];
const parser = new XMLParser({
  removeNSPrefix: true,
  ignoreAttributes: false,
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => LISTS.includes(name),
});

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
export type Tree = any;

/** Entries of a look-up, in the order of the request. */
export function entriesOf(answer: Answer): Tree[] {
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`);
  return parser.parse(String(answer.body)).Envelope.Body.GetUserAvailabilityResponse.FreeBusyResponseArray
    .FreeBusyResponse;
}

/** The response code, message and values of a SOAP fault. */
export function faultOf(answer: Answer): { code: string; message: string; values: Tree[] } {
  const { Fault } = parser.parse(String(answer.body)).Envelope.Body;
  return {
    code: Fault.detail.ResponseCode,
    message: Fault.detail.Message,
    values: Fault.detail.MessageXml?.Value ?? [],
  };
}

export interface EwsTenant extends ExchangeTenant {
  /** Consented to full_access_as_app. */
  readonly google: MadeClient;
  /** A token for Exchange of any client, fresh. */
  ewsToken(client?: MadeClient): Promise<string>;
  /** A look-up as `google` with a token of its own, unless another is given. */
  lookUp(options: LookUpOptions, token?: string): Promise<Answer<string>>;
  /** Any body to the endpoint. */
  post(body: string, headers?: Readonly<Record<string, string>>): Promise<Answer<string>>;
  /** Addresses of seeded mailboxes, in the directory's order. */
  readonly addresses: readonly string[];
  /** Sets an entry of a default calendar. */
  setRights(address: string, user: string, rights: string | readonly string[]): Promise<void>;
}

/** `Default` shows LimitedDetails everywhere unless `faults` say otherwise. */
export async function startEws(overrides: Partial<SandboxOptions> = {}): Promise<EwsTenant> {
  const tenant = await startExchange({
    mailboxes: 12,
    clock: CLOCK,
    faults: ['defaultRights=LimitedDetails'],
    ...overrides,
  });
  const google = await makeClient(tenant.tenant, []);
  await grant(tenant.tenant, google.principalId, 'full_access_as_app', EXCHANGE_APP_ID);

  async function ewsToken(client: MadeClient = google): Promise<string> {
    const form = secretForm(tenant.tenant, client, { scope: EXCHANGE_SCOPE });
    return (await must(tenant.tenant.tokenRequest(form))).access_token;
  }
  let known: string | undefined;
  async function post(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer<string>> {
    return await tenant.tenant.request<string>('/EWS/Exchange.asmx', {
      method: 'POST',
      headers: { 'content-type': 'text/xml; charset=utf-8', 'x-anchormailbox': ROLE_ACCOUNT, ...headers },
      body,
    });
  }
  const mailboxes = await tenant.rows('Get-Mailbox', { ResultSize: 'Unlimited' });
  return {
    ...tenant,
    google,
    ewsToken,
    post,
    addresses: mailboxes.map((row) => row.PrimarySmtpAddress as string).filter((one) => one !== ROLE_ACCOUNT),
    lookUp: async (options, token) => {
      known ??= await ewsToken();
      return await post(envelopeOf(options), {
        authorization: `Bearer ${token ?? known}`,
        ...options.headers,
      });
    },
    setRights: async (address, user, rights) => {
      const [calendar] = await tenant
        .rows(
          'Get-MailboxFolderStatistics',
          { Identity: address, FolderScope: 'Calendar' },
          { anchor: `SMTP:${address}` },
        )
        .then((rows) => rows.filter((row) => row.FolderType === 'Calendar'));
      const parameters = {
        Identity: `${address}:${calendar.FolderId}`,
        User: user,
        AccessRights: [rights].flat(),
      };
      const set = await tenant.cmdlet('Set-MailboxFolderPermission', parameters, {
        anchor: `SMTP:${address}`,
      });
      if (set.status === 200) return;
      await tenant.rows('Add-MailboxFolderPermission', parameters, { anchor: `SMTP:${address}` });
    },
  };
}
