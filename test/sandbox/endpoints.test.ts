/**
 * The requests that the azuread provider makes for a registration with a secret, a service principal and consent, in its order
 * (hashicorp/terraform-provider-azuread internal/services), as the deployer with the least privileges.
 */
import { decodeJwt } from 'jose';
import { EXCHANGE_APP_ID } from '../../sandbox/entra/first-party.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { must } from './support/principals.js';

let tenant: TestSandbox;
let callerId: string;
beforeAll(async () => {
  tenant = await startTestSandbox();
  callerId = String(decodeJwt(await tenant.token('deployer')).oid);
});
afterAll(() => tenant.dispose());

const as = 'deployer';
const NAME = "Google Calendar O'Interop";
const graph = (method: string, path: string, body?: unknown) =>
  tenant.graph(method, path, body === undefined ? { as } : { as, body });
/** As the provider encodes it: spaces as plus signs, dollar and quotes in percent form. */
const filter = (text: string) =>
  `?%24filter=${encodeURIComponent(text).replaceAll('%20', '+').replaceAll("'", '%27')}`;
const reference = (id: string) => `${tenant.sandbox.info.graph}/v1.0/directoryObjects/${id}`;

describe('the provider at its start', () => {
  test('1: reads where the cloud is', async () => {
    const answer = await tenant.request('/metadata/endpoints?api-version=2022-09-01');
    const { graph: base } = tenant.sandbox.info;
    expect(answer).toMatchObject({
      status: 200,
      body: {
        name: expect.any(String),
        resourceManager: base,
        microsoftGraphResourceId: base,
        authentication: { loginEndpoint: base },
      },
    });
    expect((await tenant.request('/metadata/endpoints?api-version=2019-05-01')).status).toBe(400);
  });

  test('2: gets a token that tells who it is', async () => {
    const claims = decodeJwt(await tenant.token(as));
    expect(claims).toMatchObject({
      aud: tenant.sandbox.info.graph,
      tid: tenant.sandbox.info.tenantId,
      appid: tenant.sandbox.info.clients.find(({ name }) => name === as)?.clientId,
      oid: expect.any(String),
      idtyp: 'app',
    });
    expect(claims.roles).toEqual(
      expect.arrayContaining([
        'Application.ReadWrite.OwnedBy',
        'Application.Read.All',
        'AppRoleAssignment.ReadWrite.All',
        'User.Read.All',
      ]),
    );
    // What would make the tests of least privilege say nothing.
    for (const role of ['Application.ReadWrite.All', 'Directory.ReadWrite.All', 'Directory.Read.All']) {
      expect(claims.roles).not.toContain(role);
    }
    expect(Number(claims.exp) - Number(claims.iat)).toBeGreaterThan(1200);
  });
});

describe('a registration from create to delete', () => {
  let applicationId: string;
  let appId: string;
  let principalId: string;
  let keyId: string;
  let resourceId: string;
  let assignmentId: string;

  test('3, 4: is created where the name is free, with the caller as owner', async () => {
    const before = await graph(
      'GET',
      `/applications${filter(`displayName eq '${NAME.replace("'", "''")}'`)}`,
    );
    expect(before.body.value).toEqual([]);
    const created = await graph('POST', '/applications', {
      '@odata.type': '#microsoft.graph.application',
      displayName: NAME,
      description: null,
      signInAudience: 'AzureADMyOrg',
      api: {
        acceptMappedClaims: false,
        knownClientApplications: [],
        oauth2PermissionScopes: [],
        requestedAccessTokenVersion: 1,
      },
      appRoles: [],
      identifierUris: [],
      info: { marketingUrl: null, privacyStatementUrl: null, supportUrl: null, termsOfServiceUrl: null },
      isDeviceOnlyAuthSupported: false,
      isFallbackPublicClient: false,
      optionalClaims: {},
      publicClient: { redirectUris: [] },
      requiredResourceAccess: [
        {
          resourceAppId: EXCHANGE_APP_ID,
          resourceAccess: [{ id: 'dc890d15-9560-4a4c-9b7f-a736ec74ec40', type: 'Role' }],
        },
      ],
      spa: { redirectUris: [] },
      tags: ['calendar-interop'],
      web: {
        homePageUrl: null,
        logoutUrl: null,
        redirectUris: [],
        implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false },
      },
      'owners@odata.bind': [reference(callerId)],
    });
    expect(created.status).toBe(201);
    expect(created.headers.location).toBe(
      `${tenant.sandbox.info.graph}/v1.0/applications/${created.body.id}`,
    );
    ({ id: applicationId, appId } = created.body);
    const after = await graph('GET', `/applications${filter(`displayName eq '${NAME.replace("'", "''")}'`)}`);
    expect(after.body.value).toMatchObject([{ id: applicationId }]);
  });

  test('5: changes keep what they do not name', async () => {
    const patch = (body: unknown) => graph('PATCH', `/applications/${applicationId}`, body);
    expect(await patch({ displayName: 'TERRAFORM_UPDATE_1' })).toMatchObject({
      status: 204,
      body: undefined,
    });
    expect((await patch({ displayName: NAME })).status).toBe(204);
    const access = { id: applicationId, requiredResourceAccess: [], notes: null };
    expect((await patch({ '@odata.type': '#microsoft.graph.application', ...access })).status).toBe(204);
    expect((await patch({ web: { homePageUrl: 'https://contoso.com' } })).status).toBe(204);
    expect((await graph('GET', `/applications/${applicationId}`)).body).toMatchObject({
      displayName: NAME,
      requiredResourceAccess: [],
      notes: null,
      tags: ['calendar-interop'],
      web: {
        homePageUrl: 'https://contoso.com',
        redirectUris: [],
        implicitGrantSettings: { enableIdTokenIssuance: false },
      },
    });
  });

  test('7, 8, 9: is read as a whole, in part and with its owners', async () => {
    const whole = await graph('GET', `/applications/${applicationId}`);
    expect(whole.headers['content-type']).toContain('application/json');
    expect(whole.body).toMatchObject({
      id: applicationId,
      appId,
      passwordCredentials: [],
      publisherDomain: 'contoso.com',
    });
    const part = await graph('GET', `/beta/applications/${applicationId}?$select=oauth2RequirePostResponse`);
    expect(part.body).toEqual({ '@odata.context': expect.any(String), oauth2RequirePostResponse: false });
    const owners = await graph('GET', `/applications/${applicationId}/owners`);
    expect(owners.body.value).toMatchObject([
      { '@odata.type': '#microsoft.graph.servicePrincipal', id: callerId },
    ]);
    const found = await graph('GET', `/applications/${applicationId}/owners${filter(`id eq '${callerId}'`)}`);
    expect(found.body.value).toHaveLength(1);
    expect((await graph('GET', `/applications/${appId}`)).status).toBe(404);
  });

  test('6, 10: owners come and go by the admin, never by an owner alone', async () => {
    const user = await must(tenant.graph('GET', '/users/interop@contoso.com'));
    const add = (who: string) =>
      tenant.graph('POST', `/applications/${applicationId}/owners/$ref`, {
        as: who,
        body: { '@odata.id': reference(user.id) },
      });
    expect((await add(as)).status).toBe(403);
    expect((await add('admin')).status).toBe(204);
    expect(await add('admin')).toMatchObject({ status: 400 });
    const owners = await graph('GET', `/applications/${applicationId}/owners`);
    expect(owners.body.value).toMatchObject([{}, { '@odata.type': '#microsoft.graph.user', id: user.id }]);
    const path = `/applications/${applicationId}/owners/${user.id}/$ref`;
    expect((await graph('DELETE', path)).status).toBe(204);
    expect((await graph('DELETE', path)).status).toBe(404);
  });

  test('11: a secret is shown once, with the dates as they were sent', async () => {
    const wish = {
      displayName: 'interop-a-g1',
      startDateTime: '2026-01-02T03:04:05Z',
      endDateTime: '2999-01-02T03:04:05Z',
    };
    const added = await graph('POST', `/applications/${applicationId}/addPassword`, {
      passwordCredential: wish,
    });
    expect(added).toMatchObject({ status: 200, body: { ...wish, keyId: expect.any(String) } });
    const { secretText, hint } = added.body;
    expect(secretText).toMatch(/^\S{40}$/);
    expect(secretText.startsWith(hint)).toBe(true);
    keyId = added.body.keyId;
    const read = await graph('GET', `/applications/${applicationId}`);
    expect(read.body.passwordCredentials).toMatchObject([{ ...wish, keyId, hint, secretText: null }]);
  });

  test('14, 15: its service principal is created once, and only for an application', async () => {
    expect((await graph('GET', `/servicePrincipals${filter(`appId eq '${appId}'`)}`)).body.value).toEqual([]);
    const body = {
      '@odata.type': '#microsoft.graph.servicePrincipal',
      accountEnabled: true,
      alternativeNames: [],
      appId,
      appRoleAssignmentRequired: false,
      description: 'TERRAFORM_UPDATE_2',
      loginUrl: null,
      notes: null,
      notificationEmailAddresses: [],
      preferredSingleSignOnMode: null,
      samlSingleSignOnSettings: {},
      tags: ['WindowsAzureActiveDirectoryIntegratedApp'],
      'owners@odata.bind': [reference(callerId)],
    };
    const created = await graph('POST', '/servicePrincipals', body);
    expect(created).toMatchObject({
      status: 201,
      body: { appId, displayName: NAME, servicePrincipalNames: [appId] },
    });
    principalId = created.body.id;
    expect((await graph('POST', '/servicePrincipals', body)).status).toBe(409);
    const stranger = '11111111-2222-4333-8444-555555555555';
    const refused = await graph('POST', '/servicePrincipals', { ...body, appId: stranger });
    expect(refused.status).toBe(400);
    expect(refused.body.error.message).toBe(
      `The appId '${stranger}' of the service principal does not reference a valid application object.`,
    );
    expect(
      (await graph('GET', `/servicePrincipals${filter(`displayName eq '${NAME.replace("'", "''")}'`)}`)).body
        .value,
    ).toMatchObject([{ id: principalId }]);
  });

  test('16, 17, 18, 19: the service principal is changed and read', async () => {
    expect((await graph('PATCH', `/servicePrincipals/${principalId}`, { description: null })).status).toBe(
      204,
    );
    const read = await graph('GET', `/servicePrincipals/${principalId}`);
    expect(read.body).toMatchObject({
      description: null,
      tags: ['WindowsAzureActiveDirectoryIntegratedApp'],
    });
    const part = await graph('GET', `/beta/servicePrincipals/${principalId}?$select=samlMetadataUrl`);
    expect(part.body).toEqual({ '@odata.context': expect.any(String), samlMetadataUrl: null });
    const owners = `/servicePrincipals/${principalId}/owners`;
    expect((await graph('GET', owners)).body.value).toMatchObject([{ id: callerId }]);
    const user = await must(tenant.graph('GET', '/users/interop@contoso.com'));
    const body = { '@odata.id': reference(user.id) };
    expect((await tenant.graph('POST', `${owners}/$ref`, { body })).status).toBe(204);
    expect((await graph('DELETE', `${owners}/${user.id}/$ref`)).status).toBe(204);
  });

  test('21, 22: consent is given, read, and given once only', async () => {
    const found = await graph('GET', `/servicePrincipals${filter(`appId eq '${EXCHANGE_APP_ID}'`)}`);
    resourceId = found.body.value[0].id;
    const appRoleId = 'dc890d15-9560-4a4c-9b7f-a736ec74ec40';
    expect(found.body.value[0].appRoles).toContainEqual(
      expect.objectContaining({ value: 'full_access_as_app', id: appRoleId }),
    );
    const path = `/servicePrincipals/${resourceId}/appRoleAssignedTo`;
    const body = { appRoleId, principalId, resourceId };
    const created = await graph('POST', path, body);
    expect(created).toMatchObject({ status: 201, body: { ...body, principalType: 'ServicePrincipal' } });
    assignmentId = created.body.id;
    expect((await graph('GET', `${path}/${assignmentId}`)).body).toMatchObject({
      ...body,
      principalDisplayName: NAME,
      resourceDisplayName: 'Office 365 Exchange Online',
    });
    expect((await graph('POST', path, body)).status).toBe(400);
    expect(
      (await graph('GET', `/servicePrincipals/${principalId}/appRoleAssignments`)).body.value,
    ).toHaveLength(1);
  });

  test('22: consent is withdrawn', async () => {
    const path = `/servicePrincipals/${resourceId}/appRoleAssignedTo/${assignmentId}`;
    expect((await graph('DELETE', path)).status).toBe(204);
    expect((await graph('DELETE', path)).status).toBe(404);
    expect((await graph('GET', path)).status).toBe(404);
  });

  test('20: the service principal goes, and its consent with it', async () => {
    const path = `/servicePrincipals/${resourceId}/appRoleAssignedTo`;
    const body = { appRoleId: 'dc890d15-9560-4a4c-9b7f-a736ec74ec40', principalId, resourceId };
    const { id } = await must(graph('POST', path, body));
    expect((await graph('DELETE', `/servicePrincipals/${principalId}`)).status).toBe(204);
    expect((await graph('GET', `/servicePrincipals/${principalId}`)).status).toBe(404);
    expect((await graph('GET', `${path}/${id}`)).status).toBe(404);
  });

  test('12, 13: the secret and the registration go; what was deleted is kept apart', async () => {
    const remove = () => graph('POST', `/applications/${applicationId}/removePassword`, { keyId });
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(400);
    expect((await graph('DELETE', `/applications/${applicationId}`)).status).toBe(204);
    expect((await graph('GET', `/applications/${applicationId}`)).status).toBe(404);
    expect((await graph('DELETE', `/applications/${applicationId}`)).status).toBe(404);
    const state = await tenant.state();
    expect(state.applications.map((it: { id: string }) => it.id)).not.toContain(applicationId);
    expect(state.deletedItems.map((it: { id: string }) => it.id).sort()).toEqual(
      [applicationId, principalId].sort(),
    );
  });
});

test.each([
  ['GET', '/v1.0/applicationTemplates'],
  ['PUT', '/v1.0/applications'],
  ['GET', '/v1.0'],
])('23: %s %s is not emulated and says so', async (method, path) => {
  const answer = await tenant.graph(method, path.replace(/^\/v1\.0$/, '/v1.0/'), { as: 'admin' });
  expect(answer).toMatchObject({ status: 501, body: { error: { code: 'NotImplemented' } } });
});

test('23: paths outside Graph are not emulated either', async () => {
  expect(await tenant.request('/owa/')).toMatchObject({
    status: 501,
    body: { error: { code: 'NotImplemented' } },
  });
  expect(
    (await tenant.request(`/${tenant.sandbox.info.tenantId}/oauth2/token`, { method: 'POST' })).status,
  ).toBe(501);
});
