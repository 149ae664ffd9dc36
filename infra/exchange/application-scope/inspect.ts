/** What Exchange holds of the application: pointer, scope, assignments, and the mailboxes it shall be limited to. Reads only. */
import { InteropError } from '../../errors.js';
import { findOne, isAbsent, run, type Work } from '../work.js';
import type {
  ApplicationScopeWish,
  FoundApplicationScope,
  FoundAssignment,
  FoundMailbox,
  FoundPointer,
} from './model.js';
import { scopeName } from './naming.js';

/** @throws InteropError of kind `resource` when a role mailbox does not exist. */
export async function inspectApplicationScope(
  work: Work,
  wish: ApplicationScopeWish,
): Promise<FoundApplicationScope> {
  const mailboxes: FoundMailbox[] = [];
  for (const address of wish.mailboxes) mailboxes.push(await mailboxAt(work, address));
  const pointer = await readPointer(work, wish.clientId);
  const assignments = pointer === undefined ? [] : await readAssignments(work, pointer.objectId);
  return { mailboxes, pointer, scope: await readScope(work, scopeName(wish)), assignments };
}

async function mailboxAt(work: Work, address: string): Promise<FoundMailbox> {
  const row = await findOne(work, {
    cmdlet: 'Get-Mailbox',
    parameters: { Identity: address },
    anchor: address,
  });
  if (row !== undefined) {
    return {
      address: row.PrimarySmtpAddress,
      guid: row.Guid.toLowerCase(),
      userPrincipalName: row.UserPrincipalName ?? row.PrimarySmtpAddress,
    };
  }
  throw new InteropError({
    kind: 'resource',
    summary: `${address} has no mailbox, so the application cannot be limited to it`,
    problems: [{ where: address, what: 'is not known to Exchange' }],
    next: [`add ${address} to calendar-interop:roleMailboxes, then run calendar-interop up`],
  });
}

/** Exchange's own object for the application. */
export async function readPointer(work: Work, clientId: string): Promise<FoundPointer | undefined> {
  const row = await findOne(work, { cmdlet: 'Get-ServicePrincipal', parameters: { Identity: clientId } });
  if (row === undefined) return undefined;
  return { appId: row.AppId, objectId: row.ObjectId, displayName: row.DisplayName ?? '' };
}

async function readScope(work: Work, name: string) {
  const row = await findOne(work, { cmdlet: 'Get-ManagementScope', parameters: { Identity: name } });
  return row === undefined ? undefined : { name: row.Name, filter: row.RecipientFilter ?? '' };
}

/** All of the application, whoever made them. */
export async function readAssignments(work: Work, objectId: string): Promise<readonly FoundAssignment[]> {
  try {
    const { rows } = await run(work, {
      cmdlet: 'Get-ManagementRoleAssignment',
      parameters: { RoleAssignee: objectId },
    });
    return rows.map(({ Name, Role, CustomResourceScope }) => ({
      name: Name,
      role: Role,
      scope: CustomResourceScope || null,
    }));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
