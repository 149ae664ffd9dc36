/** Undoes what was done to role mailboxes, and nothing else. */
import { Incomplete, run, type Work } from '../work.js';
import type { DirectoryPort, DirectoryUser, UserChange } from './directory-port.js';
import { mailboxOf } from './inspect.js';
import { hasLicence } from './licences.js';
import { type MailboxRecord, type RoleMailboxOutcome, samePolicies } from './model.js';

/**
 * Deletes the mailboxes that this stack made, with their users, and gives adopted ones back what they had.
 *
 * @returns one line per thing that was done or left.
 * @throws Incomplete with the records that are still to be undone.
 */
export async function undoRoleMailboxes(
  work: Work,
  directory: DirectoryPort,
  outcome: RoleMailboxOutcome,
): Promise<readonly string[]> {
  const left = [...outcome.mailboxes];
  const words: string[] = [];
  try {
    for (const record of outcome.mailboxes) {
      work.status(`undoing ${record.address}`);
      words.push(...(await undoMailbox(work, directory, record)));
      left.shift();
    }
  } catch (error) {
    throw new Incomplete({ ...outcome, mailboxes: left }, error);
  }
  return words;
}

/** The same for one. It goes by the user's object id: whoever has the address now may be somebody else. */
export async function undoMailbox(
  work: Work,
  directory: DirectoryPort,
  record: MailboxRecord,
): Promise<readonly string[]> {
  const user = await directory.getUser(record.objectId);
  if (user === undefined) return [`${record.address} is gone already`];
  if (record.origin === 'made') {
    await directory.deleteUser(user.id);
    return [`${record.address} deleted`];
  }
  const { change, left } = formerValues(record, user);
  if (Object.keys(change).length > 0) await directory.updateUser(user.id, change);
  if (record.licence !== null && hasLicence(user, record.licence.id)) {
    await directory.assignLicenses(user.id, { add: [], remove: [record.licence.id] });
  }
  await showAsBefore(work, record);
  return [
    `${record.address} was there before this stack: it stays, with the values that it had`,
    ...left.map((what) => `${record.address}: ${what} was changed by somebody else since and stays`),
  ];
}

/** Only what still is as this stack set it goes back: a later change by somebody else stands. */
function formerValues({ former, set }: MailboxRecord, user: DirectoryUser) {
  const change: { -readonly [Key in keyof UserChange]: UserChange[Key] } = {};
  const left: string[] = [];
  if (set.accountEnabled !== former.accountEnabled) {
    if (user.accountEnabled === set.accountEnabled) change.accountEnabled = former.accountEnabled;
    else if (user.accountEnabled !== former.accountEnabled) left.push('signing in');
  }
  if (!samePolicies(set.passwordPolicies, former.passwordPolicies)) {
    if (samePolicies(user.passwordPolicies, set.passwordPolicies))
      change.passwordPolicies = former.passwordPolicies;
    else if (!samePolicies(user.passwordPolicies, former.passwordPolicies)) left.push('the password policy');
  }
  // Graph takes no empty country.
  if (set.usageLocation !== former.usageLocation && former.usageLocation !== null) {
    if (user.usageLocation === set.usageLocation) change.usageLocation = former.usageLocation;
    else if (user.usageLocation !== former.usageLocation) left.push('the country of its licence');
  }
  return { change, left };
}

async function showAsBefore(work: Work, { guid, former, set }: MailboxRecord): Promise<void> {
  if (guid === '' || set.hidden === former.hidden) return;
  const mailbox = await mailboxOf(work, guid);
  if (mailbox === undefined || mailbox.hidden !== set.hidden) return;
  await run(work, {
    cmdlet: 'Set-Mailbox',
    parameters: { Identity: guid, HiddenFromAddressListsEnabled: former.hidden },
    anchor: mailbox.primaryAddress,
  });
}
