/** RoomBooking: rooms accept bookings by themselves, from outside too. */
import { z } from 'zod';
import {
  applyRooms,
  inspectRooms,
  planRooms,
  type RoomBookingOutcome,
  roomBookingOutcomeSchema,
  undoRooms,
} from '../../room-booking/index.js';
import type { Exchange } from '../context.js';
import { decodeFacts } from '../facts.js';
import type { Operation } from '../kernel/index.js';
import {
  compareInputs,
  exchangeResource,
  keepingParts,
  known,
  noImport,
  optionalText,
  saved,
  violations,
} from '../resource.js';

const inputs = z.object({
  rooms: z.array(z.string().min(1)).optional(),
  baseline: optionalText,
  violations,
});
const outputs = inputs.omit({ baseline: true }).extend(roomBookingOutcomeSchema.shape);
type Inputs = z.output<typeof inputs>;
type Outputs = z.output<typeof outputs>;

const ID = 'rooms';
/** Rooms that are named one by one in a preview. */
const MOST_NAMED = 10;

export const roomBooking = exchangeResource<typeof inputs, typeof outputs>({
  inputs,
  outputs,
  diff: (request) => compareInputs(request, { unordered: ['rooms'] }),

  preview: async (operation, { inputs: wanted }) => {
    if (!known(wanted, ['rooms'])) return {};
    const work = await operation.context.work(operation);
    const { changes, notes } = planRooms(await inspectRooms(work, { rooms: (wanted as Inputs).rooms }));
    for (const line of [...notes, ...shortened(changes)]) operation.log.info(line);
    return {};
  },

  create: async (operation, wanted) => ({ id: ID, outputs: await apply(operation, wanted, undefined) }),

  read: async (operation, { id, olds, oldInputs }) => {
    if (oldInputs === undefined) noImport('room booking');
    const outcome = outcomeOf(operation, olds);
    const found = await inspectRooms(await operation.context.work(operation), { rooms: oldInputs.rooms });
    const { rooms } = planRooms(found);
    return {
      id,
      inputs: { ...oldInputs, violations: rooms.length },
      outputs: outputsOf(oldInputs, { ...outcome, failures: [...found.failures] }, rooms.length),
    };
  },

  update: async (operation, { olds }, wanted) => ({
    outputs: await apply(operation, wanted, outcomeOf(operation, olds)),
  }),

  delete: async (operation, { olds }) => {
    const work = await operation.context.work(operation);
    for (const line of await undoRooms(work, outcomeOf(operation, olds))) operation.log.info(line);
  },
});

async function apply(
  operation: Operation<Exchange>,
  wanted: Inputs,
  former: RoomBookingOutcome | undefined,
): Promise<Outputs> {
  const work = await operation.context.work(operation);
  const baseline = wanted.baseline === undefined ? undefined : decodeFacts('roomBooking', wanted.baseline);
  const outcome = await keepingParts(
    ID,
    (done: RoomBookingOutcome) => outputsOf(wanted, done, Math.max(1, done.failures.length)),
    () => applyRooms(work, { rooms: wanted.rooms }, { former, baseline }),
  );
  for (const { address, reason } of outcome.failures) operation.log.warning(`${address}: ${reason}`);
  return outputsOf(wanted, outcome, outcome.failures.length);
}

function outcomeOf({ urn }: Operation<Exchange>, olds: Partial<Outputs>): RoomBookingOutcome {
  return { former: saved(olds.former, 'former', urn), failures: olds.failures ?? [] };
}

function outputsOf({ rooms }: Inputs, { former, failures }: RoomBookingOutcome, count: number): Outputs {
  return { rooms, former, failures, violations: count };
}

function shortened(lines: readonly string[]): readonly string[] {
  const left = lines.length - MOST_NAMED;
  return left <= 0 ? lines : [...lines.slice(0, MOST_NAMED), `… and ${left} more rooms`];
}
