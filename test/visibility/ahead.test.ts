import fc from 'fast-check';
import { readAhead } from '../../infra/exchange/visibility/ahead.js';
import { GuidTable } from '../../infra/exchange/visibility/guids.js';
import { MAILBOX_KINDS, type MailboxRef } from '../../infra/exchange/visibility/mailbox.js';
import { guidOf } from './support/tenant.js';

const mailbox: fc.Arbitrary<MailboxRef> = fc.record({
  guid: fc.uuid(),
  address: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
  kind: fc.option(fc.constantFrom(...MAILBOX_KINDS), { nil: undefined }),
});

async function* source(mailboxes: Iterable<MailboxRef>, failure?: Error): AsyncGenerator<MailboxRef> {
  yield* mailboxes;
  if (failure !== undefined) throw failure;
}

test('the same mailboxes in the same order, whatever else the table knows (property)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(mailbox), fc.array(fc.uuid()), async (mailboxes, others) => {
      const table = new GuidTable();
      for (const other of others) table.add(other);
      const read: MailboxRef[] = [];
      for await (const one of readAhead(source(mailboxes), table)) read.push(one);
      expect(read).toEqual(mailboxes);
    }),
  );
});

test('more than it packs at once, and then the error of the source', async () => {
  const mailboxes = Array.from({ length: 1_700 }, (_, n) => ({
    guid: guidOf(n),
    address: undefined,
    kind: undefined,
  }));
  const read: MailboxRef[] = [];
  const failure = new Error('the list ended early');
  const reading = async () => {
    for await (const one of readAhead(source(mailboxes, failure), new GuidTable())) read.push(one);
  };
  await expect(reading()).rejects.toBe(failure);
  expect(read).toEqual(mailboxes);
});
