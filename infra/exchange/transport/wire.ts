/** What is sent to Exchange's admin API. Pure. Source of the forms: the module's own requests, and clients that follow it. */
import { z } from 'zod';

/** Page size that is asked for; Exchange's own default and highest. */
export const PAGE_SIZE = 1000;

/** Members of a batch; what the module sends. That the server takes 20 is UNCONFIRMED. */
export const BATCH_SIZE = 10;

/** The one system mailbox by which calls about the organisation are routed; the same GUID in every tenant. */
const SYSTEM_MAILBOX = 'SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}';

const guid = z.guid();

/** One cmdlet as the API takes it. */
export interface CmdletInput {
  readonly CmdletInput: {
    readonly CmdletName: string;
    readonly Parameters: Readonly<Record<string, unknown>>;
  };
}

/** The body for a cmdlet: no parameters are `{}`, and hashtables carry their type, without which they cannot be bound. */
export function cmdletInput(cmdlet: string, parameters: Readonly<Record<string, unknown>>): CmdletInput {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return {
    CmdletInput: {
      CmdletName: cmdlet,
      Parameters: Object.fromEntries(given.map(([name, value]) => [name, tagged(value)])),
    },
  };
}

/** The value with the type of every hashtable in it. */
function tagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return {
    '@odata.type': '#Exchange.GenericHashTable',
    ...Object.fromEntries(entries.map(([name, inner]) => [name, tagged(inner)])),
  };
}

/** Whom a call is about when it is about no mailbox. */
export interface OrganisationAnchor {
  readonly tenantId: string;
  /** The initial .onmicrosoft.com domain, or the tenant's id: both work. */
  readonly organization: string;
  /** The user principal name of a signed-in person; undefined for an application. */
  readonly user?: string | undefined;
}

/**
 * The value of X-AnchorMailbox, by which Exchange routes the request.
 *
 * @param mailbox SMTP address, UPN or GUID, or a folder of one. What no header can carry falls back to the organisation: a
 * request without the right anchor is slower, not wrong.
 */
export function anchorMailbox(mailbox: string | undefined, organisation: OrganisationAnchor): string {
  const hint = mailbox?.split(':')[0]?.trim() ?? '';
  if (guid.safeParse(hint).success) return `MBX:${hint}@${organisation.tenantId}`;
  if (/^[\x21-\x7e]+@[\x21-\x7e]+$/.test(hint)) return `SMTP:${hint}`;
  return organisation.user === undefined
    ? `APP:${SYSTEM_MAILBOX}@${organisation.organization}`
    : `UPN:${organisation.user}`;
}

/** The headers of one cmdlet, alone or as a member of a batch. */
export function cmdletHeaders(call: {
  readonly cmdlet: string;
  readonly anchor: string;
  /** The same over all attempts and pages of a call. */
  readonly requestId: string;
  readonly connectionId: string;
}): Record<string, string> {
  return {
    Accept: 'application/json',
    'Accept-Charset': 'UTF-8',
    // Texts are compared in places where Exchange gives nothing else.
    'Accept-Language': 'en-US',
    'Content-Type': 'application/json',
    Prefer: `odata.maxpagesize=${PAGE_SIZE}`,
    'X-AnchorMailbox': call.anchor,
    'X-CmdletName': call.cmdlet,
    'X-ResponseFormat': 'json',
    'client-request-id': call.requestId,
    'connection-id': call.connectionId,
  };
}

/** One member of a batch. */
export interface BatchMember {
  readonly id: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: CmdletInput;
}

export function batchBody(members: readonly BatchMember[]): { readonly requests: readonly object[] } {
  return {
    requests: members.map(({ id, url, headers, body }) => ({ id, method: 'POST', url, headers, body })),
  };
}

/** URL of the cmdlet endpoint of a tenant. */
export function invokeUrl(baseUrl: string, tenantId: string): string {
  return `${baseUrl}/adminapi/beta/${encodeURIComponent(tenantId)}/InvokeCommand`;
}

/**
 * The same for a list of many rows: a row has hundreds of properties, of which few are used, and a page of a thousand of them
 * is held in memory. Links to further pages carry the choice themselves (OData 4.01, 11.2.6.7: they are taken as they are).
 */
export function listUrl(baseUrl: string, tenantId: string, properties: readonly string[]): string {
  return `${invokeUrl(baseUrl, tenantId)}?$select=${properties.map(encodeURIComponent).join(',')}`;
}

export function batchUrl(baseUrl: string, tenantId: string): string {
  return `${baseUrl}/adminapi/beta/${encodeURIComponent(tenantId)}/$batch`;
}

/**
 * Where the module asks for its cmdlets when it connects: those that the caller may run. Its version stands in the query, the newest
 * that goes with the PowerShell that we need.
 */
export function moduleFileUrl(baseUrl: string, tenantId: string): string {
  return `${baseUrl}/adminapi/v1.0/${encodeURIComponent(tenantId)}/EXOModuleFile?Version=3.9.2`;
}

/** Where a page lies, or why it must not be fetched from there. */
export type NextPage = { readonly url: string } | { readonly trouble: string };

/** Resolves a nextLink; our token goes to no other server than the one that we asked. */
export function nextPage(link: string, asked: string): NextPage {
  let url: URL;
  try {
    url = new URL(link, asked);
  } catch {
    return { trouble: 'the link to the next page is no URL' };
  }
  if (url.origin !== new URL(asked).origin || url.username !== '' || url.password !== '') {
    return { trouble: `the link to the next page points to another server (${url.host})` };
  }
  if (!url.pathname.startsWith('/adminapi/')) {
    return { trouble: `the link to the next page leaves the admin API (${url.pathname})` };
  }
  return { url: url.href };
}
