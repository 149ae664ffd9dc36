/** The token endpoint: every way of signing in, every refusal with its AADSTS code. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
} from '@azure/identity';
import {
  createLocalJWKSet,
  decodeJwt,
  type JWTHeaderParameters,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';
import { REFUSALS } from '../../sandbox/entra/aadsts.js';
import { EXCHANGE_APP_ID } from '../../sandbox/entra/first-party.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { type ClientCertificate, makeClientCertificate } from './support/certificates.js';
import {
  freshName,
  grant,
  type MadeClient,
  makeApplication,
  makeClient,
  must,
  secretForm,
  tokenOf,
} from './support/principals.js';

let tenant: TestSandbox;
let client: MadeClient;
let certificate: ClientCertificate;
beforeAll(async () => {
  tenant = await startTestSandbox();
  client = await makeClient(tenant, ['Application.Read.All']);
  certificate = makeClientCertificate();
  const keyCredentials = [{ type: 'AsymmetricX509Cert', usage: 'Verify', key: certificate.key }];
  await must(tenant.graph('PATCH', `/applications/${client.id}`, { body: { keyCredentials } }));
});
afterAll(() => tenant.dispose());

/** Those that only the fault tokenRefused brings: test/sandbox-ews/faults.test.ts. */
const ON_DEMAND = [53003, 90033];
const seen = new Set<number>(ON_DEMAND);
afterAll(() => {
  expect([...seen].sort()).toEqual(Object.keys(REFUSALS).map(Number).sort());
});

/** Asks for a token and expects Entra's refusal in its whole form. */
async function expectRefusal(
  form: Record<string, string>,
  status: number,
  error: string,
  code: number,
  tenantName?: string,
) {
  const answer = await tenant.tokenRequest(form, tenantName);
  expect(answer.status).toBe(status);
  expect(answer.body).toEqual({
    error,
    error_description: expect.stringMatching(
      new RegExp(
        `^AADSTS${code}: .+ Trace ID: \\S{36} Correlation ID: \\S{36} Timestamp: \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ$`,
      ),
    ),
    error_codes: [code],
    timestamp: expect.any(String),
    trace_id: expect.any(String),
    correlation_id: expect.any(String),
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
  });
  seen.add(code);
  return answer.body.error_description as string;
}

const form = (changes: Record<string, string> = {}) => secretForm(tenant, client, changes);
const without = (name: string) => Object.fromEntries(Object.entries(form()).filter(([key]) => key !== name));

describe('with a secret', () => {
  test.each([['id'], ['contoso.com'], ['CONTOSO.onmicrosoft.com']])(
    'under the tenant by %s',
    async (name) => {
      const answer = await tenant.tokenRequest(form(), name === 'id' ? tenant.sandbox.info.tenantId : name);
      expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 3599 } });
      expect(answer.headers['cache-control']).toBe('no-store');
    },
  );

  test('the token verifies with the published keys', async () => {
    const { tenantId, authority } = tenant.sandbox.info;
    const configuration = await tenant.request<{ issuer: string; jwks_uri: string; token_endpoint: string }>(
      `/${tenantId}/v2.0/.well-known/openid-configuration`,
    );
    expect(configuration.body.token_endpoint).toBe(`${authority}/${tenantId}/oauth2/v2.0/token`);
    const keys = await tenant.request<{ keys: [] }>(configuration.body.jwks_uri.slice(authority.length));
    const { payload, protectedHeader } = await jwtVerify(
      await tokenOf(tenant, client),
      createLocalJWKSet(keys.body),
      {
        issuer: configuration.body.issuer,
        audience: authority,
      },
    );
    expect(protectedHeader.alg).toBe('RS256');
    expect(payload).toMatchObject({
      appid: client.appId,
      azp: client.appId,
      oid: client.principalId,
      tid: tenantId,
      idtyp: 'app',
      ver: '2.0',
      roles: ['Application.Read.All'],
    });
  });

  test.each([
    ['https://outlook.office365.com/.default', 'https://outlook.office365.com'],
    [`${EXCHANGE_APP_ID}/.default`, EXCHANGE_APP_ID],
    ['https://graph.microsoft.com/.default', 'https://graph.microsoft.com'],
  ])('for %s', async (scope, aud) => {
    const token = await must(tenant.tokenRequest(form({ scope })));
    const isGraph = aud.includes('graph');
    const claims = decodeJwt(token.access_token);
    expect(claims.aud).toBe(aud);
    expect(claims.roles).toEqual(isGraph ? ['Application.Read.All'] : undefined);
    expect((await tenant.graph('GET', '/applications', { as: token.access_token })).status).toBe(
      isGraph ? 200 : 401,
    );
  });

  test('consent shows in the next token, and a token keeps what it was given', async () => {
    const other = await makeClient(tenant);
    const before = await tokenOf(tenant, other);
    const { id, resourceId } = await grant(tenant, other.principalId, 'full_access_as_app', EXCHANGE_APP_ID);
    const scope = { scope: 'https://outlook.office365.com/.default' };
    const roles = async () =>
      decodeJwt((await must(tenant.tokenRequest(secretForm(tenant, other, scope)))).access_token).roles;
    expect(decodeJwt(before).roles).toBeUndefined();
    expect(await roles()).toEqual(['full_access_as_app']);
    await must(tenant.graph('DELETE', `/servicePrincipals/${resourceId}/appRoleAssignedTo/${id}`));
    expect(await roles()).toBeUndefined();
  });

  test('a removed secret is refused, the tokens that it got stay good', async () => {
    const other = await makeClient(tenant, ['Application.Read.All']);
    const token = await tokenOf(tenant, other);
    await must(
      tenant.graph('POST', `/applications/${other.id}/removePassword`, { body: { keyId: other.keyId } }),
    );
    await expectRefusal(secretForm(tenant, other), 401, 'invalid_client', 7000215);
    expect((await tenant.graph('GET', '/applications', { as: token })).status).toBe(200);
  });

  test('an expired secret and an expired token are refused', async () => {
    const own = await startTestSandbox();
    try {
      const other = await makeClient(own, ['Application.Read.All']);
      const token = await tokenOf(own, other);
      await own.control({ clock: { advanceMs: 3_480_000 } });
      expect((await own.graph('GET', '/applications', { as: token })).status).toBe(200);
      await own.control({ clock: { advanceMs: 120_000 } });
      expect(await own.graph('GET', '/applications', { as: token })).toMatchObject({
        status: 401,
        body: { error: { message: 'Lifetime validation failed, the token is expired.' } },
      });
      await own.control({ clock: { advanceMs: 3 * 366 * 86_400_000 } });
      expect((await own.tokenRequest(secretForm(own, other))).body.error_codes).toEqual([7000222]);
      seen.add(7000222);
    } finally {
      await own.dispose();
    }
  });
});

describe('is refused', () => {
  test.each([
    ['an unknown tenant', {}, 400, 'invalid_request', 90002, 'fabrikam.com'],
    ['an unverified domain', {}, 400, 'invalid_request', 90002, 'unverified.contoso.com'],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type', 70003, undefined],
    ['an unknown application', { client_id: randomUUID() }, 400, 'unauthorized_client', 700016, undefined],
    ['a wrong secret', { client_secret: 'nonsense' }, 401, 'invalid_client', 7000215, undefined],
    [
      'a scope without .default',
      { scope: 'https://graph.microsoft.com/User.Read' },
      400,
      'invalid_scope',
      1002012,
      undefined,
    ],
    ['a scope without a resource', { scope: '/.default' }, 400, 'invalid_scope', 70011, undefined],
    ['two scopes', { scope: 'a/.default b/.default' }, 400, 'invalid_scope', 700022, undefined],
    [
      'an unknown resource',
      { scope: 'https://graph.contoso.com/.default' },
      400,
      'invalid_resource',
      500011,
      undefined,
    ],
  ] as const)('%s', async (_, changes, status, error, code, tenantName) => {
    await expectRefusal(form(changes), status, error, code, tenantName);
  });

  test.each([['grant_type'], ['client_id'], ['scope']])('a form without %s', async (name) => {
    expect(await expectRefusal(without(name), 400, 'invalid_request', 900144)).toContain(`'${name}'`);
  });

  test('a form without any credential', async () => {
    await expectRefusal(without('client_secret'), 401, 'invalid_client', 7000216);
  });

  test('the secret of somebody else', async () => {
    const other = await makeClient(tenant);
    await expectRefusal(form({ client_secret: other.secret }), 401, 'invalid_client', 7000215);
    await expectRefusal(form({ client_secret: client.keyId }), 401, 'invalid_client', 7000215);
  });

  test('anything but POST', async () => {
    const answer = await tenant.request<{ error_codes: number[] }>(
      `/${tenant.sandbox.info.tenantId}/oauth2/v2.0/token`,
    );
    expect(answer).toMatchObject({ status: 400, body: { error_codes: [900561] } });
    seen.add(900561);
  });

  test('an application without a service principal, then a disabled one, then a deleted one', async () => {
    const { id, appId } = await makeApplication(tenant);
    const { secretText } = await must(tenant.graph('POST', `/applications/${id}/addPassword`, { body: {} }));
    const own = secretForm(tenant, { appId, secret: secretText });
    await expectRefusal(own, 401, 'invalid_client', 7000229);
    const principal = await must(tenant.graph('POST', '/servicePrincipals', { body: { appId } }));
    const enable = (accountEnabled: boolean) =>
      must(tenant.graph('PATCH', `/servicePrincipals/${principal.id}`, { body: { accountEnabled } }));
    await enable(false);
    await expectRefusal(own, 400, 'unauthorized_client', 7000112);
    await enable(true);
    expect((await tenant.tokenRequest(own)).status).toBe(200);
    await must(tenant.graph('DELETE', `/applications/${id}`));
    await expectRefusal(own, 400, 'unauthorized_client', 700016);
  });

  test('who has no role where the resource wants one', async () => {
    const uri = `api://${(await makeClient(tenant)).appId}`;
    const { value } = await must(tenant.graph('GET', `/applications?$filter=appId eq '${uri.slice(6)}'`));
    await must(tenant.graph('PATCH', `/applications/${value[0].id}`, { body: { identifierUris: [uri] } }));
    expect((await tenant.tokenRequest(form({ scope: `${uri}/.default` }))).status).toBe(200);
    const path = `/servicePrincipals(appId='${uri.slice(6)}')`;
    await must(tenant.graph('PATCH', path, { body: { appRoleAssignmentRequired: true } }));
    await expectRefusal(form({ scope: `${uri}/.default` }), 400, 'invalid_grant', 501051);
  });
});

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const assertionForm = (assertion: string, changes: Record<string, string> = {}) => ({
  ...without('client_secret'),
  client_assertion: assertion,
  client_assertion_type: ASSERTION_TYPE,
  ...changes,
});
const now = () => Math.floor(Date.now() / 1000);

describe('with a certificate', () => {
  const endpoint = () => `${tenant.sandbox.info.authority}/${tenant.sandbox.info.tenantId}/oauth2/v2.0/token`;
  const assertion = (
    options: { header?: Partial<JWTHeaderParameters>; claims?: JWTPayload; signer?: ClientCertificate } = {},
  ) => {
    const {
      header = { kid: `${certificate.sha1.toString('base64url')}=` },
      claims = {},
      signer = certificate,
    } = options;
    return new SignJWT({
      aud: endpoint(),
      iss: client.appId,
      sub: client.appId,
      jti: randomUUID(),
      nbf: now(),
      exp: now() + 3600,
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...header })
      .sign(signer.privateKey);
  };

  test.each([
    [
      'kid, padded, as the azuread provider names it',
      () => ({ kid: `${certificate.sha1.toString('base64url')}=` }),
    ],
    ['kid, unpadded', () => ({ kid: certificate.sha1.toString('base64url') })],
    ['kid, as hex', () => ({ kid: certificate.sha1.toString('hex').toUpperCase() })],
    ['x5t', () => ({ x5t: certificate.sha1.toString('base64url') })],
    ['x5t#S256 and PS256', () => ({ alg: 'PS256', 'x5t#S256': certificate.sha256.toString('base64url') })],
  ])('named by %s', async (_, header) => {
    const answer = await tenant.tokenRequest(assertionForm(await assertion({ header: header() })));
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    expect(decodeJwt(answer.body.access_token).appid).toBe(client.appId);
  });

  test('but not with one that is unknown, forged, unnamed or past', async () => {
    const other = makeClientCertificate();
    const unknown = await assertion({ header: { kid: other.sha1.toString('base64url') }, signer: other });
    expect(await expectRefusal(assertionForm(unknown), 401, 'invalid_client', 700027)).toContain(
      `The key was not found., Thumbprint of key used by client: '${other.sha1.toString('hex').toUpperCase()}'`,
    );
    const forged = await assertion({ signer: other });
    expect(await expectRefusal(assertionForm(forged), 401, 'invalid_client', 700027)).toContain(
      'invalid signature',
    );
    await expectRefusal(assertionForm(await assertion({ header: {} })), 400, 'invalid_request', 5002723);
    await expectRefusal(assertionForm('not.a.jwt'), 400, 'invalid_request', 50027);
    const unsigned = (await assertion()).replace(
      /^[^.]+/,
      Buffer.from('{"alg":"none","kid":"x"}').toString('base64url'),
    );
    await expectRefusal(assertionForm(unsigned), 401, 'invalid_client', 700027);
  });

  test('but not with claims that say something else', async () => {
    const refuse = async (claims: JWTPayload, code: number) =>
      expectRefusal(assertionForm(await assertion({ claims })), 401, 'invalid_client', code);
    await refuse({ aud: 'https://login.microsoftonline.com/common/oauth2/v2.0/token' }, 700023);
    await refuse({ sub: randomUUID() }, 50048);
    const other = randomUUID();
    await refuse({ iss: other, sub: other }, 700021);
    await refuse({ nbf: now() - 7200, exp: now() - 3600 }, 700024);
    await refuse({ nbf: now() + 3600, exp: now() + 7200 }, 700024);
    const form = assertionForm(await assertion(), { client_assertion_type: 'other' });
    expect(await expectRefusal(form, 400, 'invalid_request', 900144)).toContain("'client_assertion_type'");
  });

  test('but not with one that has run out on the application', async () => {
    const own = await makeClient(tenant);
    const old = makeClientCertificate(2);
    const keyCredentials = [
      { type: 'AsymmetricX509Cert', usage: 'Verify', key: old.key, endDateTime: '2020-01-01T00:00:00Z' },
    ];
    await must(tenant.graph('PATCH', `/applications/${own.id}`, { body: { keyCredentials } }));
    const token = await assertion({
      header: { kid: old.sha1.toString('base64url') },
      claims: { iss: own.appId, sub: own.appId },
      signer: old,
    });
    const form = assertionForm(token, { client_id: own.appId });
    expect(await expectRefusal(form, 401, 'invalid_client', 700027)).toContain('The key used is expired.');
  });
});

describe('with a federated assertion', () => {
  const SUBJECT = 'repo:contoso/calendars:ref:refs/heads/main';
  const AUDIENCE = 'api://AzureADTokenExchange';
  const issue = async (subject = SUBJECT, audience = AUDIENCE) =>
    await must(
      tenant.request<{ issuer: string; token: string }>('/sandbox/federated-token', {
        method: 'POST',
        headers: { 'x-sandbox': '1' },
        body: JSON.stringify({ subject, audience }),
      }),
    );
  const trust = (issuer: string, subject = SUBJECT) =>
    must(
      tenant.graph('POST', `/applications/${client.id}/federatedIdentityCredentials`, {
        body: { name: freshName('trust').replace(' ', '-'), issuer, subject, audiences: [AUDIENCE] },
      }),
    );

  test('once its issuer, subject and audience are trusted', async () => {
    const { token, issuer } = await issue();
    expect(await expectRefusal(assertionForm(token), 401, 'invalid_client', 700211)).toContain(`'${issuer}'`);
    const { id } = await trust(issuer);
    expect((await tenant.tokenRequest(assertionForm(token))).status).toBe(200);
    await expectRefusal(
      assertionForm((await issue(SUBJECT.toUpperCase())).token),
      401,
      'invalid_client',
      700213,
    );
    await expectRefusal(
      assertionForm((await issue(SUBJECT, 'api://other')).token),
      401,
      'invalid_client',
      700212,
    );
    await must(tenant.graph('DELETE', `/applications/${client.id}/federatedIdentityCredentials/${id}`));
    await expectRefusal(assertionForm(token), 401, 'invalid_client', 700211);
  });

  test('but not with one that somebody else signed, nor of an issuer that cannot be asked', async () => {
    const { token, issuer } = await issue();
    const { id } = await trust(issuer);
    const forge = (iss: string) =>
      new SignJWT({ iss, sub: SUBJECT, aud: AUDIENCE, nbf: now(), exp: now() + 600 })
        .setProtectedHeader({
          alg: 'RS256',
          kid: JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid,
        })
        .sign(certificate.privateKey);
    await expectRefusal(assertionForm(await forge(issuer)), 401, 'invalid_client', 5000811);
    await trust('https://token.actions.githubusercontent.com');
    await expectRefusal(
      assertionForm(await forge('https://token.actions.githubusercontent.com')),
      400,
      'invalid_request',
      50166,
    );
    await must(tenant.graph('DELETE', `/applications/${client.id}/federatedIdentityCredentials/${id}`));
  });

  test('the issuer answers to callers that no browser can imitate only', async () => {
    const answer = await tenant.request('/sandbox/federated-token', { method: 'POST', body: '{}' });
    expect(answer.status).toBe(403);
  });
});

describe('@azure/identity signs in', () => {
  const scope = () => `${tenant.sandbox.info.graph}/.default`;
  const options = async () => ({
    authorityHost: tenant.sandbox.info.authority,
    disableInstanceDiscovery: true,
    tlsOptions: { ca: await readFile(tenant.sandbox.info.caFile, 'utf8') },
  });
  const appIdOf = (token: { token: string }) => decodeJwt(token.token).appid;

  test('with a secret', async () => {
    const { tenantId } = tenant.sandbox.info;
    const credential = new ClientSecretCredential(tenantId, client.appId, client.secret, await options());
    expect(appIdOf(await credential.getToken(scope()))).toBe(client.appId);
    const wrong = new ClientSecretCredential(tenantId, client.appId, 'wrong', await options());
    await expect(wrong.getToken(scope())).rejects.toThrow('AADSTS7000215');
  });

  test('with a certificate', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sandbox-certificate-'));
    try {
      const certificatePath = join(folder, 'client.pem');
      await writeFile(certificatePath, certificate.pem, { mode: 0o600 });
      const credential = new ClientCertificateCredential(
        tenant.sandbox.info.tenantId,
        client.appId,
        { certificatePath },
        await options(),
      );
      expect(appIdOf(await credential.getToken(scope()))).toBe(client.appId);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('with a federated assertion', async () => {
    const answer = await must(
      tenant.request<{ issuer: string; token: string }>('/sandbox/federated-token', {
        method: 'POST',
        headers: { 'x-sandbox': '1' },
        body: JSON.stringify({ subject: 'workload', audience: 'api://AzureADTokenExchange' }),
      }),
    );
    const body = {
      name: 'workload',
      issuer: answer.issuer,
      subject: 'workload',
      audiences: ['api://AzureADTokenExchange'],
    };
    await must(tenant.graph('POST', `/applications/${client.id}/federatedIdentityCredentials`, { body }));
    const credential = new ClientAssertionCredential(
      tenant.sandbox.info.tenantId,
      client.appId,
      async () => answer.token,
      await options(),
    );
    expect(appIdOf(await credential.getToken(scope()))).toBe(client.appId);
  });
});

describe("a Graph call's token", () => {
  const graphWith = (authorization?: string) =>
    tenant.request<{ error: { code: string; message: string } }>('/v1.0/applications', {
      headers: authorization === undefined ? {} : { authorization },
    });

  test('is refused unless this tenant made it for Graph', async () => {
    const token = await tokenOf(tenant, client);
    const [header = '', claims = '', signature = ''] = token.split('.');
    const altered = Buffer.from(
      JSON.stringify({ ...decodeJwt(token), roles: ['Directory.ReadWrite.All'] }),
    ).toString('base64url');
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const foreign = await startTestSandbox({ seed: 2 });
    const foreignToken = await foreign.token('admin').finally(() => foreign.dispose());
    const exchange = await must(
      tenant.tokenRequest(form({ scope: 'https://outlook.office365.com/.default' })),
    );
    for (const [authorization, message] of [
      [undefined, 'Access token is empty.'],
      ['Basic abc', 'Access token is empty.'],
      ['Bearer abc', 'IDX14100: JWT is not well formed.'],
      [`Bearer ${header}.${altered}.${signature}`, 'Access token validation failure. Invalid signature.'],
      [`Bearer ${none}.${claims}.`, 'Access token validation failure. Invalid signature.'],
      [`Bearer ${foreignToken}`, 'Access token validation failure. Invalid signature.'],
      [`Bearer ${exchange.access_token}`, 'Access token validation failure. Invalid audience.'],
    ] as const) {
      expect(await graphWith(authorization)).toMatchObject({
        status: 401,
        body: { error: { code: 'InvalidAuthenticationToken', message } },
      });
    }
    expect((await graphWith(`Bearer ${token}`)).status).toBe(200);
  });
});
