/**
 * From what a server answered to the one leaf that fits: first by the answer alone, then, where it leaves the cause open, by what an
 * administrator's sign-in can see.
 */
import type { Countdown } from '../exchange/ews-access/index.js';
import { EWS_PERMISSION } from '../identity/permissions.js';
import { type Facts, type Finding, finding } from './finding.js';
import type { LeafCode } from './leaves.js';
import type { Refusal } from './refusal.js';
import type { EwsOrganisation, MailboxSeen, TenantSight } from './sight.js';

/** What is known about the look-up that was refused. */
export interface Refused {
  readonly protocol: 'ews' | 'graph' | 'onPremises';
  readonly url: string;
  readonly roleAccount: string;
  readonly clientId: string;
  /** Roles in the token; Exchange's own role assignments are not among them. */
  readonly roles: readonly string[];
  readonly graphPermissions: readonly string[];
  readonly access: 'tenant' | 'roleMailboxes';
  /** When this stack last wrote the allow list, in milliseconds since 1970. */
  readonly listWrittenAt: number | undefined;
  readonly now: number;
  readonly ewsPhase: Countdown['phase'];
  readonly sight: TenantSight | undefined;
  readonly facts: Facts;
}

/** Effect of the allow list: "within 24 hours" (how-to-control-access-to-ews-in-exchange.md). */
const LIST_EFFECT_MS = 24 * 3_600_000;

export async function explain(refusal: Refusal, refused: Refused): Promise<Finding> {
  const { code, more } = await leafFor(refusal, refused);
  const facts = {
    ...refused.facts,
    url: refused.url,
    address: refused.roleAccount,
    clientId: refused.clientId,
    ...more,
  };
  const about = ABOUT_ACCOUNT.test(code) ? refused.roleAccount : new URL(refused.url).host;
  return finding(code, about, evidenceOf(refusal), facts);
}

const ABOUT_ACCOUNT = /^CI-(ROLE|SCOPE|BASIC-REFUSED|EWS-OFF-MAILBOX|EWS-FRONTLINE)/;

interface Chosen {
  readonly code: LeafCode;
  readonly more?: Facts;
}

const PLAIN = {
  unreachable: 'CI-TCP-SILENT',
  silent: 'CI-HTTP-SILENT',
  cutOff: 'CI-HTTP-CUT-OFF',
  incomplete: 'CI-HTTP-CUT-OFF',
  tooLarge: 'CI-HTTP-TOO-LARGE',
  html: 'CI-HTTP-NOT-EWS',
  brokenXml: 'CI-XML-BROKEN',
  foreignXml: 'CI-XML-NOT-EWS',
  busy: 'CI-LOOK-UP-BUSY',
} as const satisfies Partial<Record<Refusal['kind'], LeafCode>>;

async function leafFor(refusal: Refusal, refused: Refused): Promise<Chosen> {
  switch (refusal.kind) {
    case 'status':
      return await leafForStatus(refusal.status, refusal.headers, refused);
    case 'code':
      return await leafForCode(refusal.code, refused);
    default:
      return { code: PLAIN[refusal.kind] };
  }
}

function evidenceOf(refusal: Refusal): string {
  if (refusal.kind !== 'status') return refusal.evidence;
  const told = ['x-ews-policy-reason', 'www-authenticate', 'location', 'x-ms-diagnostics'].flatMap((name) =>
    refusal.headers[name] === undefined ? [] : [`${name}: ${refusal.headers[name]}`],
  );
  return [refusal.evidence, ...told].join('; ');
}

async function leafForStatus(
  status: number,
  headers: Readonly<Record<string, string>>,
  refused: Refused,
): Promise<Chosen> {
  if (status === 401) return await leafForUnauthorized(headers['www-authenticate'] ?? '', refused);
  if (status === 403) return await leafForForbidden(headers['x-ews-policy-reason'] ?? '', refused);
  if (status === 404) return { code: 'CI-HTTP-NOT-FOUND' };
  if (status >= 500) return { code: 'CI-HTTP-SERVER-ERROR' };
  if (status >= 400) return { code: 'CI-HTTP-REFUSED' };
  if (status >= 300) return { code: 'CI-HTTP-REDIRECT', more: { location: headers.location ?? '' } };
  return { code: 'CI-HTTP-NOT-EWS' };
}

async function leafForUnauthorized(challenge: string, refused: Refused): Promise<Chosen> {
  if (refused.protocol !== 'onPremises') {
    return lacksPermission(refused) ? await leafForDenied(refused) : { code: 'CI-LOOK-UP-TOKEN-REFUSED' };
  }
  return { code: /\bbasic\b/i.test(challenge) ? 'CI-BASIC-REFUSED' : 'CI-BASIC-NOT-OFFERED' };
}

/** The reasons that EWS gives in its header (how-to-control-access-to-ews-in-exchange.md). */
const SWITCHED_OFF = /EWS is disabled/i;
const BLOCKED = /EWS is blocked by policy/i;

async function leafForForbidden(reason: string, refused: Refused): Promise<Chosen> {
  if (refused.protocol === 'onPremises') return { code: 'CI-HTTP-REFUSED' };
  // Who is refused for the list still has one: it goes with the end of EWS.
  const isOver = refused.protocol === 'ews' && refused.ewsPhase === 'off' && !BLOCKED.test(reason);
  if (isOver) return { code: 'CI-EWS-RETIRED' };
  if (SWITCHED_OFF.test(reason)) return await leafForSwitchedOff(refused);
  if (BLOCKED.test(reason)) return await leafForBlocked(refused);
  if ((await look(refused))?.licence === 'frontline') return { code: 'CI-EWS-FRONTLINE-LICENCE' };
  return lacksPermission(refused) ? await leafForDenied(refused) : { code: 'CI-EWS-FORBIDDEN' };
}

async function leafForSwitchedOff(refused: Refused): Promise<Chosen> {
  const organisation = await refused.sight?.ewsOrganisation(refused.clientId);
  if (organisation?.enabled === false) return { code: 'CI-EWS-OFF-ORGANISATION' };
  const mailbox = await look(refused);
  if (mailbox?.ewsEnabled === false) return { code: 'CI-EWS-OFF-MAILBOX' };
  if (mailbox?.licence === 'frontline') return { code: 'CI-EWS-FRONTLINE-LICENCE' };
  if (organisation?.enabled === null) return { code: 'CI-EWS-OFF-UNSET' };
  // The switch is on by now: what turned it on wrote the list, too.
  return listedRecently(refused) ?? { code: 'CI-EWS-OFF' };
}

async function leafForBlocked(refused: Refused): Promise<Chosen> {
  const organisation = await refused.sight?.ewsOrganisation(refused.clientId);
  if (organisation !== undefined && hasList(organisation) && !organisation.listed)
    return { code: 'CI-EWS-NOT-LISTED' };
  const policy = organisation?.clientPolicy ?? (await look(refused))?.clientPolicy;
  if (policy) return { code: 'CI-EWS-CLIENT-POLICY' };
  return listedRecently(refused) ?? { code: 'CI-EWS-BLOCKED' };
}

/** Where this stack wrote the list so recently that Exchange need not heed it yet. */
function listedRecently({ listWrittenAt, now }: Refused): Chosen | undefined {
  if (listWrittenAt === undefined || now - listWrittenAt >= LIST_EFFECT_MS) return undefined;
  const until = `${new Date(listWrittenAt + LIST_EFFECT_MS).toISOString().slice(0, 16)}Z`;
  return { code: 'CI-EWS-LISTED-RECENTLY', more: { until } };
}

/** While the switch is unset, the list is ignored: it cannot be the reason. */
function hasList({ enabled }: EwsOrganisation): boolean {
  return enabled === true;
}

const NO_MAILBOX = new Set([
  'ErrorNonExistentMailbox',
  'ErrorInvalidUser',
  'ErrorMailboxNotEnabledForRESTAPI',
  'MailboxNotEnabledForRESTAPI',
  'Request_ResourceNotFound',
  'ResourceNotFound',
]);
const DENIED = new Set([
  'ErrorAccessDenied',
  'ErrorImpersonateUserDenied',
  'ErrorImpersonationDenied',
  'ErrorImpersonationFailed',
  'Authorization_RequestDenied',
  'accessDenied',
]);

async function leafForCode(code: string, refused: Refused): Promise<Chosen> {
  if (NO_MAILBOX.has(code)) return leafForMailbox(await look(refused)) ?? { code: 'CI-ROLE-MISSING' };
  if (DENIED.has(code)) return await leafForDenied(refused);
  if (code === 'InvalidAuthenticationToken') return { code: 'CI-LOOK-UP-TOKEN-REFUSED' };
  return { code: 'CI-LOOK-UP-REFUSED', more: { code } };
}

/** The role account has no mailbox: unlicensed or not there at all; undefined when it has one, or nobody could look. */
function leafForMailbox(mailbox: MailboxSeen | undefined): Chosen | undefined {
  if (mailbox === undefined || mailbox.kind !== undefined) return undefined;
  const { licence, inDirectory } = mailbox;
  return { code: inDirectory === true && licence !== 'full' ? 'CI-ROLE-UNLICENSED' : 'CI-ROLE-MISSING' };
}

/** What Exchange calls the permission of a role assignment (Test-ServicePrincipalAuthorization, GrantedPermissions). */
const EWS_ROLE = 'EWS.AccessAsApp';

/** Denied: for want of consent, of a role assignment, or of a mailbox, which Exchange may hide behind a denial. */
async function leafForDenied(refused: Refused): Promise<Chosen> {
  if (lacksPermission(refused) && refused.access === 'tenant') return { code: 'CI-CONSENT-MISSING' };
  const mailbox = leafForMailbox(await look(refused));
  if (mailbox !== undefined) return mailbox;
  const { sight, clientId, roleAccount, protocol } = refused;
  const granted = protocol === 'graph' ? refused.graphPermissions : [EWS_ROLE];
  const inScope = lacksPermission(refused) && (await sight?.inScope(clientId, roleAccount, granted)) === true;
  return { code: inScope ? 'CI-SCOPE-NOT-YET' : 'CI-SCOPE-WITHOUT-ROLE' };
}

/** Whether the token carries nothing that was consented to in Entra. */
export function lacksPermission({
  protocol,
  roles,
  graphPermissions,
}: Pick<Refused, 'protocol' | 'roles' | 'graphPermissions'>): boolean {
  const enough = protocol === 'graph' ? graphPermissions : [EWS_PERMISSION];
  return !roles.some((role) => enough.includes(role));
}

async function look({ sight, roleAccount }: Refused): Promise<MailboxSeen | undefined> {
  return await sight?.mailbox(roleAccount);
}
