/** Sets rooms, and gives them back what they had. */
import { InteropError } from '../../errors.js';
import { Incomplete, run, type Work } from '../work.js';
import { attempt, eachOf } from './each.js';
import { inspectRooms, type Room, readRoom } from './inspect.js';
import {
  AUTOMATION,
  type Automation,
  byAddress,
  type FoundRoom,
  type FoundRooms,
  isWanted,
  type RoomBookingOutcome,
  type RoomBookingWish,
  type RoomFailure,
  type RoomSettings,
  WANTED,
} from './model.js';
import { planRooms } from './plan.js';

/** What a run may know. */
export interface RoomBookingOptions {
  readonly former?: RoomBookingOutcome | undefined;
  /**
   * What a look before the first write showed, kept with the state before this is called: then even a killed run leaves behind
   * what its undoing needs.
   */
  readonly baseline?: FoundRooms | undefined;
}

/**
 * Sets the rooms that differ. One that fails does not stop the others; it is in the outcome's `failures`.
 *
 * @throws Incomplete with what was done, when the work is stopped.
 */
export async function applyRooms(
  work: Work,
  wish: RoomBookingWish,
  options: RoomBookingOptions = {},
): Promise<RoomBookingOutcome> {
  const found = await inspectRooms(work, wish);
  const plan = planRooms(found);
  const former = { ...changedSince(options.baseline, found), ...options.former?.former };
  const failures: RoomFailure[] = [...found.failures];
  let done = 0;
  try {
    await eachOf(work, plan.rooms, async (room) => {
      // Remembered before the write: one whose answer is lost may have been made.
      former[room.guid] ??= { address: room.address, automation: room.automation, external: room.external };
      await attempt(() => setRoom(work, room, changeTo(room, WANTED)), room.address, failures);
      done += 1;
      work.status(`${done} of ${plan.rooms.length} rooms set`);
    });
  } catch (error) {
    throw new Incomplete({ former, failures }, error);
  }
  return { former, failures: failures.sort(byAddress) };
}

/** Rooms that a killed run changed after the look: whatever differs from it in our direction. */
function changedSince(baseline: FoundRooms | undefined, found: FoundRooms): RoomBookingOutcome['former'] {
  const now = new Map(found.rooms.map((room) => [room.guid, room]));
  const changed = (baseline?.rooms ?? []).filter((room) => {
    const current = now.get(room.guid);
    return current !== undefined && isWanted(current) && !isWanted(room);
  });
  return Object.fromEntries(
    changed.map(({ guid, address, automation, external }) => [guid, { address, automation, external }]),
  );
}

interface RoomChange {
  readonly AutomateProcessing?: Automation;
  readonly ProcessExternalMeetingMessages?: boolean;
}

/** Only what differs. */
function changeTo(
  from: RoomSettings,
  to: { readonly automation: Automation; readonly external: boolean },
): RoomChange {
  return {
    ...(from.automation === to.automation ? {} : { AutomateProcessing: to.automation }),
    ...(from.external === to.external ? {} : { ProcessExternalMeetingMessages: to.external }),
  };
}

async function setRoom(work: Work, { guid, address }: Room, change: RoomChange): Promise<true> {
  await run(work, {
    cmdlet: 'Set-CalendarProcessing',
    parameters: { Identity: guid, ...change },
    anchor: address,
  });
  return true;
}

/**
 * Gives each room that was changed its former settings back; what somebody changed since stays.
 *
 * @returns one line per room that was not simply restored, and the count of those that were.
 * @throws Incomplete with the rooms still to be undone, also when some failed.
 */
export async function undoRooms(work: Work, outcome: RoomBookingOutcome): Promise<readonly string[]> {
  const left = { ...outcome.former };
  const words: string[] = [];
  const failures: RoomFailure[] = [];
  let restored = 0;
  const rooms = Object.entries(outcome.former).map(([guid, former]) => ({ guid, ...former }));
  try {
    await eachOf(work, rooms, async (room) => {
      const result = await attempt(() => undoRoom(work, room), room.address, failures);
      if (result === undefined) return;
      delete left[room.guid];
      if (result === 'restored') restored += 1;
      else words.push(`${room.address} ${result}`);
    });
    const [first] = failures;
    if (first !== undefined) throw undoFailed(failures, rooms.length);
  } catch (error) {
    throw new Incomplete({ former: left, failures }, error);
  }
  return [`${restored} rooms have their former settings again`, ...words.sort()];
}

async function undoRoom(work: Work, room: FoundRoom): Promise<string> {
  const now = await readRoom(work, room.guid, room.address);
  if (now === undefined) return 'is gone';
  const mine = now.automation === WANTED.automation ? room.automation : now.automation;
  const automation = AUTOMATION.find((word) => word === mine);
  if (automation === undefined) return `had ${room.automation}, which cannot be set, and stays as it is`;
  const external = now.external === WANTED.external ? room.external : now.external;
  const change = changeTo(now, { automation, external });
  if (Object.keys(change).length > 0) await setRoom(work, room, change);
  const isRestored = automation === room.automation && external === room.external;
  return isRestored ? 'restored' : 'was changed by somebody else since, which stays';
}

function undoFailed(failures: readonly RoomFailure[], count: number): InteropError {
  return new InteropError({
    kind: 'resource',
    summary: `${failures.length} of ${count} rooms could not be given their former settings`,
    problems: failures.map(({ address, reason }) => ({ where: address, what: reason })),
    next: ['run the same command again: only these are left'],
  });
}
