/** Rooms that accept bookings from outside. */
import { InteropError } from '../../infra/errors.js';
import {
  applyRooms,
  inspectRooms,
  planRooms,
  type RoomBookingOutcome,
  undoRooms,
} from '../../infra/exchange/room-booking/index.js';
import { Incomplete } from '../../infra/exchange/work.js';
import { failureOf, MemoryPort, notFound, refusal, workOn } from '../support/memory-port.js';

interface Room {
  automation: string;
  external: boolean;
  kind?: string;
}

const guid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const address = (number: number) => `room${number}@contoso.com`;

/** Rooms by number, in memory. */
class Rooms {
  readonly rooms: Room[];
  /** Rooms that Exchange refuses to change or to show. */
  refused = new Set<number>();
  underWay = 0;
  most = 0;
  readonly port: MemoryPort;

  constructor(rooms: readonly Room[]) {
    this.rooms = rooms.map((room) => ({ ...room }));
    this.port = new MemoryPort({
      'Get-Mailbox': ({ Identity, RecipientTypeDetails }) =>
        this.rooms.flatMap((room, number) => {
          const kind = room.kind ?? 'RoomMailbox';
          const isAsked =
            Identity === undefined ? RecipientTypeDetails?.includes(kind) : Identity === address(number);
          return isAsked === true
            ? [{ Guid: guid(number), PrimarySmtpAddress: address(number), RecipientTypeDetails: kind }]
            : [];
        }),
      'Get-CalendarProcessing': ({ Identity }) => {
        const { automation, external } = this.#room('Get-CalendarProcessing', Identity);
        return [
          { AutomateProcessing: automation, ProcessExternalMeetingMessages: external, DeleteSubject: true },
        ];
      },
      'Set-CalendarProcessing': async ({ Identity, AutomateProcessing, ProcessExternalMeetingMessages }) => {
        this.underWay += 1;
        this.most = Math.max(this.most, this.underWay);
        await new Promise((resolve) => setImmediate(resolve));
        this.underWay -= 1;
        const room = this.#room('Set-CalendarProcessing', Identity);
        room.automation = AutomateProcessing ?? room.automation;
        room.external = ProcessExternalMeetingMessages ?? room.external;
        return [];
      },
    });
  }

  #room(cmdlet: string, identity: string): Room {
    const number = this.rooms.findIndex((_, index) => guid(index) === identity);
    const room = this.rooms[number];
    if (room === undefined) throw notFound(cmdlet, identity);
    if (this.refused.has(number)) throw refusal(cmdlet, 'InvalidOperationException', 'not this one');
    return room;
  }
}

const RIGHT: Room = { automation: 'AutoAccept', external: true };
const MIXED: readonly Room[] = [
  { automation: 'AutoAccept', external: false },
  RIGHT,
  { automation: 'None', external: true },
  { automation: 'AutoUpdate', external: false },
  { automation: 'None', external: false, kind: 'EquipmentMailbox' },
];

const plan = async (rooms: Rooms) => planRooms(await inspectRooms(workOn(rooms.port), {}));
const apply = (rooms: Rooms, options = {}) => applyRooms(workOn(rooms.port), {}, options);
const undo = (rooms: Rooms, outcome: RoomBookingOutcome) => undoRooms(workOn(rooms.port), outcome);

it('says for each room that differs what will change', async () => {
  const shown = await plan(new Rooms(MIXED));
  expect(shown.changes).toEqual([
    'room0@contoso.com: take requests from outside (ProcessExternalMeetingMessages is off)',
    'room2@contoso.com: accept bookings by itself (AutomateProcessing is None)',
    'room3@contoso.com: accept bookings by itself (AutomateProcessing is AutoUpdate) and take requests from outside (ProcessExternalMeetingMessages is off)',
  ]);
  expect(shown.notes).toEqual(['3 of 4 rooms differ']);
});

it('writes only the rooms that differ, and in them only what differs', async () => {
  const rooms = new Rooms(MIXED);
  await apply(rooms);
  expect(rooms.rooms.slice(0, 4)).toEqual([RIGHT, RIGHT, RIGHT, RIGHT]);
  expect(rooms.rooms[4]).toEqual(MIXED[4]);
  expect(rooms.port.writes.map(({ parameters }) => parameters)).toEqual([
    { Identity: guid(0), ProcessExternalMeetingMessages: true },
    { Identity: guid(2), AutomateProcessing: 'AutoAccept' },
    { Identity: guid(3), AutomateProcessing: 'AutoAccept', ProcessExternalMeetingMessages: true },
  ]);
});

it('writes nothing on a second run, and keeps the former settings', async () => {
  const rooms = new Rooms(MIXED);
  const former = await apply(rooms);
  const writes = rooms.port.writes.length;
  const outcome = await apply(rooms, { former });
  expect(rooms.port.writes).toHaveLength(writes);
  await undo(rooms, outcome);
  expect(rooms.rooms).toEqual(MIXED);
});

it('restores on undo what it changed, except what somebody changed since', async () => {
  const rooms = new Rooms(MIXED);
  const outcome = await apply(rooms);
  rooms.rooms[2] = { automation: 'AutoUpdate', external: true };
  const words = await undo(rooms, outcome);
  expect(rooms.rooms).toEqual([
    MIXED[0],
    MIXED[1],
    { automation: 'AutoUpdate', external: true },
    MIXED[3],
    MIXED[4],
  ]);
  expect(words).toEqual([
    '2 rooms have their former settings again',
    'room2@contoso.com was changed by somebody else since, which stays',
  ]);
});

it('goes on past a room that Exchange refuses, and reports it', async () => {
  const rooms = new Rooms(MIXED);
  rooms.refused.add(0);
  const outcome = await apply(rooms);
  expect(rooms.rooms.slice(1, 4)).toEqual([RIGHT, RIGHT, RIGHT]);
  expect(outcome.failures).toEqual([{ address: 'room0@contoso.com', reason: 'not this one' }]);
});

it('keeps the rooms that could not be undone for another run', async () => {
  const rooms = new Rooms(MIXED);
  const outcome = await apply(rooms);
  rooms.refused.add(3);
  const failure = (await failureOf(undo(rooms, outcome))) as Incomplete<RoomBookingOutcome>;
  expect(failure).toBeInstanceOf(Incomplete);
  expect(failure.cause).toBeInstanceOf(InteropError);
  expect(Object.keys(failure.outcome.former)).toEqual([guid(3)]);
  rooms.refused.clear();
  await undo(rooms, failure.outcome);
  expect(rooms.rooms).toEqual(MIXED);
});

it('remembers a room before it is written, so that a run that is stopped loses nothing', async () => {
  const rooms = new Rooms(Array.from({ length: 30 }, () => ({ automation: 'None', external: false })));
  const stop = new AbortController();
  const work = workOn(rooms.port, undefined, stop.signal);
  const status = (message: string) => {
    if (message.startsWith('5 of')) stop.abort(new Error('stopped'));
  };
  const failure = (await failureOf(applyRooms({ ...work, status }, {}))) as Incomplete<RoomBookingOutcome>;
  expect(failure.message).toBe('stopped');
  const changed = rooms.rooms.filter(({ external }) => external).length;
  expect(changed).toBeGreaterThanOrEqual(5);
  expect(changed).toBeLessThan(30);
  await undo(rooms, failure.outcome);
  expect(rooms.rooms.every(({ automation, external }) => automation === 'None' && !external)).toBe(true);
});

it('undoes a killed run by the look before it', async () => {
  const rooms = new Rooms(MIXED);
  const baseline = await inspectRooms(workOn(rooms.port), {});
  await apply(rooms);
  const outcome = await apply(rooms, { baseline });
  await undo(rooms, outcome);
  expect(rooms.rooms).toEqual(MIXED);
});

it('works on as many rooms at once as the port says', async () => {
  const rooms = new Rooms(Array.from({ length: 40 }, () => ({ automation: 'None', external: true })));
  rooms.port.concurrency = 7;
  await apply(rooms);
  expect(rooms.most).toBe(7);
});

it('refuses a named room that is none', async () => {
  const rooms = new Rooms(MIXED);
  const look = (name: string) => inspectRooms(workOn(rooms.port), { rooms: [name] });
  await expect(look('room4@contoso.com')).rejects.toThrow('EquipmentMailbox');
  await expect(look('lobby@contoso.com')).rejects.toThrow('has no mailbox');
  expect((await look('room1@contoso.com')).rooms).toHaveLength(1);
});
