/**
 * What an interrupted `up` leaves behind, put right before the next one.
 *
 * Pulumi saves a resource when the provider's answer arrives. A run that is killed, cancelled or cut off in between leaves an
 * object in Entra that the state does not know. Whether it is ours is decided by evidence, never by its name alone: this state
 * tells of a run that was making just this resource, or of one that failed while the object came into being. Without such evidence
 * the state itself may be lost, or another one be in charge: then a registration is only offered for adoption, and a secret stays.
 */
import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import { InteropError } from '../infra/errors.js';
import type { GraphClient } from '../infra/graph/client.js';
import { type AdoptedRegistration, isAdoptionMemory, keepAdoption } from '../infra/identity/adoption.js';
import { consentKey, findConsents, importIds } from '../infra/identity/consents.js';
import type { TakenUp } from '../infra/identity/interop-application.js';
import type { ApiPermissions } from '../infra/identity/permissions.js';
import { intendedSecrets } from '../infra/rotation/index.js';
import { type Ledger, SLOTS, secretName } from '../infra/rotation/ledger.js';
import { AZUREAD_TYPES } from './azuread-types.js';
import { nameOf } from './engine-events.js';
import {
  type Evidence,
  evidenceOf,
  type StateResource,
  type StateView,
  viewState,
} from './recovery-evidence.js';
import type { StackSession } from './stack-session.js';

/** What the program will declare, as far as recovery must know it. */
export interface ExpectedIdentity {
  readonly tag: string;
  readonly displayName: string;
  readonly stack: string;
  readonly permissions: readonly ApiPermissions[];
  readonly ledger: Ledger;
  /** Client id of a registration that is adopted; none is looked for then. */
  readonly adopt: string | undefined;
}

/** Name of the component's resources (program.ts). */
const NAME = 'interop';
const ADOPTED_NAME = `${NAME}-adopted`;

/** Whether everything that the program will declare is in the state and no operation hangs: nothing to put right. */
export function isComplete(view: StateView, expected: ExpectedIdentity): boolean {
  const known = new Set(view.resources.map(({ type, urn }) => `${type} ${nameOf(urn)}`));
  const wanted = [
    ...(expected.adopt === undefined
      ? [`${AZUREAD_TYPES.application} ${NAME}`, `${AZUREAD_TYPES.servicePrincipal} ${NAME}`]
      : [`${AZUREAD_TYPES.application} ${ADOPTED_NAME}`]),
    ...expected.permissions.flatMap(({ permissions }) =>
      permissions.map((permission) => `${AZUREAD_TYPES.consent} ${NAME}-${permission}`),
    ),
    ...SLOTS.filter((slot) => expected.ledger.slots[slot] !== undefined).map(
      (slot) => `${AZUREAD_TYPES.secret} ${NAME}-secret-${slot}`,
    ),
  ];
  return view.pending.length === 0 && wanted.every((resource) => known.has(resource));
}

/** What recovery works with. */
export interface RecoveryTools {
  readonly session: Pick<StackSession, 'requireUnlocked' | 'readState' | 'writeState' | 'recentRuns' | 'run'>;
  readonly expected: ExpectedIdentity;
  graph(): Promise<GraphClient>;
  /** Told each thing that is taken up or removed. */
  say(text: string): void;
  readonly signal: AbortSignal;
  /** The present, for the age of secrets. @default the system's clock */
  readonly now?: () => number;
}

/**
 * Finds what an interrupted run left in Entra and puts it into the state, or removes it where it cannot be put there (a secret's
 * value is shown once only).
 *
 * The pending operations, which are evidence, go last: a recovery that is interrupted itself begins anew.
 *
 * @throws InteropError of kind `resource` when there is a registration of this stack, or one of the same name, that the state
 * does not know and that no interrupted run explains; `configuration` when the state holds another adopted registration
 * than the configuration names; `failure` when another run works on the stack now.
 */
export async function recover(tools: RecoveryTools): Promise<void> {
  const { session, expected, say, signal } = tools;
  const sound = (view: StateView) =>
    isComplete(view, expected) && leavingSecrets(view, expected).length === 0;
  if (sound(viewState(await session.readState()))) return;
  // What looks interrupted may be a run that is going on: then nothing of it is touched.
  const locks = await session.requireUnlocked();
  const view = viewState(await session.readState());
  if (sound(view)) return;
  keepAdoption(expected.adopt, memoryOf(view));
  const evidence = evidenceOf(view, await session.recentRuns());
  // A secret that is to go is the engine's business, unless a run has tried that before.
  if (isComplete(view, expected) && !evidence.interrupted) return;
  const client = await tools.graph();
  const registration = await findRegistration(client, view, expected, evidence);
  signal.throwIfAborted();
  const count = view.pending.length;
  if (count > 0) say(`the last run was interrupted in the middle of ${count} operation(s)`);
  if (registration !== undefined) {
    const orphans = await findOrphans(client, view, expected, registration, evidence);
    await removeOrphanedSecrets(tools, client, { view, registration, evidence, locks });
    signal.throwIfAborted();
    if (orphans !== undefined) await takeUp(tools, orphans);
    await forgetRemovedSecrets(tools, view, registration);
  }
  if (count > 0) await session.writeState(withoutPendingOperations(await session.readState()));
}

/** Secrets in the state that the ledger names no more: the next update removes them. */
function leavingSecrets({ resources }: StateView, { ledger }: ExpectedIdentity): readonly StateResource[] {
  const staying = SLOTS.map((slot) => {
    const secret = ledger.slots[slot];
    return secret === undefined ? undefined : secretName(slot, secret.generation);
  });
  return resources.filter(
    ({ type, outputs }) =>
      type === AZUREAD_TYPES.secret &&
      typeof outputs?.displayName === 'string' &&
      !staying.includes(outputs.displayName),
  );
}

/**
 * A run that was cut off has removed a secret that the state still holds: Entra answers 400 to its removal, each time that the engine
 * tries it again (seen with the emulated tenant; azuread's provider passes that on).
 */
async function forgetRemovedSecrets(
  { session, expected, say }: RecoveryTools,
  view: StateView,
  registration: Registration,
): Promise<void> {
  const held = new Set(registration.passwordCredentials.map(({ keyId }) => keyId));
  const gone = leavingSecrets(view, expected).filter(({ id }) => !held.has(lastSegment(id ?? '')));
  if (gone.length === 0) return;
  for (const { id, outputs } of gone)
    say(`the secret ${String(outputs?.displayName)} (key ${lastSegment(id ?? '')}) is removed already`);
  const urns = new Set(gone.map(({ urn }) => urn));
  const state = await session.readState();
  const resources: readonly StateResource[] = state.deployment.resources ?? [];
  await session.writeState({
    ...state,
    deployment: { ...state.deployment, resources: resources.filter(({ urn }) => !urns.has(urn)) },
  });
}

/** The same state without its pending operations: Pulumi's documented way out of them. */
export function withoutPendingOperations(state: Deployment): Deployment {
  return { ...state, deployment: { ...state.deployment, pending_operations: [] } };
}

interface Registration {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly createdDateTime?: string | null | undefined;
  readonly passwordCredentials: readonly {
    readonly keyId: string;
    readonly displayName?: string | null | undefined;
    readonly startDateTime?: string | null | undefined;
  }[];
}

async function findRegistration(
  client: GraphClient,
  view: StateView,
  expected: ExpectedIdentity,
  evidence: Evidence,
): Promise<Registration | undefined> {
  if (expected.adopt !== undefined) return await client.getApplication({ appId: expected.adopt });
  const known = view.resources.find(
    ({ type, urn }) => type === AZUREAD_TYPES.application && nameOf(urn) === NAME,
  )?.id;
  if (known !== undefined) return await client.getApplication({ objectId: lastSegment(known) });
  const tagged = await client.findApplicationsByTag(expected.tag);
  const [own, ...others] = tagged;
  if (own !== undefined) {
    const resource = { type: AZUREAD_TYPES.application, name: NAME };
    if (others.length === 0 && evidence.explains(resource, own.createdDateTime)) return own;
    throw offerAdoption('carries the tag of this stack, but the state does not know it', tagged, expected);
  }
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

/**
 * What belongs to the registration and is not in the state. Of a registration of this stack's own that is all; of an adopted one,
 * what an interrupted run explains and what was not there when it was adopted.
 */
async function findOrphans(
  client: GraphClient,
  view: StateView,
  expected: ExpectedIdentity,
  registration: Registration,
  evidence: Evidence,
): Promise<TakenUp | undefined> {
  const adopted = expected.adopt !== undefined;
  const memory = memoryOf(view);
  if (adopted && (memory === undefined || !evidence.interrupted)) return undefined;
  const known = new Set([
    ...view.resources.map((resource) => resource.id),
    ...(memory?.servicePrincipalId === undefined ? [] : [`/servicePrincipals/${memory.servicePrincipalId}`]),
    ...Object.values(memory?.consents ?? {}),
  ]);
  const unknown = (id: string) => (known.has(id) ? undefined : id);
  const application = adopted ? undefined : unknown(`/applications/${registration.id}`);
  const principal = await client.findServicePrincipal(registration.appId);
  if (principal === undefined) return application === undefined ? undefined : { application, consents: {} };
  const wanted = new Set(
    expected.permissions.flatMap(({ api, permissions }) =>
      permissions.map((permission) => consentKey({ api, permission })),
    ),
  );
  const consents = (await findConsents(client, principal.id)).filter(
    (consent) => wanted.has(consentKey(consent)) && unknown(consent.importId) !== undefined,
  );
  const servicePrincipal = unknown(`/servicePrincipals/${principal.id}`);
  if (application === undefined && servicePrincipal === undefined && consents.length === 0) return undefined;
  return { application, servicePrincipal, consents: importIds(consents) };
}

/** What stood in the tenant when a registration was adopted; undefined where none was. */
function memoryOf(view: StateView): AdoptedRegistration | undefined {
  const output = view.resources.find(({ urn }) => isAdoptionMemory(urn))?.outputs?.output;
  return typeof output === 'object' && output !== null ? (output as AdoptedRegistration) : undefined;
}

async function takeUp({ session, say }: RecoveryTools, orphans: TakenUp): Promise<void> {
  const ids = [orphans.application, orphans.servicePrincipal, ...Object.values(orphans.consents)];
  for (const id of ids.filter((id) => id !== undefined))
    say(`takes up what the interrupted run had made: ${id}`);
  await session.run('up', { takeUp: orphans });
}

/**
 * Where the backend does not tell of locks, a run that is going on may be making a key right now: keys younger than the longest
 * creation are left there.
 */
const SAFE_AGE_MS = 30 * 60_000;

interface SecretFacts {
  readonly view: StateView;
  readonly registration: Registration;
  readonly evidence: Evidence;
  readonly locks: 'none' | 'unknown';
}

/** Only keys that the ledger names, the state does not know and an interrupted run explains: every other key stays. */
async function removeOrphanedSecrets(
  { expected, say, signal, now = Date.now }: RecoveryTools,
  client: GraphClient,
  { view, registration, evidence, locks }: SecretFacts,
): Promise<void> {
  const inState = new Set(
    view.resources.filter(({ type }) => type === AZUREAD_TYPES.secret).map(({ id }) => lastSegment(id ?? '')),
  );
  for (const { slot, generation } of intendedSecrets(expected.ledger)) {
    const resource = { type: AZUREAD_TYPES.secret, name: `${NAME}-secret-${slot}` };
    const orphans = registration.passwordCredentials.filter(
      (key) =>
        key.displayName === secretName(slot, generation) &&
        !inState.has(key.keyId) &&
        evidence.explains(resource, key.startDateTime),
    );
    for (const key of orphans) {
      if (locks === 'unknown' && now() - Date.parse(key.startDateTime ?? '') < SAFE_AGE_MS) {
        say(
          `leaves the secret ${key.displayName} (key ${key.keyId}): a run that is going on may be making it`,
        );
        continue;
      }
      signal.throwIfAborted();
      say(
        `removes the secret ${key.displayName} (key ${key.keyId}): the interrupted run made it, and its value was never saved`,
      );
      await client.removePassword(registration.id, key.keyId);
    }
  }
}

function lastSegment(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
