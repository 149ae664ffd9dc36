/**
 * The organisation's switch and allow list for EWS. Inspect, plan, apply, undo; see model.ts for the data, exchange-list.ts for how
 * nothing is lost.
 */
export { type AllowList, readAllowList, writeAllowList } from './allow-list.js';
export { applyEwsAccess, type EwsAccessOptions, undoEwsAccess } from './apply.js';
export { LIST_TIMING, type ListTiming } from './exchange-list.js';
export { inspectEwsAccess } from './inspect.js';
export {
  type EwsAccessOutcome,
  type EwsAccessPlan,
  type EwsAccessState,
  type EwsAccessWish,
  ewsAccessOutcomeSchema,
  type FoundEwsAccess,
} from './model.js';
export { ewsAccessState, planEwsAccess } from './plan.js';
export {
  type Countdown,
  countdown,
  EWS_BLOCKING_FROM,
  EWS_OFF_FROM,
  EWS_RETIREMENT,
  type Milestone,
  pendingUntil,
} from './retirement.js';
