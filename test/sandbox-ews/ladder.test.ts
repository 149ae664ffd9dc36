/** Who may look up what over EWS: each rung is refused with its own status, headers and body, and only the last one answers. */
import { EXCHANGE_APP_ID } from '../../sandbox/entra/first-party.js';
import { grant, makeClient, must, secretForm } from '../sandbox/support/principals.js';
import { EXCHANGE_SCOPE } from '../sandbox-exchange/support/exchange.js';
import { type EwsTenant, entriesOf, envelopeOf, faultOf, ROLE_ACCOUNT, startEws } from './support/tenant.js';

const HOUR_MS = 3_600_000;
const OTHER_APP = 'aaaaaaaa-1111-4111-8111-111111111111';

let tenant: EwsTenant;
let colleague: string;
beforeEach(async () => {
  tenant = await startEws();
  [colleague = ''] = tenant.addresses;
});
afterEach(() => tenant.dispose());

const ask = (options: Partial<Parameters<EwsTenant['lookUp']>[0]> = {}, token?: string) =>
  tenant.lookUp({ attendees: [colleague], ...options }, token);
const organization = (parameters: object) => tenant.rows('Set-OrganizationConfig', parameters);
const advance = (milliseconds: number) => tenant.tenant.control({ clock: { advanceMs: milliseconds } });

describe('the token', () => {
  const challenge = /^Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="/;

  test('is wanted: 401 with a challenge and without a body', async () => {
    const answer = await tenant.post(envelopeOf({ attendees: [colleague] }));
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(challenge);
    expect(answer.body).toBeUndefined();
  });

  test('has to be for Exchange, of this tenant, signed and not expired', async () => {
    const forGraph = await must(tenant.tenant.tokenRequest(secretForm(tenant.tenant, tenant.google)));
    const [head, claims = '', signature] = (await tenant.ewsToken()).split('.');
    const foreign = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), tid: OTHER_APP };
    const forged = [head, Buffer.from(JSON.stringify(foreign)).toString('base64url'), signature].join('.');
    for (const bad of [forGraph.access_token, forged, 'a.b.c']) {
      const answer = await ask({}, bad);
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/error="invalid_token"/);
    }
    const old = await tenant.ewsToken();
    expect((await ask({}, old)).status).toBe(200);
    await advance(2 * HOUR_MS);
    const expired = await ask({}, old);
    expect(expired.status).toBe(401);
    expect(expired.headers['www-authenticate']).toMatch(/expired/);
  });

  test('of Basic is none: Exchange Online has switched it off', async () => {
    const { account, password } = tenant.tenant.sandbox.info.onPremises;
    const basic = Buffer.from(`${account}:${password}`).toString('base64');
    const answer = await tenant.post(envelopeOf({ attendees: [colleague] }), {
      authorization: `Basic ${basic}`,
    });
    expect(answer.status).toBe(401);
  });
});

describe('the switch and the list', () => {
  const blocked = {
    status: 403,
    headers: { 'x-ews-policy-reason': 'EWS is blocked by policy for this user or tenant' },
  };
  const disabled = {
    status: 403,
    headers: { 'x-ews-policy-reason': 'EWS is disabled for this user or tenant' },
  };

  test('unset lets in whoever has consent, whatever the list says', async () => {
    await organization({ EwsAllowedAppIDs: OTHER_APP });
    expect((await ask()).status).toBe(200);
    await tenant.tenant.control({ faults: ['ewsUnsetBlocks=1'] });
    expect(await ask()).toMatchObject(disabled);
  });

  test('on lets in listed applications only, off nobody', async () => {
    await organization({ EwsEnabled: true });
    expect(await ask()).toMatchObject(blocked);
    await organization({ EwsAllowedAppIDs: OTHER_APP });
    expect(await ask()).toMatchObject(blocked);
    await organization({ EwsAllowedAppIDs: `${OTHER_APP}, ${tenant.google.appId.toUpperCase()}` });
    expect((await ask()).status).toBe(200);
    await organization({ EwsEnabled: false });
    expect(await ask()).toMatchObject(disabled);
  });

  test('takes effect later, where it is set so: up to a day', async () => {
    await tenant.tenant.control({ faults: [`ewsPolicyDelay=${24 * HOUR_MS}`] });
    await organization({ EwsEnabled: true, EwsAllowedAppIDs: OTHER_APP });
    expect((await ask({}, await tenant.ewsToken())).status).toBe(200);
    await advance(23 * HOUR_MS);
    expect((await ask({}, await tenant.ewsToken())).status).toBe(200);
    await advance(2 * HOUR_MS);
    expect(await ask({}, await tenant.ewsToken())).toMatchObject(blocked);
  });

  test('lists of user agents count too', async () => {
    await organization({ EwsApplicationAccessPolicy: 'EnforceAllowList', EwsAllowList: ['Apache-Http*'] });
    expect(await ask({ headers: { 'user-agent': 'something' } })).toMatchObject(blocked);
    expect((await ask({ headers: { 'user-agent': 'Apache-HttpClient/4' } })).status).toBe(200);
    await organization({ EwsApplicationAccessPolicy: 'EnforceBlockList', EwsBlockList: ['Apache-Http*'] });
    expect(await ask({ headers: { 'user-agent': 'Apache-HttpClient/4' } })).toMatchObject(blocked);
  });

  test('of one mailbox blocks its account, and not those who are looked at', async () => {
    await tenant.rows('Set-CASMailbox', { Identity: colleague, EwsEnabled: false });
    expect((await ask()).status).toBe(200);
    await tenant.rows('Set-CASMailbox', { Identity: ROLE_ACCOUNT, EwsEnabled: false });
    expect(await ask()).toMatchObject(disabled);
  });

  test('retired is off for all', async () => {
    await organization({ EwsEnabled: true, EwsAllowedAppIDs: tenant.google.appId });
    await tenant.tenant.control({ faults: ['ewsRetired=1'] });
    expect(await ask()).toMatchObject(disabled);
  });
});

describe('the impersonation', () => {
  const refusal = async (answer: Awaited<ReturnType<typeof ask>>) => [answer.status, faultOf(answer).code];

  test('is wanted of an application', async () => {
    expect(await refusal(await ask({ as: null }))).toEqual([
      500,
      'ErrorInvalidExchangeImpersonationHeaderData',
    ]);
  });

  test.each([
    ['SmtpAddress', 'nobody@contoso.com', 'ErrorNonExistentMailbox'],
    ['SmtpAddress', 'no address', 'ErrorInvalidSmtpAddress'],
    ['PrincipalName', 'nobody@contoso.com', 'ErrorNonExistentMailbox'],
    ['SID', 'S-1-5-21-1-2-3-4', 'ErrorImpersonationFailed'],
    ['Nonsense', ROLE_ACCOUNT, 'ErrorInvalidExchangeImpersonationHeaderData'],
  ])('by %s of %s is refused with %s', async (impersonation, as, code) => {
    expect(await refusal(await ask({ impersonation, as }))).toEqual([500, code]);
  });

  test.each(['SmtpAddress', 'PrimarySmtpAddress', 'PrincipalName'])('by %s works', async (impersonation) => {
    expect((await ask({ impersonation, as: ROLE_ACCOUNT.toUpperCase() })).status).toBe(200);
  });

  test('wants a mailbox: a licence taken away takes it along; a kiosk licence is 403', async () => {
    const { body: users } = await tenant.tenant.graph(
      'GET',
      `/users/${ROLE_ACCOUNT}?$select=id,assignedLicenses`,
    );
    const license = (add: readonly string[], remove: readonly string[]) =>
      must(
        tenant.tenant.graph('POST', `/users/${ROLE_ACCOUNT}/assignLicense`, {
          body: { addLicenses: add.map((skuId) => ({ skuId, disabledPlans: [] })), removeLicenses: remove },
        }),
      );
    const former = users.assignedLicenses.map(({ skuId }: { skuId: string }) => skuId);
    await license([], former);
    expect(await refusal(await ask())).toEqual([500, 'ErrorNonExistentMailbox']);
    await license(['80b2d799-d2ba-4d2a-8842-fb0d0f3a4b82'], []);
    const kiosk = await ask();
    expect(kiosk.status).toBe(403);
    expect(kiosk.headers['x-ews-policy-reason']).toBeUndefined();
  });

  test('hidden accounts can be used', async () => {
    await tenant.rows('Set-Mailbox', { Identity: ROLE_ACCOUNT, HiddenFromAddressListsEnabled: true });
    expect((await ask()).status).toBe(200);
  });
});

describe('without consent', () => {
  test('RBAC for Applications decides by mailbox, and is remembered where it is set so', async () => {
    const scoped = await makeClient(tenant.tenant, []);
    const token = await tenant.ewsToken(scoped);
    const code = async (as?: string) => {
      const answer = await ask(as === undefined ? {} : { as }, token);
      return answer.status === 200 ? 'answered' : faultOf(answer).code;
    };
    expect(await code()).toBe('ErrorAccessDenied');
    await tenant.tenant.control({ faults: [`rbacCache=${HOUR_MS / 2}`] });
    expect(await code()).toBe('ErrorAccessDenied');
    await tenant.rows('New-ServicePrincipal', {
      AppId: scoped.appId,
      ObjectId: scoped.principalId,
      DisplayName: 'scoped',
    });
    await tenant.rows('New-ManagementScope', {
      Name: 'roles',
      RecipientRestrictionFilter: `PrimarySmtpAddress -eq '${ROLE_ACCOUNT}'`,
    });
    await tenant.rows('New-ManagementRoleAssignment', {
      App: scoped.principalId,
      Role: 'Application EWS.AccessAsApp',
      CustomResourceScope: 'roles',
    });
    expect(await code()).toBe('ErrorAccessDenied');
    await advance(HOUR_MS / 2 + 1000);
    expect(await code()).toBe('answered');
    expect(await code(colleague)).toBe('ErrorImpersonateUserDenied');
    // Grants add up: consent to full access defeats the scope.
    await grant(tenant.tenant, scoped.principalId, 'full_access_as_app', EXCHANGE_APP_ID);
    const form = secretForm(tenant.tenant, scoped, { scope: EXCHANGE_SCOPE });
    const { access_token: wider } = await must(tenant.tenant.tokenRequest(form));
    expect(entriesOf(await ask({ as: colleague }, wider))).toHaveLength(1);
  });
});
