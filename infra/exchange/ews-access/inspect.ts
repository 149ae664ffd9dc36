/** The switch, the allow list and the mailboxes' own switches, as Exchange shows them. Reads only. */
import { InteropError } from '../../errors.js';
import type { CmdletRow } from '../transport/cmdlets.js';
import { findOne, run, type Work } from '../work.js';
import { readAllowList } from './allow-list.js';
import type {
  EwsAccessWish,
  FoundEwsAccess,
  MailboxAccess,
  OrganizationAccess,
  UserAgentPolicy,
} from './model.js';

/** @throws InteropError of kind `resource` when a role account has no mailbox. */
export async function inspectEwsAccess(work: Work, wish: EwsAccessWish): Promise<FoundEwsAccess> {
  const organization = await readOrganization(work);
  const mailboxes: MailboxAccess[] = [];
  for (const address of wish.roleAccounts) {
    const found = await readMailbox(work, address);
    if (found === undefined) throw noMailbox(address);
    mailboxes.push(found);
  }
  return { organization, mailboxes };
}

/** Without the switch in the call the answer has no list, which would look like an empty one. */
export async function readOrganization(work: Work): Promise<OrganizationAccess> {
  const { rows } = await run(work, {
    cmdlet: 'Get-OrganizationConfig',
    parameters: { RetrieveEwsOperationAccessPolicy: true },
  });
  const row = rows[0];
  if (row === undefined) {
    throw new InteropError({
      kind: 'failure',
      summary: 'Exchange does not show the settings of the organisation',
      problems: [{ where: 'Get-OrganizationConfig', what: 'gave no row' }],
      next: ['run the same command again'],
    });
  }
  return {
    enabled: row.EwsEnabled ?? null,
    list: readAllowList(row.EwsAllowedAppIDs),
    userAgents: userAgentsOf(row),
  };
}

export async function readMailbox(work: Work, address: string): Promise<MailboxAccess | undefined> {
  const row = await findOne(work, {
    cmdlet: 'Get-CASMailbox',
    parameters: { Identity: address },
    anchor: address,
  });
  if (row === undefined) return undefined;
  return { address, enabled: row.EwsEnabled ?? null, userAgents: userAgentsOf(row) };
}

function userAgentsOf(row: CmdletRow<'Get-CASMailbox'>): UserAgentPolicy {
  return {
    policy: row.EwsApplicationAccessPolicy || null,
    allow: row.EwsAllowList ?? [],
    block: row.EwsBlockList ?? [],
  };
}

function noMailbox(address: string): InteropError {
  return new InteropError({
    kind: 'resource',
    summary: `${address} has no mailbox`,
    problems: [
      { where: address, what: 'Google looks availability up with it, and Exchange does not know it' },
    ],
    next: [`add ${address} to calendar-interop:roleMailboxes, then run calendar-interop up`],
  });
}
