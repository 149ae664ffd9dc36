/** Limits the application to the role mailboxes, and takes that back. */
import { Incomplete, removeIfThere, run, type Work } from '../work.js';
import { inspectApplicationScope, readAssignments, readPointer } from './inspect.js';
import type {
  ApplicationScopeOutcome,
  ApplicationScopePlan,
  ApplicationScopeWish,
  FoundApplicationScope,
} from './model.js';
import { isOurs, scopeName } from './naming.js';
import { planApplicationScope } from './plan.js';
import { PROOF_TIMING, type ProofTiming, proveScope } from './proof.js';

export interface ApplicationScopeOptions {
  /** What the runs before recorded. */
  readonly former?: ApplicationScopeOutcome | undefined;
  readonly timing?: ProofTiming | undefined;
}

/** By this display name a run knows the pointer that it made; a run that was cut off did not record it. */
export function pointerName(wish: ApplicationScopeWish): string {
  return `${wish.displayName} (${scopeName(wish)})`.slice(-256);
}

/**
 * Makes pointer, scope and assignments, removes those of ours that are no longer wished, and proves the result.
 *
 * @throws Incomplete with what was made until then; its cause is an InteropError of kind `resource` where the proof fails. What
 * {@link planApplicationScope} throws comes as it is: nothing was done yet.
 */
export async function applyApplicationScope(
  work: Work,
  wish: ApplicationScopeWish,
  options: ApplicationScopeOptions = {},
): Promise<ApplicationScopeOutcome> {
  const found = await inspectApplicationScope(work, wish);
  const plan = planApplicationScope(found, wish);
  const name = scopeName(wish);
  let outcome = recordOf(wish, found, plan, options.former);
  try {
    if (plan.makePointer) {
      await makePointer(work, wish);
      outcome = { ...outcome, pointerMade: true };
    }
    if (plan.scope !== 'keep') await writeScope(work, name, plan);
    outcome = { ...outcome, scopeMade: true };
    for (const { name: assignment, role } of plan.makeAssignments) {
      // One of ours with another role or scope: Exchange changes neither.
      if (plan.removeAssignments.includes(assignment)) await removeAssignment(work, assignment);
      await run(work, {
        cmdlet: 'New-ManagementRoleAssignment',
        parameters: { Name: assignment, App: wish.servicePrincipalId, Role: role, CustomResourceScope: name },
      });
      outcome = { ...outcome, assignments: [...new Set([...outcome.assignments, assignment])] };
    }
    const kept = new Set(plan.makeAssignments.map((one) => one.name));
    for (const assignment of plan.removeAssignments) {
      if (kept.has(assignment)) continue;
      await removeAssignment(work, assignment);
      outcome = { ...outcome, assignments: outcome.assignments.filter((one) => one !== assignment) };
    }
    return { ...outcome, proof: await proveScope(work, wish, found, options.timing ?? PROOF_TIMING) };
  } catch (error) {
    throw new Incomplete(outcome, error);
  }
}

/** Scope and assignments bear our names, so whatever exists of them was made by this stack, recorded or not. */
function recordOf(
  wish: ApplicationScopeWish,
  found: FoundApplicationScope,
  plan: ApplicationScopePlan,
  former: ApplicationScopeOutcome | undefined,
): ApplicationScopeOutcome {
  const name = scopeName(wish);
  return {
    clientId: wish.clientId,
    servicePrincipalId: wish.servicePrincipalId,
    scopeName: name,
    pointerMade: former?.pointerMade === true || found.pointer?.displayName === pointerName(wish),
    scopeMade: found.scope !== undefined,
    assignments: found.assignments.map((one) => one.name).filter((one) => isOurs(name, one)),
    phase: plan.phase,
    proof: null,
  };
}

async function makePointer(work: Work, wish: ApplicationScopeWish): Promise<void> {
  await run(work, {
    cmdlet: 'New-ServicePrincipal',
    parameters: {
      AppId: wish.clientId,
      ObjectId: wish.servicePrincipalId,
      DisplayName: pointerName(wish),
    },
  });
}

async function writeScope(work: Work, name: string, plan: ApplicationScopePlan): Promise<void> {
  const filter = { RecipientRestrictionFilter: plan.filter };
  if (plan.scope === 'make') {
    await run(work, { cmdlet: 'New-ManagementScope', parameters: { Name: name, ...filter } });
  } else {
    await run(work, { cmdlet: 'Set-ManagementScope', parameters: { Identity: name, ...filter } });
  }
}

async function removeAssignment(work: Work, name: string): Promise<void> {
  await removeIfThere(work, {
    cmdlet: 'Remove-ManagementRoleAssignment',
    parameters: { Identity: name, Confirm: false },
  });
}

/**
 * Removes what this stack made: assignments, then the scope, then the pointer unless somebody else uses it.
 *
 * @returns one line per thing that was done or left.
 * @throws Incomplete with what is still to be undone.
 */
export async function undoApplicationScope(
  work: Work,
  outcome: ApplicationScopeOutcome,
): Promise<readonly string[]> {
  const words: string[] = [];
  let left = outcome;
  try {
    for (const name of outcome.assignments) {
      await removeAssignment(work, name);
      words.push(`role assignment ${name} removed`);
      left = { ...left, assignments: left.assignments.filter((one) => one !== name) };
    }
    if (outcome.scopeMade) {
      await removeIfThere(work, {
        cmdlet: 'Remove-ManagementScope',
        parameters: { Identity: outcome.scopeName, Confirm: false },
      });
      words.push(`management scope ${outcome.scopeName} removed`);
      left = { ...left, scopeMade: false };
    }
    if (outcome.pointerMade) words.push(await undoPointer(work, outcome));
  } catch (error) {
    throw new Incomplete(left, error);
  }
  return words;
}

/** Exchange removes assignments together with their principal, so that others' would go with ours. */
async function undoPointer(work: Work, outcome: ApplicationScopeOutcome): Promise<string> {
  const what = `Exchange's pointer to the application ${outcome.clientId}`;
  const pointer = await readPointer(work, outcome.clientId);
  if (pointer === undefined) return `${what} is gone already`;
  const others = await readAssignments(work, pointer.objectId);
  if (others.length > 0) {
    return `${what} stays: other role assignments use it (${others.map(({ name }) => name).join(', ')})`;
  }
  await removeIfThere(work, {
    cmdlet: 'Remove-ServicePrincipal',
    parameters: { Identity: pointer.objectId, Confirm: false },
  });
  return `${what} removed`;
}
