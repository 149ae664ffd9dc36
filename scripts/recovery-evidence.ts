/** What a stack's state and history tell of runs that did not end well. Pure. */
import type { Deployment, UpdateSummary } from '@pulumi/pulumi/automation/index.js';
import { nameOf } from './engine-events.js';

/** The part of a stack's state that matters for recovery. */
export interface StateView {
  readonly resources: readonly StateResource[];
  /** Operations that were under way when the run ended. */
  readonly pending: readonly PendingOperation[];
  /** When the state was saved last, ISO 8601. */
  readonly savedAt: string | undefined;
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export interface PendingOperation {
  readonly resource: { readonly type: string; readonly urn: string };
  /** `creating`, `updating`, … */
  readonly type: string;
}

/** Reads a state as the engine exports it (pulumi/pulumi sdk/go/common/apitype, DeploymentV3). */
export function viewState(deployment: Deployment): StateView {
  const state = (deployment.deployment ?? {}) as {
    manifest?: { time?: string };
    resources?: StateResource[] | null;
    pending_operations?: PendingOperation[] | null;
  };
  return {
    resources: state.resources ?? [],
    pending: state.pending_operations ?? [],
    savedAt: state.manifest?.time,
  };
}

/** A resource of the program, by type and by its own name. */
export interface ResourceKey {
  readonly type: string;
  readonly name: string;
}

export interface Evidence {
  /** Whether any run of this state did not end well. */
  readonly interrupted: boolean;
  /**
   * Whether an object can be what an interrupted run of this state made for a resource.
   *
   * @param madeAt when the object came into being, ISO 8601; unknown times prove nothing
   */
  explains(resource: ResourceKey, madeAt: string | null | undefined): boolean;
}

/** Entra's clock and this machine's may differ by so much. */
const CLOCK_SKEW_MS = 120_000;
/** The longest that the creation of one resource may take (interop-application.ts). */
const LONGEST_CREATE_MS = 15 * 60_000;

/** What is needed of a run in the history. */
export type PastRun = Pick<UpdateSummary, 'result' | 'startTime' | 'endTime'>;

/**
 * A run that was killed left a pending operation that was creating just this resource, recorded when the state was saved last. One
 * that failed has left its times in the history. What came into being meanwhile is taken for its own, and nothing older or younger.
 */
export function evidenceOf(view: StateView, runs: readonly PastRun[]): Evidence {
  const creating = view.pending.filter(({ type }) => type === 'creating');
  const failed = runs.filter(({ result }) => result === 'failed').map(windowOf);
  const killed = windowFrom(view.savedAt, LONGEST_CREATE_MS);
  return {
    interrupted: view.pending.length > 0 || failed.length > 0,
    explains: ({ type, name }, madeAt) => {
      const time = Date.parse(madeAt ?? '');
      const pending = creating.some(
        ({ resource }) => resource.type === type && nameOf(resource.urn) === name,
      );
      return (pending && isWithin(time, killed)) || failed.some((window) => isWithin(time, window));
    },
  };
}

type Window = readonly [number, number];

function windowOf({ startTime, endTime }: PastRun): Window {
  const start = new Date(startTime).getTime();
  return [start - CLOCK_SKEW_MS, new Date(endTime ?? startTime).getTime() + CLOCK_SKEW_MS];
}

function windowFrom(time: string | undefined, length: number): Window {
  const start = Date.parse(time ?? '');
  return [start - CLOCK_SKEW_MS, start + length + CLOCK_SKEW_MS];
}

/** False for times that are none. */
function isWithin(time: number, [start, end]: Window): boolean {
  return time >= start && time <= end;
}
