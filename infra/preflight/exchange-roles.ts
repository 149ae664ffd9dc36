/**
 * Which cmdlets this stack runs, against those that the caller's roles hold. Exchange tells the latter to whoever connects; what the
 * caller may not run looks to it like a cmdlet that there is not.
 */
import type { StackConfig } from '../config.js';
import type { CmdletName } from '../exchange/transport/cmdlets.js';
import { ExchangeError } from '../exchange/transport/exchange-error.js';
import type { Work } from '../exchange/work.js';
import { type Check, fault, fine } from './checks.js';

/** Something that the program does in Exchange. */
interface Need {
  readonly what: string;
  readonly cmdlets: readonly CmdletName[];
}

/** What the stack does there, as its configuration has it. */
export function exchangeNeeds(config: StackConfig): readonly Need[] {
  const usesEws = config.protocol === 'ews' || config.protocol === 'both';
  const { visibility, roleMailboxes, exchange } = config;
  const needs: (Need | false)[] = [
    { what: 'list domains and mailboxes', cmdlets: ['Get-AcceptedDomain', 'Get-Mailbox'] },
    visibility !== undefined && {
      what: 'show calendars',
      cmdlets: [
        'Get-MailboxFolderStatistics',
        'Get-MailboxFolderPermission',
        'Set-MailboxFolderPermission',
        ...('group' in visibility.scope ? (['Get-DistributionGroupMember'] as const) : []),
      ],
    },
    roleMailboxes.length > 0 && {
      what: 'make role mailboxes',
      cmdlets: ['Set-Mailbox', ...(exchange.transport === 'powershell' ? (['New-Mailbox'] as const) : [])],
    },
    config.roomBooking && {
      what: 'let rooms be booked',
      cmdlets: ['Get-CalendarProcessing', 'Set-CalendarProcessing'],
    },
    usesEws && { what: 'look at the EWS policy', cmdlets: ['Get-OrganizationConfig', 'Get-CASMailbox'] },
    usesEws &&
      config.ewsAccess.manage && {
        what: 'let the application into EWS',
        cmdlets: ['Set-OrganizationConfig', 'Set-CASMailbox'],
      },
    config.access === 'roleMailboxes' && {
      what: 'limit the application to role mailboxes',
      cmdlets: [
        'Get-ServicePrincipal',
        'New-ServicePrincipal',
        'Remove-ServicePrincipal',
        'Get-ManagementScope',
        'New-ManagementScope',
        'Set-ManagementScope',
        'Remove-ManagementScope',
        'Get-ManagementRoleAssignment',
        'New-ManagementRoleAssignment',
        'Remove-ManagementRoleAssignment',
        'Test-ServicePrincipalAuthorization',
      ],
    },
  ];
  return needs.filter((need) => need !== false);
}

/**
 * Asks Exchange which cmdlets the caller may run. That a caller without any role is answered with 403 is UNCONFIRMED for this question;
 * it is so for every cmdlet.
 */
export async function exchangeRoleChecks(work: Work, config: StackConfig): Promise<readonly Check[]> {
  const needs = exchangeNeeds(config);
  try {
    return [roleCheck(needs, await work.port.permitted(work.signal))];
  } catch (error) {
    if (!(error instanceof ExchangeError) || error.status !== 403) throw error;
    return [roleCheck(needs, new Set())];
  }
}

const NEXT =
  'assign the directory role Exchange Administrator to the principal that deploys, or make it a member of a role group with these cmdlets; it counts from its next token on';

function roleCheck(needs: readonly Need[], permitted: ReadonlySet<CmdletName>): Check {
  const id = 'permissions.exchange-role';
  const lacking = needs
    .map(({ what, cmdlets }) => ({ what, cmdlets: cmdlets.filter((cmdlet) => !permitted.has(cmdlet)) }))
    .filter(({ cmdlets }) => cmdlets.length > 0);
  if (lacking.length === 0) {
    const count = needs.flatMap(({ cmdlets }) => cmdlets).length;
    return fine(
      id,
      "the sign-in's roles in Exchange hold every cmdlet that this stack runs",
      `${count} of ${count}`,
    );
  }
  return fault(id, "the sign-in's roles in Exchange do not hold every cmdlet that this stack runs", {
    found:
      permitted.size === 0
        ? 'no role in Exchange'
        : lacking.map(({ what, cmdlets }) => `cannot ${what}: ${cmdlets.join(', ')}`).join('; '),
    allowed: needs.flatMap(({ cmdlets }) => cmdlets).join(', '),
    next: NEXT,
  });
}
