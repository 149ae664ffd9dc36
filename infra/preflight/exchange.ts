/** What Exchange has to say before anything is changed: its domains, its switch for EWS, the role accounts. Reads only. */
import type { StackConfig } from '../config.js';
import { lists } from '../exchange/ews-access/allow-list.js';
import { readMailbox, readOrganization } from '../exchange/ews-access/inspect.js';
import type { MailboxAccess, OrganizationAccess, UserAgentPolicy } from '../exchange/ews-access/model.js';
import { countdown } from '../exchange/ews-access/retirement.js';
import { run, type Work } from '../exchange/work.js';
import { type Check, fault, fine, type Look, notChecked } from './checks.js';
import { onlineRoleAccounts } from './role-accounts.js';

/** Compares the endpoints' domains with those that Exchange accepts mail for. */
export async function domainChecks(work: Work, config: StackConfig): Promise<readonly Check[]> {
  const { rows } = await run(work, { cmdlet: 'Get-AcceptedDomain', parameters: {} });
  const accepted = rows.map(({ DomainName }) => DomainName.toLowerCase());
  const online = config.endpoints
    .filter(({ type }) => type !== 'onPremises')
    .flatMap(({ domains }) => domains);
  const strangers = online.filter((domain) => !accepted.includes(domain));
  const all = config.endpoints.flatMap(({ domains }) => domains);
  const uncovered = accepted.filter(
    (domain) => !/\.onmicrosoft\.[a-z]+$/.test(domain) && !all.includes(domain),
  );
  return [
    strangers.length === 0
      ? fine(
          'exchange.domains',
          "the endpoints' domains are accepted domains of Exchange Online",
          online.join(', '),
        )
      : fault(
          'exchange.domains',
          'an endpoint in Microsoft 365 has a domain that Exchange Online does not accept',
          {
            found: strangers.join(', '),
            allowed: accepted.join(', '),
            next: 'correct calendar-interop:endpoints, domains, or add the domain in the Exchange admin center',
          },
        ),
    ...(uncovered.length === 0
      ? []
      : [
          notChecked(
            'exchange.other-domains',
            'whether people live in accepted domains that no endpoint has',
            {
              found: uncovered.join(', '),
              next: 'add them to calendar-interop:endpoints where people there are to be looked up',
            },
          ),
        ]),
  ];
}

/**
 * Whether EWS is let in, or will be by `up`.
 *
 * @param facts.now for the countdown to the end of EWS.
 * @param facts.clientId the stack's registration, where there is one already and it can be read.
 */
export async function ewsChecks(
  work: Work,
  config: StackConfig,
  facts: { readonly now: Date; readonly clientId: Look<string | undefined> },
): Promise<readonly Check[]> {
  const organization = await readOrganization(work);
  const mailboxes: Check[] = [];
  for (const address of onlineRoleAccounts(config)) {
    const found = await readMailbox(work, address);
    if (found !== undefined) mailboxes.push(mailboxCheck(address, found, config.ewsAccess.manage));
  }
  return [
    retirementCheck(facts.now),
    switchCheck(organization, config),
    ...listCheck(organization, config, facts.clientId),
    ...mailboxes,
  ];
}

function retirementCheck(now: Date): Check {
  const { phase, words } = countdown(now);
  const id = 'exchange.ews-retirement';
  if (phase !== 'off') return fine(id, 'EWS is still there in Exchange Online', words);
  return fault(id, 'EWS has ended in Exchange Online', {
    found: words,
    allowed: 'protocol graph',
    next: 'set calendar-interop:protocol to graph and the endpoints to microsoft365-graph',
  });
}

function switchCheck({ enabled }: OrganizationAccess, { ewsAccess }: StackConfig): Check {
  const id = 'exchange.ews-switch';
  if (enabled === true) return fine(id, "the organisation's EWS switch is on");
  const found = enabled === null ? 'not set' : 'off';
  if (!ewsAccess.manage) {
    return fault(id, "the organisation's EWS switch is not on, and this stack leaves it alone", {
      found,
      allowed: 'on, with the application in the allow list',
      next: 'Set-OrganizationConfig -EwsEnabled $true, or set calendar-interop:ewsAccess.manage to true',
    });
  }
  if (enabled === null && !ewsAccess.acknowledgeAllowList) {
    return fault(
      id,
      "the organisation's EWS switch is not set: Microsoft turns it off, tenant by tenant, since 2026-10-01",
      {
        found,
        allowed: 'on; from then on the allow list counts for every application of the tenant',
        next: 'set calendar-interop:ewsAccess.acknowledgeAllowList to true once all applications that use EWS are known',
      },
    );
  }
  return fine(id, "calendar-interop up turns the organisation's EWS switch on", `now ${found}`);
}

function listCheck(
  organization: OrganizationAccess,
  { ewsAccess }: StackConfig,
  registration: Look<string | undefined>,
): readonly Check[] {
  const id = 'exchange.ews-allow-list';
  const counted = `${organization.list.length} in the list`;
  const agents = userAgentCheck('exchange.ews-user-agents', 'the organisation', organization.userAgents);
  const clientId = 'value' in registration ? registration.value : undefined;
  if (clientId !== undefined && lists(organization.list, clientId)) {
    return [fine(id, 'the application is in the allow list of EWS', counted), ...agents];
  }
  if (ewsAccess.manage) {
    return [
      fine(id, 'calendar-interop up adds the application to the allow list of EWS', counted),
      ...agents,
    ];
  }
  return [
    clientId === undefined
      ? unknownApplication(id, registration, counted)
      : fault(id, 'the application is not in the allow list of EWS, and this stack leaves it alone', {
          found: counted,
          allowed: `EwsAllowedAppIDs with ${clientId}`,
          next: 'set calendar-interop:ewsAccess.manage to true, or have the id added to the list',
        }),
    ...agents,
  ];
}

/** There is none yet, or it could not be read. */
function unknownApplication(id: Check['id'], registration: Look<string | undefined>, counted: string): Check {
  const what = 'whether the application is in the allow list of EWS';
  if ('failed' in registration) {
    const { found, next } = registration.failed;
    return notChecked(id, `${what}: the registration could not be read`, {
      found: `${found}; ${counted}`,
      next: next ?? 'run the same command again',
    });
  }
  return notChecked(id, `${what}: there is none yet`, {
    found: counted,
    next: 'calendar-interop up makes it; then have its id added to the list, or set calendar-interop:ewsAccess.manage to true',
  });
}

function mailboxCheck(address: string, found: MailboxAccess, manages: boolean): Check {
  const id: Check['id'] = `exchange.role-account-ews-${address}`;
  if (found.enabled !== false) return fine(id, `the mailbox of ${address} lets EWS in`);
  return manages
    ? fine(id, `calendar-interop up turns EWS on for ${address}`, 'now off')
    : fault(id, `EWS is off for the role account ${address}`, {
        found: 'EwsEnabled is False',
        allowed: 'True, or not set',
        next: 'set calendar-interop:ewsAccess.manage to true, or turn it on with Set-CASMailbox',
      });
}

/** What Google's servers call themselves is UNCONFIRMED, so nobody can say whether such a list lets them in. */
function userAgentCheck(
  id: Check['id'],
  where: string,
  { policy, allow, block }: UserAgentPolicy,
): readonly Check[] {
  const list = policy === 'EnforceAllowList' ? allow : policy === 'EnforceBlockList' ? block : [];
  if (policy === null || (policy === 'EnforceBlockList' && block.length === 0)) return [];
  return [
    notChecked(id, `whether ${where}'s older list of User-Agents lets Google in`, {
      found: `${policy}: ${list.join(', ') || 'nobody'}`,
      next: 'Set-OrganizationConfig -EwsApplicationAccessPolicy $null, where nothing else relies on it',
    }),
  ];
}
