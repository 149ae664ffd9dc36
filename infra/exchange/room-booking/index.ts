/** Rooms that Google's users may book. Inspect, plan, apply, undo; see model.ts for the data. */
export { applyRooms, type RoomBookingOptions, undoRooms } from './apply.js';
export { inspectRooms } from './inspect.js';
export {
  type FoundRooms,
  type RoomBookingOutcome,
  type RoomBookingPlan,
  type RoomBookingWish,
  roomBookingOutcomeSchema,
} from './model.js';
export { planRooms } from './plan.js';
