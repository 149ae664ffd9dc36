/** What a stack's state and history tell of runs that did not end well. Pure. */
import type { Deployment, UpdateSummary } from '@pulumi/pulumi/automation/index.js';

/** The part of a stack's state that matters for recovery. */
export interface StateView {
  readonly resources: readonly StateResource[];
  /** Operations that were under way when the run ended. */
  readonly pending: readonly PendingOperation[];
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
}

interface PendingOperation {
  readonly resource: { readonly type: string };
  /** `creating`, `updating`, … */
  readonly type: string;
}

/** Reads a state as the engine exports it (pulumi/pulumi sdk/go/common/apitype, DeploymentV3). */
export function viewState(deployment: Deployment): StateView {
  const state = (deployment.deployment ?? {}) as {
    resources?: StateResource[] | null;
    pending_operations?: PendingOperation[] | null;
  };
  return { resources: state.resources ?? [], pending: state.pending_operations ?? [] };
}

export interface Evidence {
  /**
   * Whether an object of a type can be what an interrupted run of this state made.
   *
   * @param madeAt when the object came into being, ISO 8601; unknown times prove nothing
   */
  explains(type: string, madeAt: string | null | undefined): boolean;
}

/** Entra's clock and this machine's may differ by so much. */
const CLOCK_SKEW_MS = 120_000;

/**
 * A run that was killed left a pending operation that was creating just such an object. One that ended by itself has left its times
 * in the history: what came into being while it ran is taken for its own.
 */
export function evidenceOf(
  view: StateView,
  last: Pick<UpdateSummary, 'result' | 'startTime' | 'endTime'> | undefined,
): Evidence {
  const creating = new Set(
    view.pending.filter(({ type }) => type === 'creating').map(({ resource }) => resource.type),
  );
  const failed = last !== undefined && last.result !== 'succeeded' ? last : undefined;
  return {
    explains: (type, madeAt) => {
      if (creating.has(type)) return true;
      const time = Date.parse(madeAt ?? '');
      if (failed === undefined || Number.isNaN(time)) return false;
      const start = new Date(failed.startTime).getTime() - CLOCK_SKEW_MS;
      const end = new Date(failed.endTime ?? failed.startTime).getTime() + CLOCK_SKEW_MS;
      return time >= start && time <= end;
    },
  };
}
