/**
 * Run in a process of its own: a tenant with as many mailboxes as the first argument says; the default calendars of as many of
 * them as the second says are changed. Writes the memory in use in bytes, before and after, and how many were changed, as JSON.
 */
import { seedTenant } from '../../../sandbox/entra/seed.js';
import { ExchangeOnline } from '../../../sandbox/exchange/exchange-online.js';
import { ExchangeFaults } from '../../../sandbox/exchange/faults.js';

const [count = 0, changes = 0] = process.argv.slice(2).map(Number);
const time = {
  now: () => 1_795_000_000_000,
  replicationDelay: () => 0,
  reportDelay: () => 0,
  takeReportFault: () => undefined,
};
const { directory } = seedTenant({ seed: 1, mailboxes: count, time });
const exchange = new ExchangeOnline(directory, new ExchangeFaults());

/** What is left when all garbage is cleared away: resident memory depends on when that was done last. */
function memory(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = memory();
let changed = 0;
for (const [, mailbox] of exchange.mailboxes.after(0)) {
  const calendar = exchange.mailboxes.folders(mailbox).find(({ type }) => type === 'Calendar');
  if (calendar === undefined) throw new Error('a mailbox has no default calendar');
  exchange.mailboxes.setEntry(mailbox, calendar, 'Default', { rights: ['PublishingAuthor'], flags: [] });
  changed += 1;
  if (changed === changes) break;
}
const after = memory();
// Asked once more, so that the tenant was no garbage when it was measured.
const [first] = exchange.mailboxes.after(0);
if (first === undefined) throw new Error('there are no mailboxes');
process.stdout.write(`${JSON.stringify({ before, after, changed })}\n`);
