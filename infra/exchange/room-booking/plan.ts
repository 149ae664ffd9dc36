/** From what is found to what is to do. Pure. */
import { type FoundRooms, isWanted, type RoomBookingPlan, type RoomSettings, WANTED } from './model.js';

/** Which rooms differ, in words for a preview as well. */
export function planRooms(found: FoundRooms): RoomBookingPlan {
  const rooms = found.rooms.filter((room) => !isWanted(room));
  return {
    rooms,
    changes: rooms.map((room) => `${room.address}: ${roomWords(room)}`),
    notes: [
      `${rooms.length} of ${found.rooms.length} rooms differ`,
      ...found.failures.map(({ address, reason }) => `${address} could not be looked at: ${reason}`),
    ],
  };
}

function roomWords({ automation, external }: RoomSettings): string {
  return [
    ...(automation === WANTED.automation
      ? []
      : [`accept bookings by itself (AutomateProcessing is ${automation})`]),
    ...(external ? [] : ['take requests from outside (ProcessExternalMeetingMessages is off)']),
  ].join(' and ');
}
