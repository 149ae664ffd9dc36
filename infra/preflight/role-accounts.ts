/**
 * The accounts that Google looks availability up with: a user mailbox each, entered by its primary SMTP address
 * (support.google.com/a/answer/7437483), with a licence that EWS lets in where EWS is used. Reads only.
 */
import type { StackConfig } from '../config.js';
import {
  type DirectoryPort,
  type DirectoryUser,
  type ExchangeMailbox,
  hasKioskLicence,
  isLicensed,
  mailboxOf,
  numberedAddresses,
  type Sku,
} from '../exchange/role-mailboxes/index.js';
import type { Work } from '../exchange/work.js';
import { type Check, fault, fine } from './checks.js';

/** Addresses of the role accounts of endpoints in Microsoft 365, each once. */
export function onlineRoleAccounts(config: StackConfig): readonly string[] {
  const addresses = config.endpoints
    .filter(({ type }) => type !== 'onPremises')
    .flatMap(({ roleAccounts }) => roleAccounts);
  return [...new Map(addresses.map((address) => [address.toLowerCase(), address])).values()];
}

/** Looks at the mailbox of each role account. */
export async function roleAccountChecks(work: Work, config: StackConfig): Promise<readonly Check[]> {
  const made = madeAddresses(config);
  const checks: Check[] = [];
  for (const address of onlineRoleAccounts(config)) {
    const mailbox = await mailboxOf(work, address);
    checks.push(mailboxCheck(address, mailbox, made.has(address.toLowerCase())));
  }
  return checks;
}

function madeAddresses({ roleMailboxes }: StackConfig): ReadonlySet<string> {
  const addresses = roleMailboxes.flatMap(({ address, count }) => numberedAddresses(address, count));
  return new Set(addresses.map((address) => address.toLowerCase()));
}

function mailboxCheck(address: string, mailbox: ExchangeMailbox | undefined, isMade: boolean): Check {
  const id: Check['id'] = `exchange.role-account-${address}`;
  if (mailbox === undefined) {
    return isMade
      ? fine(id, `calendar-interop up makes the role mailbox ${address}`, 'no such mailbox yet')
      : fault(id, `the role account ${address} has no mailbox`, {
          found: 'no such mailbox',
          allowed: 'a user mailbox with this primary address',
          next: `add ${address} to calendar-interop:roleMailboxes`,
        });
  }
  if (mailbox.kind !== 'UserMailbox') {
    return fault(id, `the role account ${address} has a mailbox of another kind`, {
      found: mailbox.kind,
      allowed: 'UserMailbox (guide 7437483)',
      next: 'choose another address for roleAccounts in calendar-interop:endpoints',
    });
  }
  if (mailbox.primaryAddress.toLowerCase() !== address.toLowerCase()) {
    return fault(id, `${address} is not the primary address of its mailbox`, {
      found: mailbox.primaryAddress,
      allowed: 'the primary SMTP address, which Google asks for',
      next: `set roleAccounts in calendar-interop:endpoints to ${mailbox.primaryAddress}`,
    });
  }
  return fine(id, `the role account ${address} is the primary address of a user mailbox`);
}

/** Whether EWS lets the role accounts in that are there already: mailboxes with only a Kiosk, F1 or F3 licence get 403 (MC1191578). */
export async function ewsLicenceChecks(
  directory: DirectoryPort,
  config: StackConfig,
): Promise<readonly Check[]> {
  const made = madeAddresses(config);
  const users: { readonly address: string; readonly user: DirectoryUser }[] = [];
  for (const address of onlineRoleAccounts(config).filter((one) => !made.has(one.toLowerCase()))) {
    const user = await directory.getUser(address);
    if (user !== undefined) users.push({ address, user });
  }
  if (users.length === 0) return [];
  const skus = await directory.subscribedSkus();
  return users.map(({ address, user }) => licenceCheck(address, user, skus));
}

function licenceCheck(address: string, user: DirectoryUser, skus: readonly Sku[]): Check {
  const id: Check['id'] = `licences.role-account-${address}`;
  if (hasKioskLicence(user, skus) && !isLicensed(user, skus)) {
    return fault(id, `the licence of the role account ${address} does not let EWS in`, {
      found: 'Kiosk, F1 or F3 alone',
      allowed: 'a licence with Exchange Online Plan 1 or 2',
      next: `assign such a licence to ${address} in the Microsoft 365 admin center, or choose protocol graph`,
    });
  }
  return fine(id, `the licence of the role account ${address} is not one that EWS keeps out`);
}
