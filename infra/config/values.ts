/**
 * The small languages inside the configuration: domain names, addresses, ids, URLs. Each function takes text and gives the
 * normal form, or a {@link Refusal} that says what is wrong in words that follow the key (`… is not a domain name`).
 */
import { domainToASCII } from 'node:url';

/** Why a text is not acceptable. */
export class Refusal {
  constructor(readonly what: string) {}
}

/** Letters, digits, marks, hyphens and dots of any script; `·` and `・` occur in Catalan and Japanese names. */
const DOMAIN_CHARACTERS = /^[\p{L}\p{M}\p{N}\-.\u00b7\u30fb]+$/u;
const DOMAIN_LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
const MAX_DOMAIN_LENGTH = 253;

/**
 * A domain name of two labels or more in the form that is compared and handed on: lower case, punycode (RFC 5890; lengths
 * from RFC 1035).
 */
export function domainName(text: string): string | Refusal {
  if (text.includes('*')) return new Refusal('has a wildcard: name each domain');
  if (text.includes('@')) return new Refusal('is an address, not a domain name');
  if (text.includes('/') || text.includes(':')) return new Refusal('is a URL, not a domain name');
  if (!DOMAIN_CHARACTERS.test(text)) return new Refusal('is not a domain name');
  const ascii = domainToASCII(text);
  const labels = ascii.split('.');
  const topLevel = labels.at(-1) ?? '';
  const valid =
    labels.length > 1 &&
    ascii.length <= MAX_DOMAIN_LENGTH &&
    labels.every((label) => DOMAIN_LABEL.test(label)) &&
    /[a-z]/.test(topLevel);
  return valid ? ascii : new Refusal('is not a domain name');
}

/** RFC 5322 dot-atom: what Exchange Online takes before the `@` of a mailbox's address. */
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const MAX_LOCAL_PART = 64;

/**
 * A primary SMTP address; its domain is normalised, the part before the `@` stays as it is.
 *
 * Google answers "Exchange username is not an email address" to anything else (support.google.com/a/answer/7445063).
 */
export function emailAddress(text: string): string | Refusal {
  const at = text.lastIndexOf('@');
  if (at < 0)
    return new Refusal(
      'is not an e-mail address: Google would answer "Exchange username is not an email address"',
    );
  const local = text.slice(0, at);
  const domain = domainName(text.slice(at + 1));
  if (domain instanceof Refusal || local.length > MAX_LOCAL_PART || !LOCAL_PART.test(local)) {
    return new Refusal('is not an e-mail address');
  }
  return `${local}@${domain}`;
}

/** The domain of an {@link emailAddress}. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An id of Entra in lower case. */
export function guid(text: string): string | Refusal {
  const lower = text.toLowerCase();
  return GUID.test(lower) ? lower : new Refusal('is not an id');
}

export function isGuid(text: string): boolean {
  return !(guid(text) instanceof Refusal);
}

/** Entra's names for "whichever tenant": they make no v2 token endpoint for client credentials. */
const NO_TENANT = new Set(['common', 'organizations', 'consumers']);

/** A tenant by one of its verified domains or by its id: what stands in the v2 token endpoint (Google's guide 7437483). */
export function tenant(text: string): string | Refusal {
  if (NO_TENANT.has(text.toLowerCase())) return new Refusal('names no tenant');
  const id = guid(text);
  if (!(id instanceof Refusal)) return id;
  const domain = domainName(text);
  return domain instanceof Refusal ? new Refusal('is neither a domain name nor an id') : domain;
}

/** A user principal name may hold `#` (guests: `ann_fabrikam.com#EXT#@contoso.com`), so it is wider than an address. */
const UPN_LOCAL_PART = /^[^\s@\p{C}"/\\[\]:;|=,+*?<>]{1,64}$/u;

/** An owner: the object id of a user or a service principal, or a user principal name. */
export function owner(text: string): string | Refusal {
  const id = guid(text);
  if (!(id instanceof Refusal)) return id;
  const at = text.lastIndexOf('@');
  const domain = domainName(text.slice(at + 1));
  if (at < 1 || domain instanceof Refusal || !UPN_LOCAL_PART.test(text.slice(0, at))) {
    return new Refusal('is neither an object id nor a user principal name');
  }
  return `${text.slice(0, at)}@${domain}`;
}

/**
 * The URL of an Exchange Web Services endpoint, with Google's own error in the refusal
 * (support.google.com/a/answer/7445063: E2 for http, E8 for a URL that is not recognised).
 */
export function ewsUrl(text: string): string | Refusal {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '')
    return new Refusal('is not a URL: Google would answer "Malformed Exchange URL"');
  if (url.protocol === 'http:') return new Refusal('is http: Google would answer "EWS communication error"');
  if (url.protocol !== 'https:')
    return new Refusal('is not https: Google would answer "Malformed Exchange URL"');
  if (url.username !== '' || url.password !== '') return new Refusal('holds a user name or a password');
  if (url.search !== '' || url.hash !== '')
    return new Refusal('has a query or a fragment: Google would answer "Malformed Exchange URL"');
  if (url.pathname.toLowerCase() !== '/ews/exchange.asmx') {
    return new Refusal('does not end in /ews/exchange.asmx: Google would answer "Malformed Exchange URL"');
  }
  return url.href;
}

/** The address of a service: https, a host and perhaps a port, nothing behind it. Normal form without a slash at the end. */
export function serviceUrl(text: string): string | Refusal {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') return new Refusal('is not a URL');
  if (url.protocol !== 'https:') return new Refusal('is not https');
  if (url.username !== '' || url.password !== '') return new Refusal('holds a user name or a password');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    return new Refusal('has something behind the host');
  return url.origin;
}

/** A customer id of Google Workspace, or the API's own name for "mine" (Admin SDK, customers.get). */
export function googleCustomer(text: string): string | Refusal {
  return text === 'my_customer' || /^C[0-9a-z]{5,20}$/i.test(text)
    ? text
    : new Refusal('is not a customer id of Google');
}

/** The name of an environment variable (POSIX.1-2024, section 8.1, with the lower case that shells allow). */
export function environmentVariable(text: string): string | Refusal {
  return /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(text)
    ? text
    : new Refusal('is not the name of an environment variable');
}

/** Microsoft Graph names application permissions `Resource.Action[.Constraint]` (learn.microsoft.com/graph/permissions-reference). */
const PERMISSION = /^[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)*(\.[A-Z][A-Za-z]*){1,3}$/;

/** The name of a Graph application permission, by its shape: whether the tenant has it is known when it is looked up. */
export function graphPermission(text: string): string | Refusal {
  return PERMISSION.test(text) && text.length <= 100
    ? text
    : new Refusal('is not the name of a Graph permission');
}

const DISPLAY_NAME_LENGTH = 256;

/**
 * Name of the registration. At most 256 characters (learn.microsoft.com/graph/api/resources/application). The azuread provider
 * looks for duplicates with a filter in which it does not double quotes (terraform-provider-azuread, application_resource.go),
 * so an apostrophe would fail there with an answer that nobody understands.
 */
export function displayName(text: string): string | Refusal {
  if (text.includes("'")) return new Refusal('has an apostrophe, which the azuread provider cannot look up');
  return plainText(text, DISPLAY_NAME_LENGTH);
}

/** One line of visible text of 1 to `limit` characters. */
export function plainText(text: string, limit: number): string | Refusal {
  if (text.trim() === '') return new Refusal('is empty');
  if (text.trim() !== text) return new Refusal('begins or ends with a space');
  if (/\p{C}/u.test(text)) return new Refusal('has a character that does not show');
  return text.length <= limit ? text : new Refusal(`has ${text.length} characters`);
}
