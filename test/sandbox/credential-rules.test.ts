/** What Entra knows of secrets beyond making them: which one signed in last, and which ones policies allow. */
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import {
  type MadeClient,
  makeApplication,
  makeClient,
  must,
  secretForm,
  tokenOf,
} from './support/principals.js';

const REPORT = '/beta/reports/appCredentialSignInActivities';
const HOUR = 3_600_000;

let tenant: TestSandbox;
beforeAll(async () => {
  tenant = await startTestSandbox({ clock: new Date('2027-01-31T08:00:00Z') });
});
afterEach(() => tenant.control({ clearFaults: true }));
afterAll(() => tenant.dispose());

const rowsOf = async (keyId: string) => {
  const query = new URLSearchParams({ $filter: `keyId eq '${keyId}'` });
  return (await must(tenant.graph('GET', `${REPORT}?${query}`))).value;
};
const later = (advanceMs: number) => tenant.control({ clock: { advanceMs } });

describe('the report of sign-ins', () => {
  let client: MadeClient;
  beforeEach(async () => {
    client = await makeClient(tenant);
  });

  test('tells of the secret that signed in, and of none that did not', async () => {
    expect(await rowsOf(client.keyId)).toEqual([]);
    await tokenOf(tenant, client);
    const [row] = await rowsOf(client.keyId);
    expect(row).toMatchObject({
      appId: client.appId,
      appObjectId: client.id,
      keyId: client.keyId,
      keyType: 'clientSecret',
      servicePrincipalObjectId: client.principalId,
      signInActivity: { lastSignInDateTime: expect.stringMatching(/^2027-/) },
    });
  });

  test('tells of the latest sign-in', async () => {
    await tokenOf(tenant, client);
    const [first] = await rowsOf(client.keyId);
    await later(HOUR);
    await tokenOf(tenant, client);
    const [second] = await rowsOf(client.keyId);
    const at = (row: typeof first) => Date.parse(row.signInActivity.lastSignInDateTime);
    expect(at(second) - at(first)).toBeGreaterThanOrEqual(HOUR - 1000);
  });

  test('tells of no sign-in that was refused', async () => {
    const wrong = secretForm(tenant, client, { scope: 'https://nobody.example/.default' });
    expect((await tenant.tokenRequest(wrong)).status).toBe(400);
    expect((await tenant.tokenRequest(secretForm(tenant, client, { client_secret: 'no' }))).status).toBe(401);
    expect(await rowsOf(client.keyId)).toEqual([]);
  });

  test('comes as late as it is told to, and shows what it showed before meanwhile', async () => {
    await tokenOf(tenant, client);
    const [before] = await rowsOf(client.keyId);
    await tenant.control({ faults: [`reportDelay=${6 * HOUR}`] });
    await later(HOUR);
    await tokenOf(tenant, client);
    expect(await rowsOf(client.keyId)).toEqual([before]);
    await later(6 * HOUR);
    expect(await rowsOf(client.keyId)).not.toEqual([before]);
  });

  test('can be empty or impossible, as often as it is told to', async () => {
    await tokenOf(tenant, client);
    await tenant.control({ faults: ['reportEmpty=1', 'reportContradiction=1'] });
    expect(await rowsOf(client.keyId)).toEqual([]);
    const [row] = await rowsOf(client.keyId);
    expect(Date.parse(row.signInActivity.lastSignInDateTime)).toBeLessThan(Date.parse(row.createdDateTime));
    const [fine] = await rowsOf(client.keyId);
    expect(Date.parse(fine.signInActivity.lastSignInDateTime)).toBeGreaterThanOrEqual(
      Date.parse(fine.createdDateTime),
    );
  });

  test('is there in beta only', async () => {
    expect((await tenant.graph('GET', '/v1.0/reports/appCredentialSignInActivities')).status).toBe(501);
  });
});

describe('app management policies', () => {
  const restrict = (passwordCredentials: readonly object[], isEnabled = true) =>
    must(
      tenant.graph('PATCH', '/policies/defaultAppManagementPolicy', {
        body: { isEnabled, applicationRestrictions: { passwordCredentials } },
      }),
    );
  afterEach(() => restrict([], false));

  const add = async (id: string, days: number) => {
    const endDateTime = new Date(Date.parse('2027-02-02T00:00:00Z') + days * 24 * HOUR).toISOString();
    const startDateTime = '2027-02-02T00:00:00Z';
    return await tenant.graph('POST', `/applications/${id}/addPassword`, {
      body: { passwordCredential: { startDateTime, endDateTime } },
    });
  };
  const LIFETIME = { restrictionType: 'passwordLifetime', state: 'enabled', maxLifetime: 'P90D' };
  const ADDITION = { restrictionType: 'passwordAddition', state: 'enabled' };

  test('the default one is there and off', async () => {
    expect(await must(tenant.graph('GET', '/policies/defaultAppManagementPolicy'))).toMatchObject({
      isEnabled: false,
      applicationRestrictions: { passwordCredentials: [] },
    });
  });

  test('cap the life of secrets, to the second', async () => {
    const { id } = await makeApplication(tenant);
    await restrict([LIFETIME]);
    expect((await add(id, 90)).status).toBe(200);
    expect(await add(id, 90 + 1 / 86_400)).toMatchObject({
      status: 400,
      body: { error: { code: 'CredentialInvalidLifetimeAsPerAppPolicy' } },
    });
  });

  test('forbid secrets', async () => {
    const { id } = await makeApplication(tenant);
    await restrict([ADDITION, LIFETIME]);
    expect(await add(id, 1)).toMatchObject({
      status: 400,
      body: { error: { code: 'CredentialTypeNotAllowedAsPerAppPolicy' } },
    });
  });

  test.each([
    ['the policy is off', [ADDITION], false],
    ['the rule is off', [{ ...ADDITION, state: 'disabled' }], true],
    [
      'the rule is for younger applications',
      [{ ...ADDITION, restrictForAppsCreatedAfterDateTime: '2099-01-01T00:00:00Z' }],
      true,
    ],
  ] as const)('leave an application alone where %s', async (_, rules, isEnabled) => {
    const { id } = await makeApplication(tenant);
    await restrict(rules, isEnabled);
    expect((await add(id, 700)).status).toBe(200);
  });

  test("an application's own policy goes before the default one", async () => {
    const { id } = await makeApplication(tenant);
    await restrict([LIFETIME]);
    const policy = await must(
      tenant.graph('POST', '/policies/appManagementPolicies', {
        body: {
          displayName: 'longer',
          isEnabled: true,
          restrictions: { passwordCredentials: [{ ...LIFETIME, maxLifetime: 'P365D' }] },
        },
      }),
    );
    const reference = {
      '@odata.id': `${tenant.sandbox.info.graph}/v1.0/policies/appManagementPolicies/${policy.id}`,
    };
    await must(tenant.graph('POST', `/applications/${id}/appManagementPolicies/$ref`, { body: reference }));
    expect((await must(tenant.graph('GET', `/applications/${id}/appManagementPolicies`))).value).toEqual([
      expect.objectContaining({ id: policy.id, displayName: 'longer' }),
    ]);
    expect((await add(id, 365)).status).toBe(200);
    expect((await add(id, 366)).status).toBe(400);
  });

  test.each([['P3M'], ['P'], ['90'], ['PT']])(
    '%s is no lifetime that the sandbox knows',
    async (maxLifetime) => {
      const body = { applicationRestrictions: { passwordCredentials: [{ ...LIFETIME, maxLifetime }] } };
      expect((await tenant.graph('PATCH', '/policies/defaultAppManagementPolicy', { body })).status).toBe(
        400,
      );
    },
  );
});
