/** Each resource against the sandbox: what it does to the tenant, and the requests in their order (azuread-wire 3). */
import {
  check,
  create,
  diff,
  failureOf,
  failures,
  kinds,
  raw,
  read,
  remove,
  UNKNOWN,
  update,
} from '../kernel/support/engine.js';
import { folded, type StandIn, startStandIn, TYPES } from './support/stand-in.js';

let standIn: StandIn;
let callerId: string;

beforeAll(async () => {
  standIn = await startStandIn({ as: 'admin' });
  const { body } = await standIn.tenant.graph(
    'GET',
    `/servicePrincipals?$filter=appId eq '${standIn.caller.clientId}'`,
  );
  callerId = body.value[0].id;
});
afterAll(() => standIn.stop());
beforeEach(() => {
  standIn.requests();
});

// biome-ignore lint/suspicious/noExplicitAny: resources of many shapes.
type Made = { id: string; outputs: any };

async function make(type: string, inputs: Parameters<typeof create>[2]): Promise<Made> {
  const checked = await check(standIn.client, type, inputs);
  expect(failures(checked)).toEqual([]);
  const response = await create(standIn.client, type, raw(checked.getInputs()));
  return { id: response.getId(), outputs: raw(response.getProperties()) };
}

const EXCHANGE = '00000002-0000-0ff1-ce00-000000000000';
const FULL_ACCESS = 'dc890d15-9560-4a4c-9b7f-a736ec74ec40';
const access = [{ resourceAppId: EXCHANGE, resourceAccesses: [{ id: FULL_ACCESS, type: 'Role' }] }];

let counter = 0;
async function makeApplication(extra: Parameters<typeof create>[2] = {}): Promise<Made> {
  counter += 1;
  return await make(TYPES.application, { displayName: `app ${counter}`, owners: [callerId], ...extra });
}

describe('Application', () => {
  it('is made with the rename that proves replication, and read back', async () => {
    const inputs = {
      displayName: "Google's interop",
      owners: [callerId],
      preventDuplicateNames: true,
      requiredResourceAccesses: access,
      tags: ['b', 'a'],
    };
    const made = await make(TYPES.application, inputs);
    const sent = [...standIn.sent];
    expect(standIn.requests({ A: made.outputs.objectId })).toEqual([
      "GET /v1.0/applications?$filter=displayName eq 'Google''s interop'",
      'POST /v1.0/applications',
      'PATCH /v1.0/applications/A',
      'PATCH /v1.0/applications/A',
      'GET /v1.0/applications/A',
      'GET /beta/applications/A?$select=oauth2RequirePostResponse',
      'GET /v1.0/applications/A/owners',
    ]);
    const [, post, probe, name] = sent;
    expect(post?.headers).toMatchObject({
      'Content-Type': 'application/json; charset=utf-8',
      'OData-Version': '4.0',
    });
    expect(post?.body['owners@odata.bind']).toEqual([
      `${standIn.tenant.sandbox.info.graph}/v1.0/directoryObjects/${callerId}`,
    ]);
    expect(post?.body).toMatchObject({
      signInAudience: 'AzureADMyOrg',
      description: null,
      api: { requestedAccessTokenVersion: 1, acceptMappedClaims: false },
      identifierUris: [],
      requiredResourceAccess: [
        { resourceAppId: EXCHANGE, resourceAccess: [{ id: FULL_ACCESS, type: 'Role' }] },
      ],
      web: { redirectUris: [] },
    });
    expect(probe?.body).toEqual({ displayName: expect.stringMatching(/^TERRAFORM_UPDATE_[\da-f-]{36}$/) });
    expect(name?.body).toEqual({ displayName: "Google's interop" });
    expect(made.id).toBe(`/applications/${made.outputs.objectId}`);
    expect(made.outputs).toMatchObject({
      displayName: "Google's interop",
      owners: [callerId],
      tags: ['a', 'b'],
      requiredResourceAccesses: access,
      signInAudience: 'AzureADMyOrg',
      clientId: expect.stringMatching(/^[\da-f-]{36}$/),
      publisherDomain: expect.any(String),
      preventDuplicateNames: true,
    });

    const again = await failureOf(
      create(standIn.client, TYPES.application, { ...inputs, signInAudience: 'AzureADMyOrg' }),
    );
    expect(again.details).toContain('existing application with name "Google\'s interop"');
    const previewed = await failureOf(
      create(
        standIn.client,
        TYPES.application,
        { ...inputs, signInAudience: 'AzureADMyOrg' },
        { preview: true },
      ),
    );
    expect(previewed.details).toContain('existing application');
  });

  it('gives up ownership unless the caller is among the owners', async () => {
    const { body } = await standIn.tenant.graph('GET', '/users?$top=1');
    const user = body.value[0].id;
    const made = await make(TYPES.application, { displayName: 'given away', owners: [user] });
    expect(standIn.requests({ A: made.outputs.objectId, CALLER: callerId })).toContain(
      'DELETE /v1.0/applications/A/owners/CALLER/$ref',
    );
    expect(made.outputs.owners).toEqual([user]);
  });

  it('is previewed without a change in the tenant', async () => {
    const before = await standIn.tenant.state();
    const response = await create(
      standIn.client,
      TYPES.application,
      { displayName: 'only a preview', owners: [UNKNOWN], preventDuplicateNames: true },
      { preview: true },
    );
    expect(raw(response.getProperties())).toMatchObject({
      displayName: 'only a preview',
      owners: [UNKNOWN],
      clientId: UNKNOWN,
      objectId: UNKNOWN,
      tags: UNKNOWN,
    });
    expect(standIn.requests()).toEqual(["GET /v1.0/applications?$filter=displayName eq 'only a preview'"]);
    expect(await standIn.tenant.state()).toEqual(before);
  });

  it('finds drift also where the program says nothing, and repairs it in one PATCH', async () => {
    const made = await makeApplication();
    const objectId = made.outputs.objectId;
    await standIn.tenant.graph('PATCH', `/applications/${objectId}`, { body: { notes: 'changed by hand' } });
    const oldInputs = {
      displayName: made.outputs.displayName,
      owners: [callerId],
      signInAudience: 'AzureADMyOrg',
    };
    const refreshed = await read(standIn.client, TYPES.application, made.id, {
      inputs: oldInputs,
      properties: made.outputs,
    });
    expect(raw(refreshed.getInputs())).toEqual(oldInputs);
    const olds = raw(refreshed.getProperties());
    const difference = await diff(standIn.client, TYPES.application, { olds, oldInputs, news: oldInputs });
    expect(kinds(difference)).toEqual({ notes: 'DELETE' });
    expect(difference.getReplacesList()).toEqual([]);

    standIn.requests();
    await update(standIn.client, TYPES.application, { id: made.id, olds, oldInputs, news: oldInputs });
    expect(standIn.requests({ A: objectId })).toEqual([
      'PATCH /v1.0/applications/A',
      'GET /v1.0/applications/A',
      'GET /beta/applications/A?$select=oauth2RequirePostResponse',
      'GET /v1.0/applications/A/owners',
    ]);
    const { body } = await standIn.tenant.graph('GET', `/applications/${objectId}`);
    expect(body.notes).toBeNull();
  });

  it('sends lists only when they changed, and changes owners one by one', async () => {
    const made = await makeApplication({ identifierUris: [] });
    const objectId = made.outputs.objectId;
    const user = (await standIn.tenant.graph('GET', '/users?$top=1')).body.value[0].id;
    const oldInputs = {
      displayName: made.outputs.displayName,
      owners: [callerId],
      signInAudience: 'AzureADMyOrg',
    };
    const news = { ...oldInputs, owners: [callerId, user], requiredResourceAccesses: access };
    standIn.requests();
    const difference = await diff(standIn.client, TYPES.application, { olds: made.outputs, oldInputs, news });
    expect(Object.keys(kinds(difference)).sort()).toEqual(['owners', 'requiredResourceAccesses']);
    await update(standIn.client, TYPES.application, { id: made.id, olds: made.outputs, oldInputs, news });
    expect(standIn.sent[0]?.body).toMatchObject({ requiredResourceAccess: [{ resourceAppId: EXCHANGE }] });
    expect(standIn.sent[0]?.body).not.toHaveProperty('identifierUris');
    expect(standIn.requests({ A: objectId }).slice(0, 3)).toEqual([
      'PATCH /v1.0/applications/A',
      'GET /v1.0/applications/A/owners',
      'POST /v1.0/applications/A/owners/$ref',
    ]);
  });

  it('is imported with what differs from the defaults, and drops out when it is gone', async () => {
    const made = await makeApplication({ notes: 'keep me', web: { redirectUris: ['https://example.com/'] } });
    const imported = await read(standIn.client, TYPES.application, made.id);
    const inputs = raw(imported.getInputs());
    expect(inputs).toMatchObject({
      displayName: made.outputs.displayName,
      notes: 'keep me',
      owners: [callerId],
      web: { redirectUris: ['https://example.com/'] },
    });
    const olds = raw(imported.getProperties());
    expect(
      kinds(await diff(standIn.client, TYPES.application, { olds, oldInputs: inputs, news: inputs })),
    ).toEqual({});

    standIn.requests();
    await remove(standIn.client, TYPES.application, made.id, made.outputs);
    expect(folded(standIn.requests({ A: made.outputs.objectId }))).toEqual([
      'DELETE /v1.0/applications/A',
      'GET /v1.0/applications/A ×5',
    ]);
    expect((await read(standIn.client, TYPES.application, made.id)).getId()).toBe('');
    expect((await failureOf(remove(standIn.client, TYPES.application, made.id, {}))).details).toContain(
      'unexpected status 404',
    );
  });
});

describe('ServicePrincipal and AppRoleAssignment', () => {
  it('are made, read and deleted in the official order', async () => {
    const app = await makeApplication();
    standIn.requests();
    const made = await make(TYPES.principal, {
      clientId: app.outputs.clientId,
      owners: [callerId],
      tags: ['WindowsAzureActiveDirectoryIntegratedApp'],
    });
    const names = { S: made.outputs.objectId, CLIENT: app.outputs.clientId };
    const [, post, patch] = standIn.sent;
    expect(post?.body).toMatchObject({
      appId: app.outputs.clientId,
      accountEnabled: true,
      description: expect.stringMatching(/^TERRAFORM_UPDATE_/),
      samlSingleSignOnSettings: {},
      tags: ['WindowsAzureActiveDirectoryIntegratedApp'],
    });
    expect(patch?.body).toEqual({ description: null });
    expect(standIn.requests(names)).toEqual([
      "GET /v1.0/servicePrincipals?$filter=appId eq 'CLIENT'",
      'POST /v1.0/servicePrincipals',
      'PATCH /v1.0/servicePrincipals/S',
      'GET /v1.0/servicePrincipals/S',
      'GET /beta/servicePrincipals/S?$select=samlMetadataUrl',
      'GET /v1.0/servicePrincipals/S/owners',
    ]);
    expect(made.id).toBe(`/servicePrincipals/${made.outputs.objectId}`);

    const exchange = (await standIn.tenant.graph('GET', `/servicePrincipals?$filter=appId eq '${EXCHANGE}'`))
      .body.value[0].id;
    const consent = await make(TYPES.assignment, {
      appRoleId: FULL_ACCESS,
      principalObjectId: made.outputs.objectId,
      resourceObjectId: exchange,
    });
    const assignment = consent.id.split('/').at(-1) ?? '';
    expect(consent.id).toBe(`/servicePrincipals/${exchange}/appRoleAssignedTo/${assignment}`);
    expect(consent.outputs).toMatchObject({
      principalType: 'ServicePrincipal',
      principalDisplayName: app.outputs.displayName,
    });
    expect(standIn.requests({ R: exchange, G: assignment })).toEqual([
      'GET /v1.0/servicePrincipals/R',
      'POST /v1.0/servicePrincipals/R/appRoleAssignedTo',
      'GET /v1.0/servicePrincipals/R/appRoleAssignedTo/G',
    ]);
    const inputs = {
      appRoleId: FULL_ACCESS,
      principalObjectId: made.outputs.objectId,
      resourceObjectId: exchange,
    };
    const imported = await read(standIn.client, TYPES.assignment, consent.id);
    expect(raw(imported.getInputs())).toEqual(inputs);
    const replaced = await diff(standIn.client, TYPES.assignment, {
      oldInputs: inputs,
      news: { ...inputs, appRoleId: EXCHANGE },
    });
    expect(kinds(replaced)).toEqual({ appRoleId: 'UPDATE_REPLACE' });

    standIn.requests();
    await remove(standIn.client, TYPES.assignment, consent.id, consent.outputs);
    expect(standIn.requests({ R: exchange, G: assignment })).toEqual([
      'DELETE /v1.0/servicePrincipals/R/appRoleAssignedTo/G',
    ]);
    await remove(standIn.client, TYPES.principal, made.id, made.outputs);
    expect(folded(standIn.requests(names))).toEqual([
      'DELETE /v1.0/servicePrincipals/S',
      'GET /v1.0/servicePrincipals/S ×5',
    ]);
  });

  it('refuses to take over a service principal that exists', async () => {
    const failure = await failureOf(
      create(standIn.client, TYPES.principal, { clientId: EXCHANGE, accountEnabled: true }),
    );
    expect(failure.details).toContain('exists already');
    const checked = await check(standIn.client, TYPES.principal, { clientId: EXCHANGE, useExisting: true });
    expect(failures(checked)).toEqual([
      "useExisting is not supported by the sandbox's stand-in for the azuread provider",
    ]);
  });
});

describe('ApplicationPassword', () => {
  it('is told once, wrapped, and waited for', async () => {
    const app = await makeApplication();
    standIn.requests();
    const made = await make(TYPES.password, {
      applicationId: app.id,
      displayName: 'interop-a-g1',
      endDate: '2099-01-31T12:00:00Z',
      rotateWhenChanged: { generation: '1' },
    });
    const value = made.outputs.value;
    expect(value).toMatchObject({ '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270' });
    const { value: _, ...rest } = made.outputs;
    expect(JSON.stringify(rest)).not.toContain(value.value);
    expect(standIn.sent[1]?.body).toEqual({
      passwordCredential: { displayName: 'interop-a-g1', endDateTime: '2099-01-31T12:00:00Z' },
    });
    expect(folded(standIn.requests({ A: app.outputs.objectId }))).toEqual([
      'GET /v1.0/applications/A',
      'POST /v1.0/applications/A/addPassword',
      'GET /v1.0/applications/A ×6',
    ]);
    expect(made.id).toBe(`${app.outputs.objectId}/password/${made.outputs.keyId}`);
    const token = await standIn.tenant.tokenRequest({
      grant_type: 'client_credentials',
      client_id: app.outputs.clientId,
      client_secret: value.value,
      scope: `${standIn.tenant.sandbox.info.graph}/.default`,
    });
    // Without a service principal there is no token; but the secret itself was accepted.
    expect(JSON.stringify(token.body)).not.toContain('AADSTS7000215');

    const { applicationId, displayName, endDate, rotateWhenChanged } = made.outputs;
    const inputs = { applicationId, displayName, endDate, rotateWhenChanged };
    const refreshed = await read(standIn.client, TYPES.password, made.id, {
      inputs,
      properties: made.outputs,
    });
    expect(raw(refreshed.getProperties())).toEqual(made.outputs);
    expect(raw(refreshed.getInputs())).toEqual(inputs);

    for (const change of [
      { rotateWhenChanged: { generation: '2' } },
      { displayName: 'x' },
      { endDate: '2098-01-01T00:00:00Z' },
    ]) {
      const response = await diff(standIn.client, TYPES.password, {
        olds: made.outputs,
        oldInputs: inputs,
        news: { ...inputs, ...change },
      });
      expect(response.getReplacesList()).toEqual(Object.keys(change));
    }

    standIn.requests();
    await remove(standIn.client, TYPES.password, made.id, made.outputs);
    expect(folded(standIn.requests({ A: app.outputs.objectId }))).toEqual([
      'POST /v1.0/applications/A/removePassword',
      'GET /v1.0/applications/A ×5',
    ]);
    const gone = await read(standIn.client, TYPES.password, made.id, { inputs, properties: made.outputs });
    expect(gone.getId()).toBe('');
  });

  it('cannot be imported', async () => {
    const app = await makeApplication();
    const failure = await failureOf(
      read(standIn.client, TYPES.password, `${app.outputs.objectId}/password/x`),
    );
    expect(failure.details).toContain('cannot be imported');
  });
});

describe('ApplicationOwner and ApplicationFederatedIdentityCredential', () => {
  it('are made, changed and deleted in the official order', async () => {
    const app = await makeApplication();
    const user = (await standIn.tenant.graph('GET', '/users?$top=1')).body.value[0].id;
    const names = { A: app.outputs.objectId, U: user };
    standIn.requests();
    const inputs = { applicationId: app.id, ownerObjectId: user };
    const owner = await make(TYPES.owner, inputs);
    expect(standIn.requests(names)).toEqual([
      "GET /v1.0/applications/A/owners?$filter=id eq 'U'",
      'POST /v1.0/applications/A/owners/$ref',
      "GET /v1.0/applications/A/owners?$filter=id eq 'U'",
    ]);
    expect((await failureOf(create(standIn.client, TYPES.owner, inputs))).details).toContain(
      'exists already',
    );
    await remove(standIn.client, TYPES.owner, owner.id, owner.outputs);
    expect((await read(standIn.client, TYPES.owner, owner.id)).getId()).toBe('');

    const wanted = {
      applicationId: app.id,
      audiences: ['api://AzureADTokenExchange'],
      displayName: 'github',
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:contoso/interop:environment:production',
    };
    standIn.requests();
    const made = await make(TYPES.federated, wanted);
    const at = '/v1.0/applications/A/federatedIdentityCredentials';
    const all = { ...names, F: made.outputs.credentialId };
    expect(folded(standIn.requests(all))).toEqual([
      'GET /v1.0/applications/A',
      `POST ${at}`,
      `GET ${at}/F ×6`,
    ]);
    const news = { ...wanted, subject: 'repo:contoso/interop:ref:refs/heads/main' };
    const updated = await update(standIn.client, TYPES.federated, {
      id: made.id,
      olds: made.outputs,
      oldInputs: wanted,
      news,
    });
    expect(raw(updated.getProperties())).toMatchObject(news);
    standIn.requests();
    await remove(standIn.client, TYPES.federated, made.id, made.outputs);
    expect(folded(standIn.requests(all))).toEqual([`DELETE ${at}/F`, `GET ${at}/F ×5`]);
  });
});
