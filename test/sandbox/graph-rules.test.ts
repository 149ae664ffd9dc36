/** What Graph takes and refuses, beyond the provider's own requests. */
import { decodeJwt } from 'jose';
import { EXCHANGE_APP_ID, GRAPH_APP_ID } from '../../sandbox/entra/first-party.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import {
  freshName,
  grant,
  lookUpApi,
  makeApplication,
  makeClient,
  makePrincipal,
  must,
  tokenOf,
} from './support/principals.js';

let tenant: TestSandbox;
beforeAll(async () => {
  tenant = await startTestSandbox({ mailboxes: 25 });
});
afterAll(() => tenant.dispose());

const get = (path: string, headers: Record<string, string> = {}) => tenant.graph('GET', path, { headers });
const post = (path: string, body: unknown) => tenant.graph('POST', path, { body });
const patch = (path: string, body: unknown) => tenant.graph('PATCH', path, { body });
const reference = (id: string) => `${tenant.sandbox.info.graph}/v1.0/directoryObjects/${id}`;
const messageOf = (answer: { body: { error?: { message: string } } }) => answer.body.error?.message;

/** An oracle for the table of routes that does not come from it. */
describe('who may do what', () => {
  test.each([
    ['reader', 'GET', '/applications', 200],
    ['reader', 'POST', '/applications', 403],
    ['reader', 'GET', '/users', 403],
    ['reader', 'GET', '/groups', 403],
    ['deployer', 'POST', '/applications', 201],
    ['deployer', 'GET', '/users', 200],
    ['reader', 'POST', '/users', 403],
    ['deployer', 'GET', '/domains', 403],
    ['deployer', 'POST', '/groups', 403],
    ['admin', 'GET', '/domains', 200],
    ['admin', 'GET', '/organization', 200],
  ])('%s: %s %s is answered %d', async (as, method, path, status) => {
    const body = method === 'POST' ? { body: { displayName: freshName('who') } } : {};
    expect((await tenant.graph(method, path, { as, ...body })).status).toBe(status);
  });

  test('a deployer that leaves the owners is locked out', async () => {
    const callerId = String(decodeJwt(await tenant.token('deployer')).oid);
    const { id } = await makeApplication(tenant, { 'owners@odata.bind': [reference(callerId)] }, 'deployer');
    const as = 'deployer';
    expect((await tenant.graph('DELETE', `/applications/${id}/owners/${callerId}/$ref`, { as })).status).toBe(
      204,
    );
    expect((await tenant.graph('PATCH', `/applications/${id}`, { as, body: { notes: 'x' } })).status).toBe(
      403,
    );
    // It reads on through Application.Read.All.
    expect((await tenant.graph('GET', `/applications/${id}`, { as })).status).toBe(200);
  });

  test('OwnedBy makes no service principal for the application of somebody else', async () => {
    const { appId } = await makeApplication(tenant);
    expect(
      (await tenant.graph('POST', '/servicePrincipals', { as: 'deployer', body: { appId } })).status,
    ).toBe(403);
  });

  test('consent alone, without the right to read applications, is refused', async () => {
    const token = await tokenOf(tenant, await makeClient(tenant, ['AppRoleAssignment.ReadWrite.All']));
    const api = await lookUpApi(tenant);
    const { id } = await makePrincipal(tenant, (await makeApplication(tenant)).appId);
    const body = { principalId: id, resourceId: api.id, appRoleId: api.roleId('Place.Read.All') };
    const path = `/servicePrincipals/${api.id}/appRoleAssignedTo`;
    expect((await tenant.graph('POST', path, { as: token, body })).status).toBe(403);
    expect((await tenant.graph('POST', path, { as: 'deployer', body })).status).toBe(201);
  });

  test("Microsoft's own service principals are left alone", async () => {
    for (const appId of [GRAPH_APP_ID, EXCHANGE_APP_ID]) {
      const { id } = await lookUpApi(tenant, appId);
      expect((await patch(`/servicePrincipals/${id}`, { notes: 'x' })).status).toBe(403);
      expect((await tenant.graph('DELETE', `/servicePrincipals/${id}`)).status).toBe(403);
    }
  });
});

describe('bodies', () => {
  test.each([
    ['no JSON', '{"displayName":', 'Unable to read JSON request payload'],
    ['a list', [], 'Unable to read JSON request payload'],
    ['no display name', {}, "property 'displayName'"],
    ['an empty display name', { displayName: ' ' }, 'must not be empty'],
    ['a display name of 257 characters', { displayName: 'x'.repeat(257) }, '256 characters'],
    ['a display name that is none', { displayName: 5 }, 'a string is expected'],
    ['an unknown property', { displayName: 'x', dispalyName: 'y' }, "Invalid property 'dispalyName'"],
    ['an inherited name', { displayName: 'x', constructor: {} }, "Invalid property 'constructor'"],
    [
      'an unknown nested property',
      { displayName: 'x', web: { homepage: 'y' } },
      "Invalid property 'web.homepage'",
    ],
    ['a read-only property', { displayName: 'x', appId: GRAPH_APP_ID }, "'appId' is read-only"],
    ['an unknown audience', { displayName: 'x', signInAudience: 'Everybody' }, 'AzureADMyOrg'],
    ['tags that are no list', { displayName: 'x', tags: 'y' }, 'a collection is expected'],
    ['an owner that is no URL', { displayName: 'x', 'owners@odata.bind': ['me'] }, 'Invalid URL format'],
    [
      'an owner elsewhere',
      {
        displayName: 'x',
        'owners@odata.bind': [`https://graph.microsoft.com/v1.0/directoryObjects/${GRAPH_APP_ID}`],
      },
      'Invalid URL format',
    ],
    ['an unknown binding', { displayName: 'x', 'members@odata.bind': [] }, 'Invalid property'],
    [
      'a resource access of another type',
      {
        displayName: 'x',
        requiredResourceAccess: [
          { resourceAppId: GRAPH_APP_ID, resourceAccess: [{ id: GRAPH_APP_ID, type: 'role' }] },
        ],
      },
      'Role, Scope',
    ],
    [
      'a URI of a strange domain',
      { displayName: 'x', identifierUris: ['https://fabrikam.com/app'] },
      'verified domain',
    ],
  ])('an application with %s is a 400', async (_, body, message) => {
    const answer = await post('/applications', body);
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain(message);
  });

  test('a body that is not called JSON is none', async () => {
    const answer = await tenant.graph('POST', '/applications', {
      body: { displayName: 'x' },
      headers: { 'content-type': 'text/plain' },
    });
    expect(answer.status).toBe(400);
  });

  test('owners that do not exist, and owners twice', async () => {
    const nobody = reference('11111111-2222-4333-8444-555555555555');
    expect((await post('/applications', { displayName: 'x', 'owners@odata.bind': [nobody] })).status).toBe(
      404,
    );
    const user = reference((await must(get('/users/interop@contoso.com'))).id);
    expect(
      (await post('/applications', { displayName: 'x', 'owners@odata.bind': [user, user] })).status,
    ).toBe(400);
  });

  test('an identifier URI belongs to one application', async () => {
    const identifierUris = ['https://calendars.contoso.com'];
    const { id } = await makeApplication(tenant, { identifierUris });
    expect((await patch(`/applications/${id}`, { identifierUris })).status).toBe(204);
    const twin = await post('/applications', { displayName: 'twin', identifierUris });
    expect(messageOf(twin)).toContain('already exists');
  });

  test('a role is disabled before it goes', async () => {
    const role = {
      id: '11111111-2222-4333-8444-555555555555',
      displayName: 'r',
      description: 'r',
      value: 'r',
      isEnabled: true,
      allowedMemberTypes: ['Application'],
    };
    const { id } = await makeApplication(tenant, { appRoles: [role] });
    const refused = await patch(`/applications/${id}`, { appRoles: [] });
    expect(messageOf(refused)).toMatch(
      /Permission \(scope or role\) cannot be deleted or updated unless disabled first/,
    );
    expect((await patch(`/applications/${id}`, { appRoles: [{ ...role, isEnabled: false }] })).status).toBe(
      204,
    );
    expect((await patch(`/applications/${id}`, { appRoles: [] })).status).toBe(204);
  });

  test('secrets: the end is behind the start and to come; two years unless told; as many as wished', async () => {
    const { id } = await makeApplication(tenant);
    const add = (passwordCredential: object) =>
      post(`/applications/${id}/addPassword`, { passwordCredential });
    for (const wish of [
      { endDateTime: '2020-01-01T00:00:00Z' },
      { startDateTime: '2998-01-01T00:00:00Z', endDateTime: '2997-01-01T00:00:00Z' },
      { endDateTime: 'tomorrow' },
      { endDateTime: '2999-13-01T00:00:00Z' },
      { secretText: 'mine' },
    ]) {
      expect((await add(wish)).status).toBe(400);
    }
    expect((await post(`/applications/${id}/addPassword`, { password: {} })).status).toBe(400);
    const { body } = await add({});
    const years = new Date(body.endDateTime).getUTCFullYear() - new Date(body.startDateTime).getUTCFullYear();
    expect(years).toBe(2);
    expect((await add({ endDateTime: '2999-01-01T02:00:00.000+02:00' })).body.endDateTime).toBe(
      '2999-01-01T00:00:00Z',
    );
    expect((await add({ displayName: 'third' })).status).toBe(200);
    expect((await must(get(`/applications/${id}`))).passwordCredentials).toHaveLength(3);
  });

  test('assignments: of a role that there is, to a principal that there is, in the resource that is named', async () => {
    const { id } = await makePrincipal(tenant, (await makeApplication(tenant)).appId);
    const api = await lookUpApi(tenant);
    const path = `/servicePrincipals/${api.id}/appRoleAssignedTo`;
    const body = { principalId: id, resourceId: api.id, appRoleId: api.roleId('Place.Read.All') };
    expect(
      messageOf(await post(path, { ...body, appRoleId: 'dc890d15-9560-4a4c-9b7f-a736ec74ec40' })),
    ).toContain('Permission being assigned was not found');
    expect(messageOf(await post(path, { ...body, principalId: api.roleId('Place.Read.All') }))).toBe(
      'Not a valid reference update.',
    );
    expect((await post(path, { ...body, resourceId: id })).status).toBe(400);
    expect((await post(path, { principalId: id })).status).toBe(400);
    expect(
      (await post(`/servicePrincipals/${api.roleId('Place.Read.All')}/appRoleAssignedTo`, body)).status,
    ).toBe(404);
    expect((await get('/servicePrincipals/nonsense')).status).toBe(400);
  });

  test('federated credentials: one audience, unique name, unique issuer and subject', async () => {
    const { id } = await makeApplication(tenant);
    const path = `/applications/${id}/federatedIdentityCredentials`;
    const body = {
      name: 'main',
      description: null,
      issuer: 'https://issuer.example',
      subject: 's',
      audiences: ['a'],
    };
    const created = await post(path, body);
    expect(created).toMatchObject({ status: 201, body: { ...body, id: expect.any(String) } });
    expect((await post(path, { ...body, subject: 'other' })).status).toBe(409);
    expect((await post(path, { ...body, name: 'other' })).status).toBe(409);
    expect((await post(path, { ...body, name: 'o', audiences: [] })).status).toBe(400);
    expect((await post(path, { ...body, name: 'other', subject: 'o', audiences: ['a', 'b'] })).status).toBe(
      400,
    );
    expect((await patch(`${path}/${created.body.id}`, { name: 'renamed' })).status).toBe(400);
    expect((await patch(`${path}/main`, { subject: 'changed' })).status).toBe(204);
    expect((await get(`${path}/${created.body.id}`)).body).toMatchObject({
      subject: 'changed',
      audiences: ['a'],
    });
  });
});

describe('queries', () => {
  test('pages follow each other without loss, also when something is deleted in between', async () => {
    const prefix = freshName('paged');
    for (let number = 0; number < 7; number += 1)
      await makeApplication(tenant, { displayName: `${prefix} ${number}` });
    const seen: string[] = [];
    let path: string | undefined = `/v1.0/applications?$top=2&$filter=startswith(displayName,'${prefix}')`;
    while (path !== undefined) {
      const { value, ...rest }: { value: { id: string; displayName: string }[]; '@odata.nextLink'?: string } =
        await must(get(path));
      seen.push(...value.map(({ displayName }) => displayName));
      if (seen.length === 2) await must(tenant.graph('DELETE', `/applications/${value[0]?.id}`));
      path = rest['@odata.nextLink']?.slice(tenant.sandbox.info.graph.length);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6].map((number) => `${prefix} ${number}`));
  });

  test('users are paged, and found by what is unique to them', async () => {
    const all = await must(get('/users?$top=999'));
    expect(all.value).toHaveLength(26);
    expect(all['@odata.nextLink']).toBeUndefined();
    const counted = await get('/users?$top=1&$count=true', { ConsistencyLevel: 'eventual' });
    expect(counted.body).toMatchObject({
      '@odata.count': 26,
      value: [{}],
      '@odata.nextLink': expect.any(String),
    });
    const next = counted.body['@odata.nextLink'].slice(tenant.sandbox.info.graph.length);
    const second = await get(next, { ConsistencyLevel: 'eventual' });
    expect(second.body).toMatchObject({ '@odata.count': 26, value: [{ id: all.value[1].id }] });
    for (const { id, userPrincipalName } of all.value as { id: string; userPrincipalName: string }[]) {
      const quoted = encodeURIComponent(userPrincipalName.replaceAll("'", "''"));
      expect((await must(get(`/users?$filter=userPrincipalName eq '${quoted}'`))).value).toMatchObject([
        { id },
      ]);
      expect((await get(`/users/${encodeURIComponent(userPrincipalName)}`)).body).toMatchObject({ id });
    }
  });

  test('tags are searched', async () => {
    const { id } = await makeApplication(tenant, { tags: ["stack:o'brien", 'other'] });
    const found = await must(get("/applications?$filter=tags/any(t:t eq 'stack:o''brien')"));
    expect(found.value).toMatchObject([{ id }]);
  });

  test.each([
    ["/applications?$filter=notes eq 'x'", 400],
    ["/applications?$filter=displayName gt 'x'", 400],
    ["/applications?$filter=displayName ne 'x'", 400],
    ['/applications?$count=true', 400],
    ['/applications?$top=0', 400],
    ['/applications?$top=1000', 400],
    ['/applications?$top=x', 400],
    ['/applications?$skiptoken=nonsense', 400],
    ['/applications?$select=nonsense', 400],
    ['/applications?$nonsense=1', 400],
    ['/applications?$expand=owners', 501],
    ['/applications?$orderby=displayName', 501],
    ["/organization?$filter=id eq 'x'", 400],
  ])('%s is answered %d', async (path, status) => {
    // An unknown property in $select shows where there is an object to select from.
    expect((await get(path)).status).toBe(status);
  });

  test('advanced queries want the consistency level', async () => {
    const path = "/applications?$count=true&$top=1&$filter=not startswith(displayName,'sandbox')";
    expect((await get(path)).status).toBe(400);
    const answer = await get(path, { ConsistencyLevel: 'eventual' });
    expect(answer.status).toBe(200);
    expect(answer.body['@odata.count']).toBeGreaterThan(answer.body.value.length);
  });

  test('alternate keys', async () => {
    const { id, appId } = await makeApplication(tenant);
    expect((await get(`/applications(appId='${appId}')`)).body).toMatchObject({ id });
    expect((await get(`/servicePrincipals(appId='${appId}')`)).status).toBe(404);
    expect((await patch(`/applications(appId='${appId}')`, { notes: 'by key' })).status).toBe(204);
    expect((await get(`/users(appId='${appId}')`)).status).toBe(501);
  });

  test('v1.0 shows the usual properties of a user, all on demand', async () => {
    const path = '/users/interop@contoso.com';
    expect((await get(path)).body.usageLocation).toBeUndefined();
    expect((await get(`/beta${path}`)).body.usageLocation).toBe('DE');
    expect((await get(`${path}?$select=usageLocation`)).body).toEqual({
      '@odata.context': expect.any(String),
      usageLocation: 'DE',
    });
    expect((await get('/servicePrincipals?$select=samlMetadataUrl')).status).toBe(400);
  });
});

describe('users and groups', () => {
  const user = (changes: object = {}) => ({
    accountEnabled: true,
    displayName: 'Role Account',
    mailNickname: 'role',
    passwordProfile: { forceChangePasswordNextSignIn: false, password: 'Correct-Horse-1' },
    userPrincipalName: `${freshName('role').replace(' ', '.')}@contoso.com`,
    ...changes,
  });

  test('a user as the provider makes, changes and deletes it', async () => {
    const body = {
      ...user(),
      ageGroup: null,
      businessPhones: [],
      employeeOrgData: { costCenter: null, division: null },
      otherMails: [],
      passwordPolicies: 'DisablePasswordExpiration, DisableStrongPassword',
      usageLocation: 'DE',
    };
    const created = await post('/users', body);
    expect(created.status).toBe(201);
    const path = `/users/${created.body.id}`;
    expect((await patch(`/beta${path}`, { showInAddressList: false })).status).toBe(204);
    expect((await get(`/beta${path}?$select=showInAddressList`)).body.showInAddressList).toBe(false);
    expect((await get(`${path}/manager`)).status).toBe(404);
    const manager = await must(get('/users/interop@contoso.com'));
    const link = { body: { '@odata.id': reference(manager.id) } };
    expect((await tenant.graph('PUT', `${path}/manager/$ref`, link)).status).toBe(204);
    expect((await get(`${path}/manager`)).body).toMatchObject({
      '@odata.type': '#microsoft.graph.user',
      id: manager.id,
    });
    expect((await tenant.graph('DELETE', `${path}/manager/$ref`)).status).toBe(204);
    expect((await get(`${path}/manager`)).status).toBe(404);
    expect((await tenant.graph('DELETE', path)).status).toBe(204);
    expect((await get(path)).status).toBe(404);
    const deleted = await must(get('/directory/deletedItems/microsoft.graph.user'));
    expect(deleted.value).toMatchObject([{ id: created.body.id, deletedDateTime: expect.any(String) }]);
    expect((await post(`/directory/deletedItems/${created.body.id}/restore`, {})).status).toBe(200);
    expect((await get(path)).status).toBe(200);
  });

  test.each([
    ['a strange domain', { userPrincipalName: 'x@fabrikam.com' }, 'domain portion of the userPrincipalName'],
    ['an unverified domain', { userPrincipalName: 'x@unverified.contoso.com' }, 'domain portion'],
    ['a name that is taken', { userPrincipalName: 'INTEROP@contoso.com' }, 'already exists'],
    ['no password', { passwordProfile: {} }, 'A password must be specified'],
    ['a simple password', { passwordProfile: { password: 'password' } }, 'complexity'],
    ['a country that is none', { usageLocation: 'Germany' }, 'usageLocation'],
    ['an unknown policy', { passwordPolicies: 'Whatever' }, 'passwordPolicies'],
  ])('a user with %s is a 400', async (_, changes, message) => {
    const answer = await post('/users', user(changes));
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toContain(message);
    expect(messageOf(answer)).not.toContain('One or more property values specified are invalid');
  });

  test('a group with owners and members', async () => {
    const interop = reference((await must(get('/users/interop@contoso.com'))).id);
    const body = {
      displayName: 'Rooms',
      mailEnabled: false,
      mailNickname: 'rooms',
      securityEnabled: true,
      groupTypes: [],
      'owners@odata.bind': [interop],
    };
    const { id } = await must(post('/beta/groups', body));
    expect((await post(`/beta/groups/${id}/members/$ref`, { '@odata.id': interop })).status).toBe(204);
    expect((await post(`/beta/groups/${id}/members/$ref`, { '@odata.id': interop })).status).toBe(400);
    const memberId = interop.split('/').at(-1) ?? '';
    const members = await must(get(`/beta/groups/${id}/members?$filter=id eq '${memberId}'`));
    expect(members.value).toMatchObject([{ '@odata.type': '#microsoft.graph.user', id: memberId }]);
    expect((await tenant.graph('DELETE', `/groups/${id}/owners/${memberId}/$ref`)).status).toBe(400);
    expect((await post('/groups', { ...body, mailEnabled: true })).status).toBe(400);
    const unified = await must(
      post('/groups', { ...body, mailEnabled: true, securityEnabled: false, groupTypes: ['Unified'] }),
    );
    expect(unified.mail).toBe('rooms@contoso.com');
  });

  test('a deleted user is owner and member of nothing', async () => {
    const { id } = await must(post('/users', user()));
    const application = await makeApplication(tenant, { 'owners@odata.bind': [reference(id)] });
    await must(tenant.graph('DELETE', `/users/${id}`));
    expect((await must(get(`/applications/${application.id}/owners`))).value).toEqual([]);
  });

  test('directory roles show who holds them', async () => {
    const roles = await must(get("/directoryRoles?$filter=displayName eq 'Exchange Administrator'"));
    const members = await must(get(`/directoryRoles/${roles.value[0].id}/members`));
    const admin = String(decodeJwt(await tenant.token('admin')).oid);
    expect(members.value.map((it: { id: string }) => it.id)).toContain(admin);
    const grants = await must(
      get(`/roleManagement/directory/roleAssignments?$filter=principalId eq '${admin}'`),
    );
    expect(grants.value).toMatchObject([
      { roleDefinitionId: roles.value[0].roleTemplateId, directoryScopeId: '/' },
    ]);
  });
});

test('deleting an application takes its service principal, consent and sign-in along; it comes back without them', async () => {
  const client = await makeClient(tenant, ['Place.Read.All']);
  const { id: assignmentId, resourceId } = await grant(tenant, client.principalId, 'Policy.Read.All');
  await must(tenant.graph('DELETE', `/applications/${client.id}`));
  expect((await get(`/servicePrincipals/${client.principalId}`)).status).toBe(404);
  expect((await get(`/servicePrincipals/${resourceId}/appRoleAssignedTo/${assignmentId}`)).status).toBe(404);
  await expect(tokenOf(tenant, client)).rejects.toThrow('AADSTS700016');
  const restore = (id: string) => post(`/directory/deletedItems/${id}/restore`, {});
  expect((await restore(client.principalId)).status).toBe(400);
  expect((await restore(client.id)).status).toBe(200);
  await expect(tokenOf(tenant, client)).rejects.toThrow('AADSTS7000229');
  expect((await restore(client.principalId)).status).toBe(200);
  expect(decodeJwt(await tokenOf(tenant, client)).roles).toBeUndefined();
  await must(tenant.graph('DELETE', `/applications/${client.id}`));
  expect((await tenant.graph('DELETE', `/directory/deletedItems/${client.id}`)).status).toBe(204);
  expect((await restore(client.id)).status).toBe(404);
});

test('every Graph answer carries its request id, and echoes the client one', async () => {
  const { headers } = await get('/domains', { 'client-request-id': 'mine' });
  expect(headers).toMatchObject({
    'request-id': expect.any(String),
    'client-request-id': 'mine',
    'odata-version': '4.0',
  });
  const refused = await tenant.graph('GET', '/users/nobody@contoso.com', {
    headers: { 'client-request-id': 'mine' },
  });
  expect(refused.body.error.innerError).toMatchObject({
    'client-request-id': 'mine',
    'request-id': refused.headers['request-id'],
  });
});
