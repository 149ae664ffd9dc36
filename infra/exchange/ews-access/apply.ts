/** Lets our application in, and takes that back. */
import { Incomplete, run, type Work } from '../work.js';
import { lists, sameList, without } from './allow-list.js';
import { changeList, LIST_TIMING, type ListTiming } from './exchange-list.js';
import { inspectEwsAccess, readMailbox } from './inspect.js';
import type { EwsAccessOutcome, EwsAccessWish, FoundEwsAccess, OrganizationAccess } from './model.js';
import { planEwsAccess } from './plan.js';

export interface EwsAccessOptions {
  /** What the runs before recorded. */
  readonly former?: EwsAccessOutcome | undefined;
  /**
   * What a look before the first write showed, kept with the state before this is called: then even a killed run leaves behind
   * what its undoing needs.
   */
  readonly baseline?: FoundEwsAccess | undefined;
  readonly timing?: ListTiming | undefined;
}

/**
 * Adds our id to the allow list, turns the switch on as far as that is consented to, and opens role accounts.
 *
 * @throws Incomplete with what was done until then; its cause is an InteropError of kind `resource` where Exchange refuses.
 */
export async function applyEwsAccess(
  work: Work,
  wish: EwsAccessWish,
  options: EwsAccessOptions = {},
): Promise<EwsAccessOutcome> {
  const found = await inspectEwsAccess(work, wish);
  const plan = planEwsAccess(found, wish);
  let outcome = knownBefore(wish, found, options);
  try {
    if (plan.addId || plan.turnOn || outcome.leaving !== null) {
      const wanted = (now: OrganizationAccess) =>
        now.enabled === false || (now.enabled === null && wish.acknowledgeAllowList) ? true : undefined;
      const keep = (before: OrganizationAccess, writtenAt: string) => {
        outcome = {
          ...outcome,
          added: outcome.added || !lists(before.list, wish.clientId),
          turnedOn: outcome.turnedOn || wanted(before) === true,
          writtenAt,
        };
      };
      const change = { add: wish.clientId, remove: outcome.leaving ?? undefined, enabled: wanted };
      await changeList(work, change, options.timing ?? LIST_TIMING, keep);
      outcome = { ...outcome, leaving: null };
    }
    for (const address of plan.openMailboxes) {
      outcome = opening(outcome, address);
      await setMailbox(work, address, true);
    }
  } catch (error) {
    throw new Incomplete(outcome, error);
  }
  return outcome;
}

/** What earlier runs did, as far as it is about this application, before this run does anything. */
function knownBefore(
  wish: EwsAccessWish,
  found: FoundEwsAccess,
  { former, baseline }: EwsAccessOptions,
): EwsAccessOutcome {
  if (former === undefined) {
    const outcome = untouched(wish, baseline ?? found);
    return baseline === undefined ? outcome : sinceBaseline(outcome, found);
  }
  if (lists([former.clientId], wish.clientId)) return former;
  // Another application takes over: what was there before the first one, and what was opened for it, stays known.
  const { organization } = baseline ?? found;
  const wasOurs = former.leaving !== null && lists([former.leaving], wish.clientId);
  const cameSince = !lists(organization.list, wish.clientId) && lists(found.organization.list, wish.clientId);
  return {
    ...former,
    clientId: wish.clientId,
    added: wasOurs || cameSince,
    leaving: former.added ? former.clientId : former.leaving,
  };
}

function untouched(wish: EwsAccessWish, found: FoundEwsAccess): EwsAccessOutcome {
  return {
    clientId: wish.clientId,
    former: {
      enabled: found.organization.enabled,
      list: [...found.organization.list],
      mailboxes: found.mailboxes.map(({ address, enabled }) => ({ address, enabled })),
    },
    added: false,
    turnedOn: false,
    opened: [],
    leaving: null,
    writtenAt: null,
  };
}

/** What a killed run did between the look before it and now: whatever we would have done and is done was ours. */
function sinceBaseline(outcome: EwsAccessOutcome, found: FoundEwsAccess): EwsAccessOutcome {
  const { clientId, former } = outcome;
  return {
    ...outcome,
    added: !lists(former.list, clientId) && lists(found.organization.list, clientId),
    turnedOn: former.enabled !== true && found.organization.enabled === true,
    opened: former.mailboxes
      .filter(({ address, enabled }) => {
        const now = found.mailboxes.find((mailbox) => mailbox.address === address);
        return enabled === false && now?.enabled === true;
      })
      .map(({ address }) => address),
  };
}

/** A role account that joined later: what it had before is what it has now. */
function opening(outcome: EwsAccessOutcome, address: string): EwsAccessOutcome {
  const known = outcome.former.mailboxes.some((mailbox) => mailbox.address === address);
  const mailboxes = known
    ? outcome.former.mailboxes
    : [...outcome.former.mailboxes, { address, enabled: false }];
  return {
    ...outcome,
    former: { ...outcome.former, mailboxes },
    opened: [...outcome.opened.filter((one) => one !== address), address],
  };
}

/**
 * Takes our id out of the list, if this stack put it there, and nothing else. The switch goes back only where this stack turned it
 * on and the rest of the list is as it was: others may rely on it by now.
 *
 * @returns one line per thing that was done or left.
 * @throws Incomplete with what is still to be undone.
 */
export async function undoEwsAccess(
  work: Work,
  outcome: EwsAccessOutcome,
  timing: ListTiming = LIST_TIMING,
): Promise<readonly string[]> {
  const { clientId, former, leaving } = outcome;
  const words: string[] = [];
  let left = outcome;
  try {
    for (const address of outcome.opened) {
      const enabled = former.mailboxes.find((mailbox) => mailbox.address === address)?.enabled ?? null;
      const now = await readMailbox(work, address);
      if (now?.enabled === true) await setMailbox(work, address, enabled);
      words.push(
        now?.enabled === true
          ? `EWS of ${address} is off again`
          : `EWS of ${address} was changed since and stays`,
      );
      left = { ...left, opened: left.opened.filter((one) => one !== address) };
    }
    if (leaving !== null) {
      const remove = { remove: leaving, enabled: () => undefined };
      await changeList(work, remove, timing, () => undefined);
      words.push(`${leaving} is out of the allow list of EWS`);
      left = { ...left, leaving: null };
    }
    if (outcome.added || outcome.turnedOn) {
      const enabled = (now: OrganizationAccess) => formerSwitch(outcome, now);
      const { after } = await changeList(
        work,
        { remove: outcome.added ? clientId : undefined, enabled },
        timing,
        () => undefined,
      );
      if (outcome.added) words.push(`${clientId} is out of the allow list of EWS`);
      if (outcome.turnedOn) words.push(switchWords(outcome, after));
    }
  } catch (error) {
    throw new Incomplete(left, error);
  }
  return words;
}

/** Undefined: the switch stays. */
function formerSwitch({ clientId, former, turnedOn }: EwsAccessOutcome, now: OrganizationAccess) {
  if (!turnedOn || now.enabled !== true) return undefined;
  return sameList(without(now.list, clientId), without(former.list, clientId)) ? former.enabled : undefined;
}

function switchWords({ former }: EwsAccessOutcome, after: OrganizationAccess): string {
  if (after.enabled === former.enabled) {
    const words = former.enabled === null ? 'unset again' : former.enabled ? 'on' : 'off again';
    return `the organisation's EWS switch is ${words}, as before`;
  }
  return "the organisation's EWS switch stays on: the allow list has other entries than before, which may rely on it";
}

async function setMailbox(work: Work, address: string, enabled: boolean | null): Promise<void> {
  await run(work, {
    cmdlet: 'Set-CASMailbox',
    parameters: { Identity: address, EwsEnabled: enabled },
    anchor: address,
  });
}
