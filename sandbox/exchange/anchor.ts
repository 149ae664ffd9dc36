/** `X-AnchorMailbox`: to which mailbox's server a request goes. */

export interface Anchor {
  /** The mailbox; undefined where the anchor means the organisation, or the administrator who calls. */
  readonly routesTo: string | undefined;
}

/** Prefixes of mailboxes. `UPN:` is of the caller, `APP:` of a system mailbox. */
const OF_MAILBOXES = ['AAD-UPN', 'AAD-SMTP', 'OID', 'MBX', 'SMTP'];
const OF_OTHERS = ['UPN', 'APP'];

/** Undefined for text that is no anchor: Exchange's admin endpoints want a prefix, unlike EWS. */
export function parseAnchor(text: string): Anchor | undefined {
  const colon = text.indexOf(':');
  const prefix = text.slice(0, Math.max(0, colon)).toUpperCase();
  const value = text.slice(colon + 1).trim();
  if (value === '') return undefined;
  if (OF_OTHERS.includes(prefix)) return { routesTo: undefined };
  if (!OF_MAILBOXES.includes(prefix)) return undefined;
  if (prefix === 'MBX' || prefix === 'OID')
    return { routesTo: value.slice(0, value.includes('@') ? value.indexOf('@') : undefined) };
  return { routesTo: value };
}
