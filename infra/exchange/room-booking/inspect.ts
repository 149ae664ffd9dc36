/** What the rooms' calendars do with bookings. Reads only. */
import { InteropError } from '../../errors.js';
import { findOne, type Work } from '../work.js';
import { attempt, eachOf } from './each.js';
import {
  byAddress,
  type FoundRoom,
  type FoundRooms,
  type RoomBookingWish,
  type RoomFailure,
  type RoomSettings,
} from './model.js';

/**
 * Reads the rooms. One that cannot be read does not stop the others.
 *
 * @throws InteropError of kind `resource` when a named room is none.
 */
export async function inspectRooms(work: Work, wish: RoomBookingWish): Promise<FoundRooms> {
  const mailboxes = wish.rooms === undefined ? allRooms(work) : namedRooms(work, wish.rooms);
  const rooms: FoundRoom[] = [];
  const failures: RoomFailure[] = [];
  await eachOf(work, mailboxes, async ({ guid, address }) => {
    const settings = await attempt(() => readRoom(work, guid, address), address, failures);
    if (settings !== undefined) rooms.push({ guid, address, ...settings });
  });
  return { rooms: rooms.sort(byAddress), failures: failures.sort(byAddress) };
}

/** A mailbox. */
export interface Room {
  readonly guid: string;
  readonly address: string;
}

async function* allRooms(work: Work): AsyncIterable<Room> {
  const parameters = { RecipientTypeDetails: ['RoomMailbox'], ResultSize: 'Unlimited' } as const;
  const rows = work.port.stream({
    cmdlet: 'Get-Mailbox',
    parameters: { ...parameters, RecipientTypeDetails: [...parameters.RecipientTypeDetails] },
    signal: work.signal,
  });
  for await (const row of rows) yield { guid: row.Guid.toLowerCase(), address: row.PrimarySmtpAddress };
}

async function* namedRooms(work: Work, addresses: readonly string[]): AsyncIterable<Room> {
  for (const address of addresses) {
    const row = await findOne(work, {
      cmdlet: 'Get-Mailbox',
      parameters: { Identity: address },
      anchor: address,
    });
    if (row === undefined || row.RecipientTypeDetails !== 'RoomMailbox') {
      throw new InteropError({
        kind: 'resource',
        summary: `${address} is no room`,
        problems: [
          {
            where: address,
            what: row === undefined ? 'has no mailbox' : 'belongs to a mailbox of another kind',
            ...(row === undefined ? {} : { found: row.RecipientTypeDetails }),
            allowed: 'RoomMailbox',
          },
        ],
        next: ['take it out of the rooms, or make it a room in Exchange'],
      });
    }
    yield { guid: row.Guid.toLowerCase(), address: row.PrimarySmtpAddress };
  }
}

export async function readRoom(work: Work, guid: string, address: string): Promise<RoomSettings | undefined> {
  const row = await findOne(work, {
    cmdlet: 'Get-CalendarProcessing',
    parameters: { Identity: guid },
    anchor: address,
  });
  if (row === undefined) return undefined;
  return { automation: row.AutomateProcessing, external: row.ProcessExternalMeetingMessages ?? false };
}
