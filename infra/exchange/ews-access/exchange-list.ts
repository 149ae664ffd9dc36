/**
 * Changes the organisation's switch and allow list, which Exchange takes as a whole and without a version.
 *
 * Two of our own runs may be at it at once, and none may lose the other's entry. Both keep to two times: a write leaves within
 * `writeWithinMs` after the read that it is made of, or not at all; and a run ends only when its change has been there for
 * `quietMs`, which is longer. Whoever writes after that has read the change; whoever overwrites it before is seen, and the change is
 * made again. Programs that are not ours and hold for longer what they read can still overwrite: the plan tells of that window.
 */
import { InteropError } from '../../errors.js';
import { sleep } from '../transport/clock.js';
import { ExchangeError } from '../transport/exchange-error.js';
import { run, type Work } from '../work.js';
import { type AllowList, lists, sameList, united, without, writeAllowList } from './allow-list.js';
import { readOrganization } from './inspect.js';
import type { OrganizationAccess } from './model.js';

/** What shall become of the list and the switch; other entries are nobody's business here. */
export interface ListChange {
  readonly add?: string | undefined;
  readonly remove?: string | undefined;
  /**
   * The switch that is wanted, told by what is there: undefined leaves it. Asked again for every attempt.
   */
  readonly enabled: (found: OrganizationAccess) => boolean | null | undefined;
}

/** In milliseconds; see the top of this file. */
export interface ListTiming {
  readonly writeWithinMs: number;
  readonly quietMs: number;
  /** How long reads may show what was before the write, before it is taken for lost. */
  readonly staleMs: number;
  readonly lookEveryMs: number;
  /** Writes until it is given up. */
  readonly attempts: number;
}

export const LIST_TIMING: ListTiming = {
  writeWithinMs: 5_000,
  quietMs: 8_000,
  staleMs: 60_000,
  lookEveryMs: 1_500,
  attempts: 8,
};

export interface ListChanged {
  /** As it was read before the first write. */
  readonly before: OrganizationAccess;
  readonly after: OrganizationAccess;
  /** ISO time of the last write; null: there was nothing to write. */
  readonly writtenAt: string | null;
}

/**
 * Makes the change true and watches that it stays so.
 *
 * @param onWrite told before each write: what must be kept to undo it.
 * @throws InteropError of kind `resource` when Exchange refuses the list or another program keeps overwriting it.
 */
export async function changeList(
  work: Work,
  change: ListChange,
  timing: ListTiming,
  onWrite: (before: OrganizationAccess, writtenAt: string) => void,
): Promise<ListChanged> {
  let before: OrganizationAccess | undefined;
  let writtenAt: string | null = null;
  let isTaken = true;
  for (let writes = 0; ; ) {
    const readAt = work.clock.now();
    const found = await readOrganization(work);
    before ??= found;
    const goal = goalOf(change, found);
    if (isReached(goal, found)) {
      const after = writtenAt === null ? found : await staysSo(work, goal, undefined, timing);
      if (after !== undefined) return { before, after, writtenAt };
      continue;
    }
    if (writes >= timing.attempts) throw isTaken ? overwritten(change, found, timing) : tooSlow(timing);
    writes += 1;
    writtenAt = new Date(work.clock.wall()).toISOString();
    onWrite(before, writtenAt);
    isTaken = await write(work, goal, readAt + timing.writeWithinMs);
    work.status('watching that the allow list of EWS keeps what was written');
    const after = await staysSo(work, goal, found, timing);
    if (after !== undefined) return { before, after, writtenAt };
  }
}

/** What a write shall bring about. */
interface Goal {
  readonly change: ListChange;
  readonly enabled: boolean | null | undefined;
  /** The whole list to write: made of the last look only, since an older one holds what others have taken out since. */
  readonly list: AllowList;
}

function goalOf(change: ListChange, found: OrganizationAccess): Goal {
  const { add, remove } = change;
  const kept = remove === undefined ? found.list : without(found.list, remove);
  const list = add === undefined ? kept : united(kept, [add]);
  return { change, enabled: change.enabled(found), list };
}

/** Other entries are their owners' business: these watch over them as we do over ours. */
function isReached({ change, enabled }: Goal, found: OrganizationAccess): boolean {
  return (
    (change.add === undefined || lists(found.list, change.add)) &&
    (change.remove === undefined || !lists(found.list, change.remove)) &&
    (enabled === undefined || enabled === found.enabled)
  );
}

/**
 * Watches until the goal has been there in every look for `quietMs`.
 *
 * @param base what was read before the write: as long as looks show that, they may be old.
 * @returns the last look; undefined when the goal is lost.
 */
async function staysSo(
  work: Work,
  goal: Goal,
  base: OrganizationAccess | undefined,
  timing: ListTiming,
): Promise<OrganizationAccess | undefined> {
  const start = work.clock.now();
  let since: number | undefined;
  for (;;) {
    const found = await readOrganization(work);
    const now = work.clock.now();
    if (isReached(goal, found)) {
      since ??= now;
      if (now - since >= timing.quietMs) return found;
    } else {
      const mayBeOld = since === undefined && base !== undefined && isSame(base, found);
      if (!mayBeOld || now - start >= timing.staleMs) return undefined;
    }
    const left = since === undefined ? timing.lookEveryMs : timing.quietMs - (now - since);
    await sleep(work.clock, Math.min(timing.lookEveryMs, left), work.signal);
  }
}

function isSame(one: OrganizationAccess, other: OrganizationAccess): boolean {
  return one.enabled === other.enabled && sameList(one.list, other.list);
}

/**
 * One write, which must not leave late: what it was made of would be old. One that was given up may have arrived or not; the
 * next look tells.
 *
 * @returns whether Exchange took it in time.
 */
async function write(work: Work, { list, enabled }: Goal, deadline: number): Promise<boolean> {
  const left = deadline - work.clock.now();
  if (left <= 0) return false;
  const late = new AbortController();
  const callOff = work.clock.after(left, () => late.abort(TOO_LATE));
  try {
    await run(work, {
      cmdlet: 'Set-OrganizationConfig',
      parameters: {
        EwsAllowedAppIDs: writeAllowList(list),
        ...(enabled === undefined ? {} : { EwsEnabled: enabled }),
      },
      signal: AbortSignal.any([work.signal, late.signal]),
    });
    return true;
  } catch (error) {
    if (work.signal.aborted) throw error;
    if (late.signal.aborted) return false;
    if (error instanceof ExchangeError && !error.transient) throw refused(list, error);
    throw error;
  } finally {
    callOff();
  }
}

const TOO_LATE = new Error('the write did not leave in time');

function refused(list: AllowList, cause: ExchangeError): InteropError {
  const text = writeAllowList(list) ?? '';
  return new InteropError({
    kind: 'resource',
    summary: 'Exchange refuses the allow list of EWS; it stays as it was',
    problems: [
      {
        where: 'EwsAllowedAppIDs',
        what: cause.text,
        found: `${list.length} entries, ${text.length} characters`,
      },
    ],
    next: ['take entries that nobody needs out of the list, then run calendar-interop up'],
    cause,
  });
}

function tooSlow({ attempts, writeWithinMs }: ListTiming): InteropError {
  return new InteropError({
    kind: 'timeout',
    summary: 'Exchange is too slow to change the allow list of EWS safely',
    problems: [
      {
        where: 'EwsAllowedAppIDs',
        what: `a write must be taken soon after the read that it is made of, or it might undo what others write meanwhile; ${attempts} attempts failed`,
        allowed: `${writeWithinMs / 1000} seconds`,
      },
    ],
    next: ['calendar-interop up, when Exchange is less busy'],
  });
}

function overwritten(change: ListChange, found: OrganizationAccess, timing: ListTiming): InteropError {
  const entry = change.add ?? change.remove ?? '';
  return new InteropError({
    kind: 'resource',
    summary: 'the allow list of EWS does not keep what was written',
    problems: [
      {
        where: 'EwsAllowedAppIDs',
        what: `another program seems to write it, too: ${timing.attempts} attempts to ${change.add === undefined ? 'take out' : 'add'} ${entry} did not last`,
        found: `${found.list.length} entries`,
      },
    ],
    next: [
      'find out what else changes EwsAllowedAppIDs (audit log of Exchange), stop it, then run calendar-interop up',
    ],
  });
}
