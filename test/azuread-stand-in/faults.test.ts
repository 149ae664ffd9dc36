/** What goes wrong on the way: retried where the official provider retries, an error where it does not (azuread-wire 2.1). */
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceError } from '@grpc/grpc-js';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import statusPb from '@pulumi/pulumi/proto/status_pb.js';
import { create, failureOf, raw, read, remove, update as updateResource } from '../kernel/support/engine.js';
import { folded, type StandIn, startStandIn, TYPES } from './support/stand-in.js';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn({ as: 'admin' });
});
afterAll(() => standIn.stop());

let counter = 0;
async function makeApplication() {
  counter += 1;
  const inputs = { displayName: `app ${counter}`, signInAudience: 'AzureADMyOrg' };
  return await create(standIn.client, TYPES.application, inputs);
}

async function fault(...faults: string[]): Promise<void> {
  await standIn.tenant.control({ faults });
  standIn.requests();
}

it('waits as long as it is told when it is throttled, and goes on', async () => {
  await fault('throttle=2@POST /applications', 'serverError=1@PATCH /applications/*');
  const made = raw((await makeApplication()).getProperties());
  expect(folded(standIn.requests({ A: String(made.objectId) })).slice(0, 2)).toEqual([
    'POST /v1.0/applications ×3',
    'PATCH /v1.0/applications/A ×3',
  ]);
});

it('makes an application while what is new is not seen everywhere yet', async () => {
  await fault('replicationDelay=60000');
  try {
    const making = makeApplication();
    // A second change is sent only after the first was refused.
    while (standIn.sent.filter(({ line }) => line.startsWith('PATCH')).length < 2) await delay(20);
    await standIn.tenant.control({ clock: { advanceMs: 60_000 } });
    const app = raw((await making).getProperties());
    const lines = folded(standIn.requests({ A: String(app.objectId) }));
    expect(lines[1]).toMatch(/^PATCH \/v1\.0\/applications\/A ×[3-9]$/);
  } finally {
    await fault('replicationDelay=0');
  }
});

// The official provider retries 404 for few operations, and the change of a fresh service principal is none of them.
it('keeps a service principal that is not seen yet, and the next run completes it', async () => {
  const app = raw((await makeApplication()).getProperties());
  await fault('replicationDelay=60000');
  const inputs = { clientId: String(app.clientId), accountEnabled: true };
  const failure = await failureOf(create(standIn.client, TYPES.principal, inputs));
  expect(failure.details).toContain('unexpected status 404');
  const partial = partialOf(failure);
  await fault('replicationDelay=0');
  await standIn.tenant.control({ clock: { advanceMs: 60_000 } });
  const olds = raw(partial.getProperties());
  const update = { id: partial.getId(), olds, oldInputs: inputs, news: inputs };
  const updated = raw((await updateResource(standIn.client, TYPES.principal, update)).getProperties());
  expect(updated).toMatchObject({ clientId: app.clientId });
  expect(updated.description).toBeUndefined();
});

it('keeps what was made when a later step breaks', async () => {
  await fault('dropBefore=1@PATCH /applications/*');
  const failure = await failureOf(makeApplication());
  expect(failure.details).toContain('no answer');
  const [details] = failure.metadata.get('grpc-status-details-bin');
  const [any] = statusPb.Status.deserializeBinary(details as Buffer).getDetailsList();
  const partial = providerPb.ErrorResourceInitFailed.deserializeBinary(
    any?.getValue_asU8() ?? new Uint8Array(),
  );
  const found = await read(standIn.client, TYPES.application, partial.getId());
  expect(found.getId()).toBe(partial.getId());
});

it('does not repeat a POST whose answer was lost', async () => {
  const app = await makeApplication();
  await fault('dropAfter=1@POST /applications/*/addPassword');
  const failure = await failureOf(create(standIn.client, TYPES.password, { applicationId: app.getId() }));
  expect(failure.details).toContain('no answer');
  expect(standIn.requests().filter((line) => line.startsWith('POST'))).toHaveLength(1);
});

it('ends a request that is never answered when the time is up', async () => {
  await fault('hang=1@POST /applications');
  const inputs = { displayName: 'never', signInAudience: 'AzureADMyOrg' };
  const failure = await failureOf(create(standIn.client, TYPES.application, inputs, { timeout: 0.3 }));
  expect(failure.details).toBe('not done within 0.3 s');
});

it('takes a missing resource on deletion, and a refusal, for an error at once', async () => {
  const gone = '/servicePrincipals/00000000-0000-4000-8000-000000000001/appRoleAssignedTo/none';
  standIn.requests();
  expect((await failureOf(remove(standIn.client, TYPES.assignment, gone, {}))).details).toContain('404');
  expect(standIn.requests()).toHaveLength(1);
  const reader = await startStandIn({ as: 'reader' });
  try {
    const failure = await failureOf(
      create(reader.client, TYPES.application, { displayName: 'x', signInAudience: 'AzureADMyOrg' }),
    );
    expect(failure.details).toContain('unexpected status 403');
    expect(failure.details).toContain('Authorization_RequestDenied');
    expect(reader.requests()).toEqual(['POST /v1.0/applications']);
  } finally {
    await reader.stop();
  }
});

function partialOf(failure: ServiceError): providerPb.ErrorResourceInitFailed {
  const [details] = failure.metadata.get('grpc-status-details-bin');
  const [any] = statusPb.Status.deserializeBinary(details as Buffer).getDetailsList();
  return providerPb.ErrorResourceInitFailed.deserializeBinary(any?.getValue_asU8() ?? new Uint8Array());
}
