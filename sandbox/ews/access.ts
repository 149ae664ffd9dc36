/**
 * Who may use EWS, step by step: the token (401), the access switch, the list of applications and the licence (403), the
 * impersonation (a SOAP fault).
 */

import { mailboxWithAddress } from '../availability/calendars.js';
import { type ExchangeSurroundings, unauthorized, validToken } from '../exchange/access.js';
import type { ExchangeOnline } from '../exchange/exchange-online.js';
import type { Mailbox } from '../exchange/model.js';
import type { OrganizationConfig } from '../exchange/organization.js';
import { textOf, textsOf } from '../json.js';
import { type HttpReply, type HttpRequest, headerOf } from '../server/http.js';
import { EwsError } from './ews-error.js';
import type { Impersonation } from './request.js';

/** The application that calls, as its token says. */
export interface EwsCaller {
  readonly appId: string;
  readonly principalId: string;
  /** Consent in Entra to full_access_as_app. */
  readonly hasFullAccess: boolean;
}

/** Who calls, or the 401 for a request without a token of this tenant for Exchange that is valid now. */
export function ewsCaller(
  surroundings: ExchangeSurroundings,
  request: HttpRequest,
): { readonly caller: EwsCaller } | { readonly refusal: HttpReply } {
  const token = validToken(surroundings, request);
  if (typeof token === 'string') {
    const parameters = `error="invalid_token", error_description="${token}"`;
    return { refusal: unauthorized(surroundings, parameters) };
  }
  const { claims } = token;
  return {
    caller: {
      appId: textOf(claims.appid) ?? '',
      principalId: textOf(claims.oid) ?? '',
      hasFullAccess: textsOf(claims.roles).includes('full_access_as_app'),
    },
  };
}

/** Texts of `X-EWS-Policy-Reason` (MicrosoftDocs/office-developer-exchange-docs how-to-control-access-to-ews-in-exchange.md). */
const DISABLED = 'EWS is disabled for this user or tenant';
const BLOCKED = 'EWS is blocked by policy for this user or tenant';

function forbidden(reason: string | undefined): HttpReply {
  return { status: 403, headers: reason === undefined ? {} : { 'x-ews-policy-reason': reason } };
}

/** What Microsoft has announced and a tenant may have reached or not. */
export interface RetirementRules {
  /** EWS is off for all. */
  readonly retired: boolean;
  /** A switch that is not set means off. */
  readonly unsetBlocks: boolean;
}

/** The 403 for an application, or a client, that the organisation does not let in; undefined: it does. */
export function organizationRefusal(
  config: OrganizationConfig,
  { retired, unsetBlocks }: RetirementRules,
  { appId }: EwsCaller,
  request: HttpRequest,
): HttpReply | undefined {
  const isEnabled = config.EwsEnabled ?? (unsetBlocks ? false : null);
  if (retired || isEnabled === false) return forbidden(DISABLED);
  const listed = (config.EwsAllowedAppIDs ?? '').split(',').map((id) => id.trim().toLowerCase());
  // Without the switch the list means nothing.
  if (isEnabled && !listed.includes(appId)) return forbidden(BLOCKED);
  return admitsUserAgent(config, headerOf(request, 'user-agent') ?? '') ? undefined : forbidden(BLOCKED);
}

/** Lists of user agents, with `*` for any text. */
function admitsUserAgent(config: OrganizationConfig, userAgent: string): boolean {
  const matches = (pattern: string) => {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`, 'i').test(userAgent);
  };
  switch (config.EwsApplicationAccessPolicy) {
    case 'EnforceAllowList':
      return (config.EwsAllowList ?? []).some(matches);
    case 'EnforceBlockList':
      return !(config.EwsBlockList ?? []).some(matches);
    default:
      return true;
  }
}

/** May the application act as a mailbox: yes, no grant at all, or none with this mailbox in its scope. */
type Decision = 'granted' | 'no grant' | 'out of scope';

/**
 * Consent in Entra and RBAC for Applications together decide (their union). Exchange remembers what RBAC said for a while
 * (learn.microsoft.com/exchange/permissions-exo/application-rbac: 30 minutes to 2 hours).
 */
export class ApplicationDecisions {
  readonly #exchange: ExchangeOnline;
  readonly #time: { now(): number; keptMs(): number };
  /** By application and mailbox. */
  readonly #kept = new Map<string, { readonly until: number; readonly decision: Decision }>();

  constructor(exchange: ExchangeOnline, time: { now(): number; keptMs(): number }) {
    this.#exchange = exchange;
    this.#time = time;
  }

  /** The mailbox that an application acts as. @throws EwsError when it may not, or there is none. */
  impersonated(caller: EwsCaller, impersonation: Impersonation | undefined): Mailbox {
    if (impersonation === undefined) throw new EwsError('ErrorInvalidExchangeImpersonationHeaderData');
    const mailbox = accountNamed(this.#exchange, impersonation);
    const decision = caller.hasFullAccess ? 'granted' : this.#decisionOfRbac(caller, mailbox);
    if (decision === 'no grant') throw new EwsError('ErrorAccessDenied');
    if (decision === 'out of scope') throw new EwsError('ErrorImpersonateUserDenied');
    return mailbox;
  }

  #decisionOfRbac({ principalId }: EwsCaller, mailbox: Mailbox): Decision {
    const keptMs = this.#time.keptMs();
    const now = this.#time.now();
    const key = `${principalId}/${mailbox.user.id}`;
    const kept = this.#kept.get(key);
    if (keptMs > 0 && kept !== undefined && kept.until > now) return kept.decision;
    const decision = this.#ask(principalId, mailbox);
    if (keptMs > 0) this.#kept.set(key, { until: now + keptMs, decision });
    return decision;
  }

  #ask(principalId: string, mailbox: Mailbox): Decision {
    const grants = this.#exchange.rbac
      .authorizations(principalId, mailbox)
      .filter(({ granted }) => granted === 'EWS.AccessAsApp');
    if (grants.length === 0) return 'no grant';
    return grants.some(({ inScope }) => inScope === true) ? 'granted' : 'out of scope';
  }
}

function accountNamed(exchange: ExchangeOnline, { kind, value }: Impersonation): Mailbox {
  // Nobody in the directory has a SID.
  if (kind === 'SID') throw new EwsError('ErrorImpersonationFailed');
  if (kind !== 'PrincipalName' && !/^[^@\s]+@[^@\s]+$/.test(value))
    throw new EwsError('ErrorInvalidSmtpAddress');
  const mailbox = mailboxWithAddress(exchange, value);
  if (mailbox === undefined) throw new EwsError('ErrorNonExistentMailbox');
  const primary = mailbox.primarySmtpAddress.toLowerCase();
  if (kind === 'PrimarySmtpAddress' && primary !== value.toLowerCase()) {
    throw new EwsError('ErrorNonPrimarySmtpAddress');
  }
  return mailbox;
}

/** The service plan of Kiosk, F1 and F3 licences. */
const KIOSK = 'EXCHANGE_S_DESKLESS';

/**
 * The 403 for a mailbox that may not be used over EWS: switched off for it, or licensed for frontline workers only.
 * UNCONFIRMED: the headers of the latter (here none that tells the reason).
 */
export function mailboxRefusal({ directory }: ExchangeOnline, mailbox: Mailbox): HttpReply | undefined {
  if (mailbox.properties.ewsEnabled === false) return forbidden(DISABLED);
  const plans = directory.licences.exchangePlansOf(mailbox.user);
  return plans.length > 0 && plans.every(({ name }) => name === KIOSK) ? forbidden(undefined) : undefined;
}
