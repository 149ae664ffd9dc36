/** From what is found to what is to do. Pure. */
import { InteropError } from '../../errors.js';
import type { DirectoryUser } from './directory-port.js';
import { recordAt } from './inspect.js';
import { findSku, freeUnits, hasLicence, isLicensed, isSku, requireFree } from './licences.js';
import {
  type FoundMailbox,
  type FoundRoleMailboxes,
  type MailboxPlan,
  type MailboxRecord,
  type MailboxValues,
  neverExpires,
  type RoleMailboxOutcome,
  type RoleMailboxPlan,
  type RoleMailboxWish,
  samePolicies,
  withNeverExpires,
} from './model.js';

/**
 * What `apply` will do, in words for a preview as well.
 *
 * @param former what an earlier run recorded.
 * @param baseline what a look before the first write showed: what an adopted mailbox had then counts, where nothing is recorded.
 * @throws InteropError of kind `resource` when no licence is free, the tenant has no such licence, or an adopted user is kept by a
 * directory on the customer's side and would have to change; `configuration` when there is no country for the licence.
 */
export function planRoleMailboxes(
  found: FoundRoleMailboxes,
  wish: RoleMailboxWish,
  former?: RoleMailboxOutcome,
  baseline?: FoundRoleMailboxes,
): RoleMailboxPlan {
  const mailboxes = found.mailboxes.map((one) =>
    planMailbox(one, { found, wish, record: recordAt(former, one.address), before: lookAt(baseline, one) }),
  );
  requireLicences(mailboxes, found);
  for (const plan of mailboxes) requireChangeable(plan);
  const wished = new Set(found.mailboxes.map(({ address }) => address.toLowerCase()));
  const surplus = (former?.mailboxes ?? []).filter(({ address }) => !wished.has(address.toLowerCase()));
  return {
    mailboxes,
    surplus,
    changes: [...mailboxes.flatMap(changesOf), ...surplus.map(surplusWords)],
    notes: notesOf(mailboxes, found),
  };
}

/** What is known of one address. */
interface Known {
  readonly found: FoundRoleMailboxes;
  readonly wish: RoleMailboxWish;
  readonly record: MailboxRecord | undefined;
  /** The same user before the first write. */
  readonly before: FoundMailbox | undefined;
}

function lookAt(baseline: FoundRoleMailboxes | undefined, one: FoundMailbox): FoundMailbox | undefined {
  return baseline?.mailboxes.find(({ user }) => user !== undefined && user.id === one.user?.id);
}

function planMailbox(one: FoundMailbox, known: Known): MailboxPlan {
  const { user } = one;
  const { found, wish, before } = known;
  const record = user !== undefined && known.record?.objectId === user.id ? known.record : undefined;
  const isOurs = user === undefined || record?.origin === 'made' || user.mailNickname === one.alias;
  const former = record?.former ?? valuesOf(before ?? one);
  const licence = planLicence(user, { ...known, record }, isOurs);
  return {
    found: one,
    origin: isOurs ? 'made' : 'adopted',
    make: user === undefined,
    renewPassword: user !== undefined && isOurs && record?.passwordSet !== true,
    licence,
    former,
    wanted: wantedValues(wish, one, former, isOurs, licence.add !== undefined, found.tenantCountry),
  };
}

/** An adopted mailbox that is licensed in another way needs none of ours. */
function planLicence(
  user: DirectoryUser | undefined,
  { found: { skus }, wish, record, before }: Known,
  isOurs: boolean,
): MailboxPlan['licence'] {
  const given = record?.licence ?? null;
  const held = user !== undefined && given !== null && hasLicence(user, given.id) ? given : null;
  if (held !== null && isSku(held, wish.sku)) return { add: undefined, remove: undefined, ours: held };
  const cameSince = before?.user !== undefined && !isLicensed(before.user, skus);
  if (held === null && user !== undefined && !isOurs && !cameSince && isLicensed(user, skus)) {
    return { add: undefined, remove: undefined, ours: null };
  }
  const sku = findSku(skus, wish.sku);
  const ours = { id: sku.id, partNumber: sku.partNumber };
  if (user !== undefined && hasLicence(user, sku.id)) {
    // Of a mailbox of ours, or of one that had none before: a run that was cut off has given it.
    const remove = held === null || held.id === sku.id ? undefined : held.id;
    return { add: undefined, remove, ours: isOurs || cameSince ? ours : held };
  }
  return { add: sku, remove: held?.id, ours };
}

function valuesOf({ user, mailbox }: FoundMailbox): MailboxValues {
  return {
    accountEnabled: user?.accountEnabled ?? true,
    passwordPolicies: user?.passwordPolicies ?? null,
    usageLocation: user?.usageLocation ?? null,
    hidden: mailbox?.hidden ?? false,
  };
}

/** A wish that is off means the ordinary value for a mailbox of ours, and its own former one for an adopted mailbox. */
function wantedValues(
  wish: RoleMailboxWish,
  one: FoundMailbox,
  former: MailboxValues,
  isOurs: boolean,
  needsLicence: boolean,
  tenantCountry: string | undefined,
): MailboxValues {
  const now = valuesOf(one);
  const off: MailboxValues = isOurs
    ? {
        accountEnabled: true,
        passwordPolicies: withNeverExpires(now.passwordPolicies, false),
        usageLocation: null,
        hidden: false,
      }
    : former;
  const country =
    wish.usageLocation ?? now.usageLocation ?? (isOurs || needsLicence ? tenantCountry : undefined);
  if (needsLicence && country === undefined) throw noCountry(one.address);
  return {
    accountEnabled: wish.blockSignIn ? false : off.accountEnabled,
    passwordPolicies: wish.passwordNeverExpires
      ? withNeverExpires(now.passwordPolicies, true)
      : off.passwordPolicies,
    usageLocation: country ?? null,
    hidden: wish.hidden ? true : off.hidden,
  };
}

function noCountry(address: string): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary: 'Microsoft gives no licence without a country',
    problems: [
      {
        where: `calendar-interop:roleMailboxes, ${address}, usageLocation`,
        what: 'is not set, and the tenant has no country',
        allowed: 'two capital letters (ISO 3166-1), such as DE',
      },
    ],
    next: ['set usageLocation in calendar-interop:roleMailboxes, then run calendar-interop up'],
  });
}

function requireLicences(plans: readonly MailboxPlan[], { skus }: FoundRoleMailboxes): void {
  const needed = new Map<string, number>();
  for (const { licence } of plans) {
    if (licence.add !== undefined) needed.set(licence.add.id, (needed.get(licence.add.id) ?? 0) + 1);
  }
  for (const sku of skus) {
    const count = needed.get(sku.id);
    if (count !== undefined) requireFree(sku, count, skus);
  }
}

/** Graph changes none of these for a user that is synchronised (learn.microsoft.com/graph/api/user-update). */
function requireChangeable(plan: MailboxPlan): void {
  const { user, address } = plan.found;
  if (user === undefined || !user.synchronised) return;
  const changes = valueChanges(plan).filter((change) => change.key !== 'usageLocation');
  if (changes.length === 0) return;
  throw new InteropError({
    kind: 'resource',
    summary: `${address} is synchronised from a directory of your own and can be changed only there`,
    problems: changes.map(({ words }) => ({ where: address, what: words })),
    next: [
      'change it in your own directory, or turn passwordNeverExpires, blockSignIn and hidden off for it in calendar-interop:roleMailboxes',
    ],
  });
}

export interface ValueChange {
  readonly key: keyof MailboxValues;
  readonly words: string;
}

/** The values that differ from what is wanted. */
export function valueChanges({
  found,
  wanted,
}: Pick<MailboxPlan, 'found' | 'wanted'>): readonly ValueChange[] {
  const now = valuesOf(found);
  const changes: ValueChange[] = [];
  if (!samePolicies(now.passwordPolicies, wanted.passwordPolicies)) {
    const words = neverExpires(wanted.passwordPolicies)
      ? 'keep its password from expiring'
      : 'let its password expire';
    changes.push({ key: 'passwordPolicies', words });
  }
  if (now.accountEnabled !== wanted.accountEnabled) {
    changes.push({
      key: 'accountEnabled',
      words: wanted.accountEnabled ? 'allow signing in' : 'block signing in',
    });
  }
  if (now.usageLocation !== wanted.usageLocation) {
    changes.push({
      key: 'usageLocation',
      words: `set the country of its licence to ${wanted.usageLocation ?? 'none'}`,
    });
  }
  if (now.hidden !== wanted.hidden) {
    changes.push({
      key: 'hidden',
      words: wanted.hidden ? 'hide it from address lists' : 'show it in address lists',
    });
  }
  return changes;
}

function changesOf(plan: MailboxPlan): readonly string[] {
  const { found, make, licence, renewPassword } = plan;
  const { address, mailbox } = found;
  if (make) return [`make ${address} with the licence ${licence.add?.partNumber ?? ''}`];
  const given = licence.add === undefined ? [] : [`give it the licence ${licence.add.partNumber}`];
  const taken = licence.remove === undefined ? [] : ['take back the licence that was given before'];
  const waited = mailbox === undefined ? ['wait for its mailbox'] : [];
  const password = renewPassword ? ['give it a new password, since the former one was never saved'] : [];
  const values = valueChanges(plan).map(({ words }) => words);
  return [...given, ...taken, ...waited, ...password, ...values].map((words) => `${address}: ${words}`);
}

function surplusWords({ address, origin }: MailboxRecord): string {
  return origin === 'made'
    ? `delete ${address}, which is no longer wished`
    : `${address}: give back what it had before; it is no longer wished and was there before this stack`;
}

function notesOf(plans: readonly MailboxPlan[], { skus }: FoundRoleMailboxes): readonly string[] {
  const notes = plans
    .filter(({ origin }) => origin === 'adopted')
    .map(({ found }) => `${found.address} was there before this stack: it is adopted and never deleted`);
  const recovered = plans
    .filter(({ renewPassword }) => renewPassword)
    .map(
      ({ found }) =>
        `${found.address} was made by a run of this stack that was cut off: it is taken up again`,
    );
  const adding = new Set(plans.flatMap(({ licence }) => (licence.add === undefined ? [] : [licence.add.id])));
  const free = skus
    .filter(({ id }) => adding.has(id))
    .map((sku) => `${sku.partNumber}: ${freeUnits(sku)} of ${sku.enabled} licences are free`);
  return [...notes, ...recovered, ...free];
}
