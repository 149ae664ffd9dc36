/**
 * What an interrupted `up` leaves behind, put right before the next one.
 *
 * Pulumi saves a resource when the provider's answer arrives. A run that is killed, cancelled or cut off in between leaves an
 * object in Entra that the state does not know. Whether it is ours is decided by evidence, never by its name alone: the
 * registration carries the stack's tag *and* this state tells of a run that did not end well. Without such evidence the state
 * itself may be lost, and the registration in use: then it is only offered for adoption.
 */
import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import { InteropError } from '../infra/errors.js';
import type { GraphClient } from '../infra/graph/client.js';
import { consentKey } from '../infra/identity/adoption.js';
import type { TakenUp } from '../infra/identity/interop-application.js';
import { API_CLIENT_IDS, type ApiPermissions } from '../infra/identity/permissions.js';
import { type Ledger, SLOTS, secretName } from '../infra/rotation/ledger.js';
import type { StackSession } from './stack-session.js';

/** The part of a stack's state that matters here. */
export interface StateView {
  readonly resources: readonly StateResource[];
  readonly pending: number;
}

interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly outputs?: Record<string, unknown>;
}

const TYPES = {
  application: 'azuread:index/application:Application',
  servicePrincipal: 'azuread:index/servicePrincipal:ServicePrincipal',
  consent: 'azuread:index/appRoleAssignment:AppRoleAssignment',
  secret: 'azuread:index/applicationPassword:ApplicationPassword',
} as const;

/** What the program will declare, as far as recovery must know it. */
export interface ExpectedIdentity {
  /** Name of the component and of the resources in it. */
  readonly name: string;
  readonly tag: string;
  readonly displayName: string;
  readonly stack: string;
  readonly permissions: readonly ApiPermissions[];
  readonly ledger: Ledger;
}

/** Reads the state as the engine exports it (pulumi/pulumi sdk/go/common/apitype, DeploymentV3). */
export function viewState(deployment: Deployment): StateView {
  const state = (deployment.deployment ?? {}) as {
    resources?: StateResource[] | null;
    pending_operations?: unknown[] | null;
  };
  return { resources: state.resources ?? [], pending: state.pending_operations?.length ?? 0 };
}

/** The same deployment without its pending operations: Pulumi's documented way out of them. */
export function withoutPendingOperations(deployment: Deployment): Deployment {
  return { ...deployment, deployment: { ...deployment.deployment, pending_operations: [] } };
}

/** True when everything that the program will declare is in the state and no operation hangs: nothing to put right. */
export function isComplete(view: StateView, expected: ExpectedIdentity): boolean {
  const count = (type: string) => view.resources.filter((resource) => resource.type === type).length;
  const slots = [expected.ledger.slots.a, expected.ledger.slots.b].filter(
    (slot) => slot !== undefined,
  ).length;
  const consents = expected.permissions.flatMap((wish) => wish.permissions).length;
  return (
    view.pending === 0 &&
    count(TYPES.application) > 0 &&
    count(TYPES.servicePrincipal) > 0 &&
    count(TYPES.consent) >= consents &&
    count(TYPES.secret) >= slots
  );
}

/**
 * Finds what an interrupted run left in Entra and puts it into the state, or removes it where it cannot be put there (a secret's
 * value is shown once only). Says each thing through `say`.
 *
 * @throws InteropError of kind `resource` when there is a registration of this stack, or one of the same name, that the state
 * does not know and that no interrupted run explains.
 */
export async function recover(
  session: StackSession,
  expected: ExpectedIdentity,
  graph: () => Promise<GraphClient>,
  say: (text: string) => void,
): Promise<void> {
  const deployment = await session.exportState();
  const view = viewState(deployment);
  if (isComplete(view, expected)) return;
  const interrupted = view.pending > 0 || (await lastRunFailed(session));
  const client = await graph();
  const registration = await findRegistration(client, view, expected, interrupted);
  if (view.pending > 0) {
    say(
      `the last run was interrupted in the middle of ${view.pending} operation(s): looking at what it left`,
    );
    await session.replaceState(withoutPendingOperations(deployment));
  }
  if (registration === undefined || !interrupted) return;
  await removeOrphanedSecrets(expected, client, view, registration, say);
  await takeUpOrphans(session, expected, client, view, registration, say);
}

interface Registration {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly passwordCredentials: readonly {
    readonly keyId: string;
    readonly displayName?: string | null | undefined;
  }[];
}

async function findRegistration(
  client: GraphClient,
  view: StateView,
  expected: ExpectedIdentity,
  interrupted: boolean,
): Promise<Registration | undefined> {
  const known = view.resources.find((resource) => resource.type === TYPES.application)?.id;
  if (known !== undefined) return await client.getApplication({ objectId: lastSegment(known) });
  const tagged = await client.findApplicationsByTag(expected.tag);
  const [own, ...others] = tagged;
  if (own !== undefined && others.length === 0 && interrupted) return own;
  if (own !== undefined)
    throw offerAdoption('carries the tag of this stack, but the state does not know it', tagged, expected);
  const namesakes = await client.findApplicationsByDisplayName(expected.displayName);
  if (namesakes.length > 0) throw offerAdoption('has the display name already', namesakes, expected);
  return undefined;
}

function offerAdoption(
  why: string,
  found: readonly Registration[],
  expected: ExpectedIdentity,
): InteropError {
  const [first] = found;
  return new InteropError({
    kind: 'resource',
    summary: 'a registration that this stack did not make stands in the way',
    problems: found.map((registration) => ({
      where: `${registration.displayName} (client id ${registration.appId})`,
      what: why,
      allowed: 'adopting it, or another calendar-interop:registration.displayName',
    })),
    next: [
      `pulumi config set --path calendar-interop:registration.adopt ${first?.appId ?? '<client id>'} --stack ${expected.stack}`,
    ],
  });
}

async function takeUpOrphans(
  session: StackSession,
  expected: ExpectedIdentity,
  client: GraphClient,
  view: StateView,
  registration: Registration,
  say: (text: string) => void,
): Promise<void> {
  const orphans = await findOrphans(expected, client, view, registration);
  const ids = [orphans.application, orphans.servicePrincipal, ...Object.values(orphans.consents)];
  const found = ids.filter((id) => id !== undefined);
  if (found.length === 0) return;
  for (const id of found) say(`takes up what the interrupted run had made: ${id}`);
  await session.run('up', { takeUp: orphans });
}

async function findOrphans(
  expected: ExpectedIdentity,
  client: GraphClient,
  view: StateView,
  registration: Registration,
): Promise<TakenUp> {
  const known = new Set(view.resources.map((resource) => resource.id));
  const unknown = (id: string) => (known.has(id) ? undefined : id);
  const application = unknown(`/applications/${registration.id}`);
  const principal = await client.findServicePrincipal(registration.appId);
  if (principal === undefined) return { application, consents: {} };
  const consents: Record<string, string> = {};
  for (const { api, permissions } of expected.permissions) {
    const resource = await client.findServicePrincipal(API_CLIENT_IDS[api]);
    if (resource === undefined) continue;
    const granted = await client.listAppRoleAssignedTo(resource.id, principal.id);
    for (const permission of permissions) {
      const role = resource.appRoles.find((candidate) => candidate.value === permission);
      const assignment = granted.find((candidate) => candidate.appRoleId === role?.id);
      const id =
        assignment && unknown(`/servicePrincipals/${resource.id}/appRoleAssignedTo/${assignment.id}`);
      if (id !== undefined) consents[consentKey(api, permission)] = id;
    }
  }
  return { application, servicePrincipal: unknown(`/servicePrincipals/${principal.id}`), consents };
}

/** Only keys that the ledger names and the state does not know: every other key stays, whoever made it. */
async function removeOrphanedSecrets(
  expected: ExpectedIdentity,
  client: GraphClient,
  view: StateView,
  registration: Registration,
  say: (text: string) => void,
): Promise<void> {
  const intended = new Set(
    SLOTS.flatMap((slot) => {
      const wish = expected.ledger.slots[slot];
      return wish === undefined ? [] : [secretName(slot, wish.generation)];
    }),
  );
  const inState = new Set(
    view.resources
      .filter((resource) => resource.type === TYPES.secret)
      .map((resource) => lastSegment(resource.id ?? '')),
  );
  for (const key of registration.passwordCredentials) {
    if (!intended.has(key.displayName ?? '') || inState.has(key.keyId)) continue;
    say(
      `removes the secret ${key.displayName} (key ${key.keyId}): the interrupted run made it, and its value was never saved`,
    );
    await client.removePassword(registration.id, key.keyId);
  }
}

async function lastRunFailed(session: StackSession): Promise<boolean> {
  const last = await session.lastRun();
  return last !== undefined && last.result !== 'succeeded';
}

function lastSegment(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
