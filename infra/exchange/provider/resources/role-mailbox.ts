/** RoleMailbox: licensed user mailboxes that Google looks availability up with, made or adopted. */
import { z } from 'zod';
import { registrationTag } from '../../../identity/registration-tag.js';
import {
  applyRoleMailboxes,
  type FoundRoleMailboxes,
  inspectRoleMailboxes,
  numberedAddresses,
  planRoleMailboxes,
  type RoleMailboxOutcome,
  type RoleMailboxWish,
  undoRoleMailboxes,
} from '../../role-mailboxes/index.js';
import { mailboxRecordSchema, neverExpires } from '../../role-mailboxes/model.js';
import { findOne } from '../../work.js';
import type { Exchange } from '../context.js';
import { decodeFacts } from '../facts.js';
import type { Operation } from '../kernel/index.js';
import {
  compareInputs,
  countDifferences,
  exchangeResource,
  keepingParts,
  known,
  optionalText,
  saved,
  violations,
} from '../resource.js';

const inputs = z.object({
  address: z.string().min(3),
  displayName: z.string().min(1),
  sku: z.string().min(1),
  usageLocation: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be two capital letters')
    .optional(),
  count: z.int().min(1).max(50),
  passwordNeverExpires: z.boolean(),
  blockSignIn: z.boolean(),
  hidden: z.boolean(),
  owner: z.string().min(1),
  password: optionalText,
  baseline: optionalText,
  violations,
});
const outputs = inputs.omit({ baseline: true }).extend({
  addresses: z.array(z.string()),
  mailboxes: z.array(mailboxRecordSchema),
  /** Absent: none was set. */
  password: z.string().optional(),
});
type Inputs = z.output<typeof inputs>;
type Outputs = z.output<typeof outputs>;

const NEEDED = [
  'address',
  'displayName',
  'sku',
  'usageLocation',
  'count',
  'passwordNeverExpires',
  'blockSignIn',
  'hidden',
  'owner',
] as const;

export const roleMailbox = exchangeResource<typeof inputs, typeof outputs>({
  inputs,
  outputs,
  replaceOn: ['address'],
  secretOutputs: ['password'],
  // A mailbox keeps the password that it was made with.
  diff: (request) => compareInputs(request, { sameIgnoringCase: ['address'], ignored: ['password'] }),

  preview: async (operation, { existing, inputs: given }) => {
    if (!known(given, NEEDED)) return {};
    const wanted = given as Inputs;
    const former = existing === undefined ? undefined : outcomeOf(operation, existing.olds);
    const { mailboxes, changes, notes } = await plan(operation, wanted, former, undefined);
    const toCome = mailboxes.filter(({ found }) => found.mailbox === undefined);
    for (const { found } of toCome) operation.context.sweeps.toCome.add(found.address);
    for (const line of [...changes, ...notes]) operation.log.info(line);
    return {
      addresses: [...numberedAddresses(wanted.address, wanted.count)],
      ...(typeof former?.password === 'string' ? { password: former.password } : {}),
    };
  },

  create: async (operation, wanted) => ({
    id: wanted.address,
    outputs: await apply(operation, wanted, undefined),
  }),

  read: async (operation, { id, olds, oldInputs }) => {
    if (oldInputs === undefined) return await adopt(operation, id);
    const former = outcomeOf(operation, olds);
    const count = await countDifferences(
      operation,
      async () => (await plan(operation, oldInputs, former, undefined)).changes,
    );
    return {
      id,
      inputs: { ...oldInputs, violations: count },
      outputs: outputsOf(oldInputs, former, count),
    };
  },

  update: async (operation, { olds }, wanted) => ({
    outputs: await apply(operation, wanted, outcomeOf(operation, olds)),
  }),

  delete: async (operation, { olds }) => {
    const { context, log } = operation;
    const [work, directory] = [await context.work(operation), await context.directory(operation)];
    for (const line of await undoRoleMailboxes(work, directory, outcomeOf(operation, olds))) log.info(line);
  },
});

async function plan(
  operation: Operation<Exchange>,
  wish: RoleMailboxWish,
  former: RoleMailboxOutcome | undefined,
  baseline: FoundRoleMailboxes | undefined,
) {
  const { context } = operation;
  const [work, directory] = [await context.work(operation), await context.directory(operation)];
  const found = await inspectRoleMailboxes(work, directory, wish, former);
  return planRoleMailboxes(found, wish, former, baseline);
}

async function apply(
  operation: Operation<Exchange>,
  wanted: Inputs,
  former: RoleMailboxOutcome | undefined,
): Promise<Outputs> {
  const { context, keepSecret } = operation;
  const [work, directory] = [await context.work(operation), await context.directory(operation)];
  const baseline = wanted.baseline === undefined ? undefined : lookOf(wanted.baseline);
  const { password } = wanted;
  const outcome = await keepingParts(
    wanted.address,
    (done: RoleMailboxOutcome) => outputsOf(wanted, done, 1),
    () => applyRoleMailboxes(work, directory, wanted, { former, baseline, password }),
  );
  // What was read before does not tell of mailboxes that came since.
  const known = new Set(former?.mailboxes.map(({ objectId }) => objectId));
  if (outcome.mailboxes.some(({ objectId }) => !known.has(objectId))) context.sweeps.forget();
  if (outcome.password !== null) keepSecret(outcome.password);
  return outputsOf(wanted, outcome, 0);
}

function lookOf(text: string): FoundRoleMailboxes {
  return { ...decodeFacts('roleMailbox', text), skus: [], tenantCountry: undefined };
}

function outcomeOf({ urn }: Operation<Exchange>, olds: Partial<Outputs>): RoleMailboxOutcome {
  return { mailboxes: saved(olds.mailboxes, 'mailboxes', urn), password: olds.password ?? null };
}

function outputsOf(wanted: Inputs, { mailboxes, password }: RoleMailboxOutcome, count: number): Outputs {
  const { baseline: _, ...kept } = wanted;
  return {
    ...kept,
    addresses: [...numberedAddresses(wanted.address, wanted.count)],
    mailboxes,
    password: password ?? undefined,
    violations: count,
  };
}

/** Import: the one mailbox at an address, as it is. It was there before, so it is never deleted. */
async function adopt(operation: Operation<Exchange>, address: string) {
  const { context, urn } = operation;
  const [, stack = '', project = ''] = /^urn:pulumi:(.*?)::(.*?)::/.exec(urn) ?? [];
  const owner = registrationTag(project, stack);
  const [work, directory] = [await context.work(operation), await context.directory(operation)];
  const wish: RoleMailboxWish = {
    address,
    displayName: address,
    sku: '',
    count: 1,
    passwordNeverExpires: false,
    blockSignIn: false,
    hidden: false,
    owner,
  };
  const { mailboxes, skus } = await inspectRoleMailboxes(work, directory, wish);
  const { user, mailbox } = mailboxes[0] ?? {};
  if (user === undefined || mailbox === undefined) return undefined;
  const row = await findOne(work, {
    cmdlet: 'Get-Mailbox',
    parameters: { Identity: mailbox.guid },
    anchor: address,
  });
  const values = {
    accountEnabled: user.accountEnabled,
    passwordPolicies: user.passwordPolicies,
    usageLocation: user.usageLocation,
    hidden: mailbox.hidden,
  };
  const held = skus.find(({ id }) => user.licences.some(({ skuId }) => skuId === id));
  const wanted: Inputs = {
    ...wish,
    displayName: row?.DisplayName ?? address,
    sku: held?.partNumber ?? 'EXCHANGESTANDARD',
    usageLocation: user.usageLocation ?? undefined,
    passwordNeverExpires: neverExpires(user.passwordPolicies),
    blockSignIn: !user.accountEnabled,
    hidden: mailbox.hidden,
    password: undefined,
    baseline: undefined,
    violations: 0,
  };
  const record = {
    address,
    objectId: user.id,
    guid: mailbox.guid,
    userPrincipalName: user.userPrincipalName,
    origin: 'adopted' as const,
    passwordSet: false,
    licence: null,
    former: values,
    set: values,
  };
  return {
    id: address,
    inputs: wanted,
    outputs: outputsOf(wanted, { mailboxes: [record], password: null }, 0),
  };
}
