/**
 * Makes, adopts and keeps role mailboxes. Every step looks at what is there and does only what is missing, so a run that was cut
 * off is simply repeated.
 */
import { InteropError } from '../../errors.js';
import { Incomplete, run, type Work } from '../work.js';
import type { DirectoryPort, DirectoryUser, UserChange } from './directory-port.js';
import { inspectRoleMailboxes, mailboxFrom } from './inspect.js';
import { requireFree } from './licences.js';
import type {
  ExchangeMailbox,
  FoundRoleMailboxes,
  MailboxPlan,
  MailboxRecord,
  RoleMailboxOutcome,
  RoleMailboxWish,
} from './model.js';
import { randomPassword } from './password.js';
import { planRoleMailboxes, valueChanges } from './plan.js';
import { undoMailbox } from './undo.js';
import { minutes, waitFor, waitForMailboxes } from './waiting.js';

/** What a run may know and how long it waits. */
export interface RoleMailboxOptions {
  /** What the runs before recorded. */
  readonly former?: RoleMailboxOutcome | undefined;
  /**
   * What a look before the first write showed, kept with the state before this is called: then even a killed run leaves behind
   * what an adopted mailbox had.
   */
  readonly baseline?: FoundRoleMailboxes | undefined;
  /** One password for several groups: Google's form for Exchange on premises takes one for all. */
  readonly password?: string | undefined;
  /** How long a mailbox may take to come after its licence; 30 minutes unless told. */
  readonly patienceMs?: number | undefined;
}

const PATIENCE_MS = 30 * 60_000;
/** How long Entra may take to let a fresh user be seen everywhere. */
const REPLICATION_MS = 5 * 60_000;

/**
 * @returns what must be kept, the password among it.
 * @throws Incomplete with what was done until then; its cause is an InteropError where no licence is free (`resource`) or a mailbox
 * does not come in time (`timeout`). What {@link planRoleMailboxes} throws comes as it is: nothing was done yet.
 */
export async function applyRoleMailboxes(
  work: Work,
  directory: DirectoryPort,
  wish: RoleMailboxWish,
  options: RoleMailboxOptions = {},
): Promise<RoleMailboxOutcome> {
  const { former } = options;
  const found = await inspectRoleMailboxes(work, directory, wish, former);
  const plan = planRoleMailboxes(found, wish, former, options.baseline);
  const needsPassword = plan.mailboxes.some(({ make, renewPassword }) => make || renewPassword);
  const password = former?.password ?? (needsPassword ? (options.password ?? randomPassword()) : null);
  const records = new Map((former?.mailboxes ?? []).map((record) => [record.address.toLowerCase(), record]));
  try {
    const users: DirectoryUser[] = [];
    for (const one of plan.mailboxes) {
      const keep = (record: MailboxRecord) => records.set(record.address.toLowerCase(), record);
      users.push(await ensureUser(work, directory, one, password, keep));
    }
    const mailboxes = await waitForMailboxes(work, plan.mailboxes, options.patienceMs ?? PATIENCE_MS);
    for (const [index, one] of plan.mailboxes.entries()) {
      const [user, mailbox] = [users[index], mailboxes[index]];
      if (user === undefined || mailbox === undefined) continue;
      await hideAsWished(work, { ...one, found: { ...one.found, user, mailbox } }, mailbox);
      const passwordSet = one.origin === 'made';
      records.set(one.found.address.toLowerCase(), { ...recordOf(one, user, mailbox), passwordSet });
    }
    for (const record of plan.surplus) {
      await undoMailbox(work, directory, record);
      records.delete(record.address.toLowerCase());
    }
  } catch (error) {
    throw new Incomplete({ mailboxes: [...records.values()], password }, error);
  }
  return { mailboxes: [...records.values()], password };
}

/** A user with its licence and its values; the mailbox may come later. */
async function ensureUser(
  work: Work,
  directory: DirectoryPort,
  plan: MailboxPlan,
  password: string | null,
  keep: (record: MailboxRecord) => void,
): Promise<DirectoryUser> {
  const { address } = plan.found;
  work.status(plan.make ? `making ${address}` : `looking after ${address}`);
  let user = plan.found.user;
  if (user === undefined) {
    const made = await make(work, directory, plan, password ?? randomPassword());
    keep(made.record);
    user = await seenInDirectory(work, directory, made.record);
    keep({ ...made.record, objectId: user.id });
  } else {
    keep(recordOf(plan, user, plan.found.mailbox));
  }
  if (plan.renewPassword && password !== null) {
    await directory.updateUser(user.id, { password });
    keep({ ...recordOf(plan, user, plan.found.mailbox), passwordSet: true });
  }
  const change = userChange(plan, user);
  // The country comes first: Microsoft gives no licence without it.
  if (Object.keys(change).length > 0) await directory.updateUser(user.id, change);
  await ensureLicence(directory, plan, user);
  return user;
}

async function make(work: Work, directory: DirectoryPort, plan: MailboxPlan, password: string) {
  const { address, alias, displayName } = plan.found;
  if (work.port.transport === 'powershell') {
    const { rows } = await run(work, {
      cmdlet: 'New-Mailbox',
      parameters: {
        Name: alias,
        Alias: alias,
        DisplayName: displayName,
        MicrosoftOnlineServicesID: address,
        PrimarySmtpAddress: address,
        Password: password,
        ResetPasswordOnNextLogon: false,
      },
    });
    const mailbox = rows[0] === undefined ? undefined : mailboxFrom(rows[0]);
    const objectId = mailbox?.objectId || address;
    return { record: recordOf(plan, { id: objectId, userPrincipalName: address }, mailbox) };
  }
  const user = await directory.createUser({
    userPrincipalName: address,
    displayName,
    mailNickname: alias,
    accountEnabled: plan.wanted.accountEnabled,
    passwordPolicies: plan.wanted.passwordPolicies,
    usageLocation: plan.wanted.usageLocation ?? '',
    password,
  });
  return { record: recordOf(plan, user, undefined) };
}

/** Entra is many servers: a fresh user is not seen by all of them at once. */
async function seenInDirectory(
  work: Work,
  directory: DirectoryPort,
  record: MailboxRecord,
): Promise<DirectoryUser> {
  const [user] = await waitFor(work, 'user', REPLICATION_MS, [record], (one) =>
    directory.getUser(one.objectId),
  );
  if (user !== undefined) return user;
  throw new InteropError({
    kind: 'timeout',
    summary: `${record.address} was made, but Entra does not show its user`,
    problems: [
      {
        where: record.address,
        what: 'is not in the directory',
        found: `nothing after ${minutes(REPLICATION_MS)}`,
      },
    ],
    next: ['calendar-interop up'],
  });
}

function userChange({ found, wanted }: MailboxPlan, user: DirectoryUser): UserChange {
  const changes = valueChanges({ found: { ...found, user }, wanted });
  const keys = new Set(changes.map(({ key }) => key));
  return {
    ...(keys.has('usageLocation') && wanted.usageLocation !== null
      ? { usageLocation: wanted.usageLocation }
      : {}),
    ...(keys.has('accountEnabled') ? { accountEnabled: wanted.accountEnabled } : {}),
    ...(keys.has('passwordPolicies') ? { passwordPolicies: wanted.passwordPolicies } : {}),
  };
}

async function ensureLicence(
  directory: DirectoryPort,
  plan: MailboxPlan,
  user: DirectoryUser,
): Promise<void> {
  const { add, remove } = plan.licence;
  if (add === undefined && remove === undefined) return;
  try {
    await directory.assignLicenses(user.id, {
      add: add === undefined ? [] : [add.id],
      remove: remove === undefined ? [] : [remove],
    });
  } catch (error) {
    // Somebody else may have taken the last one since the plan was made.
    const skus = add === undefined ? [] : await directory.subscribedSkus();
    const now = skus.find(({ id }) => id === add?.id);
    if (now !== undefined) requireFree(now, 1, skus);
    throw error;
  }
}

async function hideAsWished(work: Work, plan: MailboxPlan, mailbox: ExchangeMailbox): Promise<void> {
  if (mailbox.hidden === plan.wanted.hidden) return;
  await run(work, {
    cmdlet: 'Set-Mailbox',
    parameters: { Identity: mailbox.guid, HiddenFromAddressListsEnabled: plan.wanted.hidden },
    anchor: mailbox.primaryAddress,
  });
}

function recordOf(
  plan: MailboxPlan,
  user: { readonly id: string; readonly userPrincipalName: string },
  mailbox: ExchangeMailbox | undefined,
): MailboxRecord {
  return {
    address: plan.found.address,
    objectId: user.id,
    guid: mailbox?.guid ?? '',
    userPrincipalName: user.userPrincipalName,
    origin: plan.origin,
    passwordSet: plan.origin === 'made' && !plan.renewPassword,
    licence: plan.licence.ours,
    former: plan.former,
    set: plan.wanted,
  };
}
