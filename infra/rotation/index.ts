/** The rotation of the client secret: a pure core. Commands and the page carry out and show what it decides. */
export { type Doer, type Due, type DueReport, type DueStep, doerOf, dueOf } from './due.js';
export type * from './events.js';
export { descendsFrom, sameLedger } from './lineage.js';
export { PHASES, type Phase, phaseOf } from './phase.js';
export { type RotationConfig, type RotationPolicy, rotationPolicy } from './policy.js';
export { type Outcome, reduce } from './reduce.js';
export { commandLine, type NextCommand, type Refusal, type RefusalCode, refusalError } from './refusal.js';
export { type JudgedEvidence, NO_EVIDENCE, planRun, type RunPlan, type RunStep } from './run-plan.js';
export {
  awaitedEndpoints,
  describeSecret,
  holdersOf,
  intendedSecrets,
  isConfirmed,
  isSwitched,
  lastOwnUse,
  liveSecrets,
  oldSecret,
  sameSecret,
  secretOf,
  targetSecret,
} from './secrets.js';
export { type SecretRole, type Timeline, type TimelineSecret, timelineOf } from './timeline.js';
