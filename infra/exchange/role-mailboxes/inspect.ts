/** What there is at the addresses of role mailboxes. Reads only. */
import { InteropError } from '../../errors.js';
import type { CmdletRow } from '../transport/cmdlets.js';
import { findOne, type Work } from '../work.js';
import type { DirectoryPort } from './directory-port.js';
import { hasLicence, isSku } from './licences.js';
import type {
  ExchangeMailbox,
  FoundMailbox,
  FoundRoleMailboxes,
  RoleMailboxOutcome,
  RoleMailboxWish,
} from './model.js';
import { numberedAddresses, numberedName, ownAlias } from './naming.js';

/**
 * Looks at every address of the wish.
 *
 * @throws InteropError of kind `resource` for an address that belongs to something that is no user mailbox, or that is not the
 * mailbox's primary one.
 */
export async function inspectRoleMailboxes(
  work: Work,
  directory: DirectoryPort,
  wish: RoleMailboxWish,
  former?: RoleMailboxOutcome,
): Promise<FoundRoleMailboxes> {
  const addresses = numberedAddresses(wish.address, wish.count);
  const mailboxes: FoundMailbox[] = [];
  for (const [index, address] of addresses.entries()) {
    mailboxes.push({
      ...(await look(work, directory, address, recordAt(former, address)?.objectId)),
      address,
      displayName: numberedName(wish.displayName, index + 1),
      alias: ownAlias(wish.owner, address),
    });
  }
  return {
    mailboxes,
    skus: needsSkus(wish, mailboxes, former) ? await directory.subscribedSkus() : [],
    tenantCountry: needsCountry(wish, mailboxes) ? await directory.tenantCountry() : undefined,
  };
}

/** The record of an address; addresses are compared as Exchange does. */
export function recordAt(outcome: RoleMailboxOutcome | undefined, address: string) {
  return outcome?.mailboxes.find((record) => record.address.toLowerCase() === address.toLowerCase());
}

async function look(work: Work, directory: DirectoryPort, address: string, recordedId: string | undefined) {
  const mailbox = await mailboxOf(work, address);
  if (mailbox === undefined) {
    const recorded = recordedId === undefined ? undefined : await directory.getUser(recordedId);
    return { mailbox, user: recorded ?? (await directory.getUser(address)) };
  }
  requireUserMailbox(address, mailbox);
  return { mailbox, user: await directory.getUser(mailbox.objectId) };
}

/** The mailbox of an address or id, whatever its kind. */
export async function mailboxOf(work: Work, identity: string): Promise<ExchangeMailbox | undefined> {
  const row = await findOne(work, {
    cmdlet: 'Get-Mailbox',
    parameters: { Identity: identity },
    anchor: identity,
  });
  return row === undefined ? undefined : mailboxFrom(row);
}

export function mailboxFrom(row: CmdletRow<'Get-Mailbox'>): ExchangeMailbox {
  return {
    guid: row.Guid.toLowerCase(),
    objectId: row.ExternalDirectoryObjectId ?? '',
    primaryAddress: row.PrimarySmtpAddress,
    userPrincipalName: row.UserPrincipalName ?? row.PrimarySmtpAddress,
    kind: row.RecipientTypeDetails,
    hidden: row.HiddenFromAddressListsEnabled ?? false,
  };
}

/**
 * Google's guide asks for a user mailbox, by its primary SMTP address (support.google.com/a/answer/7437483).
 *
 * @throws InteropError of kind `resource` for any other.
 */
export function requireUserMailbox(address: string, mailbox: ExchangeMailbox): void {
  const problem = (what: string, found: string, allowed: string, next: string) =>
    new InteropError({
      kind: 'resource',
      summary: `${address} cannot be a role mailbox`,
      problems: [{ where: `calendar-interop:roleMailboxes, ${address}`, what, found, allowed }],
      next: [next],
    });
  if (mailbox.kind !== 'UserMailbox') {
    throw problem(
      'belongs to a mailbox of another kind',
      mailbox.kind,
      'UserMailbox',
      'choose another address',
    );
  }
  if (mailbox.primaryAddress.toLowerCase() !== address.toLowerCase()) {
    throw problem(
      'is not the primary address of its mailbox',
      mailbox.primaryAddress,
      'the primary SMTP address, which Google asks for',
      `set the address to ${mailbox.primaryAddress}, or choose another one`,
    );
  }
  if (mailbox.objectId === '') {
    throw problem(
      'belongs to a mailbox without a user in Entra',
      'no ExternalDirectoryObjectId',
      'a mailbox of Exchange Online',
      'choose another address',
    );
  }
}

/** Licences are read only where they decide something: reading them takes a permission of its own. */
function needsSkus(
  wish: RoleMailboxWish,
  mailboxes: readonly FoundMailbox[],
  former: RoleMailboxOutcome | undefined,
): boolean {
  return mailboxes.some(({ address, user }) => {
    const licence = recordAt(former, address)?.licence ?? null;
    return (
      user === undefined || licence === null || !isSku(licence, wish.sku) || !hasLicence(user, licence.id)
    );
  });
}

function needsCountry(wish: RoleMailboxWish, mailboxes: readonly FoundMailbox[]): boolean {
  return (
    wish.usageLocation === undefined && mailboxes.some(({ user }) => (user?.usageLocation ?? null) === null)
  );
}
