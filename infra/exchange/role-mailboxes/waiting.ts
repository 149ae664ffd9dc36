/** Waiting for what Microsoft makes late: users that not every server shows yet, mailboxes that a licence brings. */
import { InteropError } from '../../errors.js';
import { sleep } from '../transport/clock.js';
import type { Work } from '../work.js';
import { mailboxOf, requireUserMailbox } from './inspect.js';
import type { ExchangeMailbox, MailboxPlan } from './model.js';

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

/** @throws InteropError of kind `timeout` with the addresses that have none. */
export async function waitForMailboxes(
  work: Work,
  plans: readonly MailboxPlan[],
  patienceMs: number,
): Promise<readonly ExchangeMailbox[]> {
  const found = await waitFor(work, 'mailbox', patienceMs, plans, async ({ found: { address, mailbox } }) => {
    return mailbox ?? (await mailboxOf(work, address));
  });
  const missing = plans.filter((_, index) => found[index] === undefined).map((plan) => plan.found.address);
  if (missing.length > 0) throw neverCame(missing, plans, patienceMs);
  return found.map((mailbox, index) => {
    const address = plans[index]?.found.address;
    if (mailbox === undefined || address === undefined) throw new Error('a mailbox without a plan');
    requireUserMailbox(address, mailbox);
    return mailbox;
  });
}

function neverCame(
  missing: readonly string[],
  plans: readonly MailboxPlan[],
  patienceMs: number,
): InteropError {
  return new InteropError({
    kind: 'timeout',
    summary: `Exchange has not made ${missing.length === 1 ? 'a mailbox' : `${missing.length} mailboxes`} yet`,
    problems: missing.map((address) => ({
      where: address,
      what: `has the licence ${plans.find(({ found }) => found.address === address)?.licence.ours?.partNumber ?? 'of its user'}, but no mailbox`,
      found: `nothing after ${minutes(patienceMs)}`,
    })),
    next: [
      'calendar-interop up: it goes on waiting where this run stopped',
      'should it never come, look at the licence of the user in the Microsoft 365 admin centre',
    ],
  });
}

/**
 * Asks for each item until it is there or the time is up, with growing waits.
 *
 * @returns what was found, in the items' order; undefined for what did not come.
 */
export async function waitFor<Item, T>(
  work: Work,
  what: string,
  patienceMs: number,
  items: readonly Item[],
  look: (item: Item) => Promise<T | undefined>,
): Promise<readonly (T | undefined)[]> {
  const found = new Array<T | undefined>(items.length).fill(undefined);
  const deadline = work.clock.now() + patienceMs;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    for (const [index, item] of items.entries()) found[index] ??= await look(item);
    const missing = found.filter((one) => one === undefined).length;
    const left = deadline - work.clock.now();
    if (missing === 0 || left <= 0) return found;
    const waited = missing === 1 ? `a ${what}` : `${missing} ${plural(what)}`;
    work.status(`waiting for ${waited}, ${minutes(left)} at most`);
    await sleep(work.clock, Math.min(wait, left), work.signal);
  }
}

function plural(what: string): string {
  return what.endsWith('x') ? `${what}es` : `${what}s`;
}

/** A span of time for people. */
export function minutes(milliseconds: number): string {
  const count = Math.max(1, Math.round(milliseconds / 60_000));
  return count === 1 ? 'a minute' : `${count} minutes`;
}
