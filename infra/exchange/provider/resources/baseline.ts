/** Baseline: what was there before anything was written, saved by the engine before the resource that writes runs. Only reads. */
import { z } from 'zod';
import { inspectEwsAccess } from '../../ews-access/index.js';
import { inspectRoleMailboxes } from '../../role-mailboxes/index.js';
import { inspectRooms } from '../../room-booking/index.js';
import type { Exchange } from '../context.js';
import { type BaselineKind, decodeFacts, encodeFacts, mergeFacts } from '../facts.js';
import type { Operation } from '../kernel/index.js';
import { compareInputs, exchangeResource, noImport, saved } from '../resource.js';

const inputs = z.object({
  kind: z.enum(['ewsAccess', 'roleMailbox', 'roomBooking']),
  subject: z.string().min(1),
  wish: z
    .strictObject({
      roleAccounts: z.array(z.string().min(1)).optional(),
      count: z.int().min(1).optional(),
      rooms: z.array(z.string().min(1)).optional(),
    })
    .default({}),
});
const outputs = inputs.extend({ facts: z.string() });
type Inputs = z.output<typeof inputs>;

export const baseline = exchangeResource<typeof inputs, typeof outputs>({
  inputs,
  outputs,
  replaceOn: ['kind', 'subject'],
  diff: (request) => compareInputs(request, { sameIgnoringCase: ['subject'] }),

  create: async (operation, wanted) => ({
    id: `${wanted.kind}:${wanted.subject}`,
    outputs: { ...wanted, facts: await lookAt(operation, wanted) },
  }),

  // A later look must not take the place of the first one.
  read: async ({ urn }, { id, olds, oldInputs }) => {
    if (oldInputs === undefined) noImport('a baseline');
    return {
      id,
      outputs: { ...oldInputs, facts: saved(olds.facts, 'facts', urn) },
      inputs: oldInputs,
    };
  },

  update: async (operation, { olds }, wanted) => {
    const { kind } = wanted;
    const earlier = decodeFacts(kind, saved(olds.facts, 'facts', operation.urn));
    const later = decodeFacts(kind, await lookAt(operation, wanted));
    return { outputs: { ...wanted, facts: encodeFacts(kind, mergeFacts(kind, earlier, later)) } };
  },

  delete: async () => undefined,
});

async function lookAt(operation: Operation<Exchange>, wanted: Inputs): Promise<string> {
  operation.log.status('reading what is there');
  return await LOOKS[wanted.kind](operation, wanted);
}

const LOOKS: Readonly<
  Record<BaselineKind, (operation: Operation<Exchange>, wanted: Inputs) => Promise<string>>
> = {
  ewsAccess: async (operation, { subject, wish }) => {
    const { roleAccounts = [] } = wish;
    const work = await operation.context.work(operation);
    const found = await inspectEwsAccess(work, {
      clientId: subject,
      roleAccounts,
      acknowledgeAllowList: false,
    });
    return encodeFacts('ewsAccess', found);
  },

  roleMailbox: async (operation, { subject, wish }) => {
    const { context } = operation;
    const [work, directory] = [await context.work(operation), await context.directory(operation)];
    // Only what is there matters here: licences, names and countries are looked at by the resource that writes.
    const { mailboxes } = await inspectRoleMailboxes(work, directory, {
      address: subject,
      count: wish.count ?? 1,
      displayName: subject,
      sku: '',
      usageLocation: '--',
      passwordNeverExpires: false,
      blockSignIn: false,
      hidden: false,
      owner: '',
    });
    return encodeFacts('roleMailbox', { mailboxes });
  },

  roomBooking: async (operation, { wish }) => {
    const work = await operation.context.work(operation);
    return encodeFacts('roomBooking', await inspectRooms(work, { rooms: wish.rooms }));
  },
};
