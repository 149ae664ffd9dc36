/**
 * The application's scope by RBAC for Applications. Inspect, plan, apply, undo; see model.ts for the data.
 */
export { type ApplicationScopeOptions, applyApplicationScope, undoApplicationScope } from './apply.js';
export { inspectApplicationScope } from './inspect.js';
export {
  type ApplicationScopeOutcome,
  type ApplicationScopePlan,
  type ApplicationScopeWish,
  applicationScopeOutcomeSchema,
  type ConsentFound,
  type FoundApplicationScope,
  type ScopePhase,
  type ScopeProof,
} from './model.js';
export { defeatsScope, rolesFor, scopeName } from './naming.js';
export { planApplicationScope } from './plan.js';
export { PROOF_TIMING, type ProofTiming, proveScope } from './proof.js';
