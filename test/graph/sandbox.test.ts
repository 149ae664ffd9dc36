/** The sign-in, the Graph client and the proof of a secret against the emulated tenant, over TLS. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { graphClientOfProvider, openGraph, signIn } from '../../infra/graph/provider-cloud.js';
import { proveSecret } from '../../infra/graph/token-proof.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { everythingIn, failureOf, formsOf } from './support/failure.js';
import { makeCertificate } from './support/https-server.js';

const GRAPH = '00000003-0000-0000-c000-000000000000';
const EXCHANGE = '00000002-0000-0ff1-ce00-000000000000';
const NOBODY = '99999999-9999-4999-8999-999999999999';

let tenant: TestSandbox;
let folder: string;
beforeAll(async () => {
  tenant = await startTestSandbox();
  folder = await mkdtemp(join(tmpdir(), 'graph-sandbox-test-'));
});
afterAll(async () => {
  await tenant.dispose();
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => tenant.control({ clearFaults: true }));

function client(name: string) {
  const found = tenant.sandbox.info.clients.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no client ${name}`);
  return { clientId: found.clientId, secret: found.clientSecret ?? '' };
}

const NOT_CANCELLED = new AbortController().signal;
const environment = (more: Record<string, string> = {}) => ({
  SSL_CERT_FILE: tenant.sandbox.info.caFile,
  ARM_USE_CLI: 'false',
  ...more,
});
const configuration = (more: Record<string, unknown> = {}) => ({
  metadataHost: tenant.sandbox.info.metadataHost,
  tenantId: tenant.sandbox.info.tenantId,
  clientId: client('deployer').clientId,
  ...more,
});
const enter = (env: Record<string, string>, azuread: Record<string, unknown> = {}) =>
  signIn(configuration(azuread), environment(env), NOT_CANCELLED);
const enterAs = (name: string) =>
  enter({ ARM_CLIENT_SECRET: client(name).secret }, { clientId: client(name).clientId });
const graphAs = async (name: string) => openGraph(await enterAs(name), NOT_CANCELLED);

/** A registration with its service principal. */
async function register(more: Record<string, unknown> = {}): Promise<{ id: string; appId: string }> {
  const { body } = await tenant.graph('POST', '/applications', { body: { displayName: 'Test', ...more } });
  await tenant.graph('POST', '/servicePrincipals', { body: { appId: body.appId } });
  return { id: body.id, appId: body.appId };
}

describe('ways of signing in', () => {
  test('client secret', async () => {
    const signedIn = await enterAs('deployer');
    const { info } = tenant.sandbox;
    expect(signedIn).toMatchObject({
      way: 'client secret',
      tenantId: info.tenantId,
      cloud: { authority: info.authority, graph: info.graph, knownToMicrosoft: false },
    });
    const graph = await openGraph(signedIn, NOT_CANCELLED);
    expect((await graph.findServicePrincipal(GRAPH))?.appId).toBe(GRAPH);
  });

  test('client certificate', async () => {
    const { certificate, keys } = makeCertificate('deployer');
    const der = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes();
    const key = Buffer.from(der, 'binary').toString('base64');
    const { appId } = await register({
      keyCredentials: [{ type: 'AsymmetricX509Cert', usage: 'Verify', key }],
    });
    const archive = forge.pkcs12.toPkcs12Asn1(keys.privateKey, [certificate], 'open sesame', {
      algorithm: '3des',
    });
    const path = join(folder, 'deployer.pfx');
    await writeFile(path, Buffer.from(forge.asn1.toDer(archive).getBytes(), 'binary'));
    const env = { ARM_CLIENT_CERTIFICATE_PATH: path, ARM_CLIENT_CERTIFICATE_PASSWORD: 'open sesame' };
    expect(await enter(env, { clientId: appId })).toMatchObject({
      way: 'client certificate',
    });
    const stranger = await failureOf(enter(env));
    expect(stranger.summary).toBe('Entra refused the sign-in by client certificate (AADSTS700027)');
  });

  test('OIDC token', async () => {
    const { id, appId } = await register();
    const assertion = async (subject: string) => {
      const { body } = await tenant.request<{ issuer: string; token: string }>('/sandbox/federated-token', {
        method: 'POST',
        headers: { 'x-sandbox': '1', 'content-type': 'application/json' },
        body: JSON.stringify({ subject, audience: 'api://AzureADTokenExchange' }),
      });
      return body;
    };
    const { issuer, token } = await assertion('repo:contoso/interop:environment:prod');
    await tenant.graph('POST', `/applications/${id}/federatedIdentityCredentials`, {
      body: {
        name: 'prod',
        issuer,
        subject: 'repo:contoso/interop:environment:prod',
        audiences: ['api://AzureADTokenExchange'],
      },
    });
    const oidc = { ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN: token };
    expect((await enter(oidc, { clientId: appId })).way).toBe('OIDC token');
    const other = (await assertion('repo:contoso/interop:environment:dev')).token;
    const error = await failureOf(enter({ ...oidc, ARM_OIDC_TOKEN: other }, { clientId: appId }));
    expect(error.message).toMatch(/AADSTS70021\d?\b/);
    expect(error.message).toContain('no federated credential');
    expect(everythingIn(error)).not.toContain(other);
  });
});

describe('refused', () => {
  test.each([
    ['a wrong secret', {}, 'wrong~secret', /AADSTS7000215/, /the secret is not one of those/],
    ['an unknown tenant', { tenantId: NOBODY }, undefined, /AADSTS90002/, /no such tenant/],
    [
      'an unknown application',
      { clientId: NOBODY },
      undefined,
      /AADSTS700016/,
      /no application with this client id/,
    ],
  ])('%s', async (_, azuread, given, code, means) => {
    const secret = given ?? client('deployer').secret;
    const error = await failureOf(enter({ ARM_CLIENT_SECRET: secret }, azuread));
    expect(error.exitCode).toBe(3);
    expect(error.message).toMatch(code);
    expect(error.message).toMatch(means);
    for (const form of formsOf(secret)) expect(everythingIn(error)).not.toContain(form);
  });

  test('an expired secret', async () => {
    const { id, appId } = await register();
    const { body } = await tenant.graph('POST', `/applications/${id}/addPassword`, {
      body: { passwordCredential: { endDateTime: new Date(Date.now() + 60_000).toISOString() } },
    });
    expect((await enter({ ARM_CLIENT_SECRET: body.secretText }, { clientId: appId })).way).toBe(
      'client secret',
    );
    await tenant.control({ clock: { advanceMs: 120_000 } });
    const error = await failureOf(enter({ ARM_CLIENT_SECRET: body.secretText }, { clientId: appId }));
    expect(error.message).toContain('AADSTS7000222');
    expect(error.message).toContain('the secret has expired');
  });
});

describe('the Graph client', () => {
  test('finds registrations by id, client id, tag and name, and nothing else', async () => {
    const tag = "interop:o'brien/dev";
    const { id, appId } = await register({ displayName: 'Find me', tags: [tag, 'other'] });
    const graph = await graphAs('deployer');
    const expected = { id, appId, displayName: 'Find me', tags: [tag, 'other'] };
    expect(await graph.getApplication({ objectId: id })).toMatchObject(expected);
    expect(await graph.getApplication({ appId })).toMatchObject(expected);
    expect((await graph.findApplicationsByTag(tag)).map((one) => one.id)).toEqual([id]);
    expect(await graph.findApplicationsByTag('interop:')).toEqual([]);
    expect((await graph.findApplicationsByDisplayName('Find me')).map((one) => one.id)).toEqual([id]);
    expect(await graph.getApplication({ objectId: NOBODY })).toBeUndefined();
    expect(await graph.getApplication({ appId: NOBODY })).toBeUndefined();
    expect(await graph.findServicePrincipal(NOBODY)).toBeUndefined();
  });

  test('reads all pages', async () => {
    const made = new Set<string>();
    for (let index = 0; index < 120; index += 1) {
      const { body } = await tenant.graph('POST', '/applications', {
        body: { displayName: 'Many', tags: ['many'] },
      });
      made.add(body.id);
    }
    const found = await (await graphAs('deployer')).findApplicationsByTag('many');
    expect(new Set(found.map((one) => one.id))).toEqual(made);
    expect(found).toHaveLength(120);
  });

  test('reads roles and consents', async () => {
    const graph = await graphAs('deployer');
    const exchange = await graph.findServicePrincipal(EXCHANGE);
    expect(exchange?.appRoles.find((role) => role.value === 'full_access_as_app')?.id).toBe(
      'dc890d15-9560-4a4c-9b7f-a736ec74ec40',
    );
    const api = await graph.findServicePrincipal(GRAPH);
    const own = await graph.findServicePrincipal(client('deployer').clientId);
    const granted = await graph.listAppRoleAssignedTo(api?.id ?? '', own?.id ?? '');
    const names = granted.map((one) => api?.appRoles.find((role) => role.id === one.appRoleId)?.value);
    expect(names).toContain('Application.ReadWrite.OwnedBy');
    expect(new Set(granted.map((one) => one.principalId))).toEqual(new Set([own?.id]));
  });

  test('removes a secret', async () => {
    const { id } = await register();
    const { body } = await tenant.graph('POST', `/applications/${id}/addPassword`, {
      body: { passwordCredential: {} },
    });
    const graph = await graphAs('admin');
    const keys = async () =>
      (await graph.getApplication({ objectId: id }))?.passwordCredentials.map((key) => key.keyId);
    expect(await keys()).toEqual([body.keyId]);
    await graph.removePassword(id, body.keyId);
    expect(await keys()).toEqual([]);
  });

  test('says which permission is missing', async () => {
    const { id } = await register();
    const { body } = await tenant.graph('POST', `/applications/${id}/addPassword`, {
      body: { passwordCredential: {} },
    });
    const error = await failureOf((await graphAs('reader')).removePassword(id, body.keyId));
    expect(error.exitCode).toBe(3);
    expect(error.message).toContain('Application.ReadWrite.OwnedBy');
    expect(error.message).toContain('status 403');
  });

  test('gets through throttling, errors of the server and broken connections', async () => {
    const graph = await graphAs('deployer');
    await tenant.control({ faults: ['throttle=2', 'serverError=1', 'dropBefore=1'] });
    expect((await graph.findServicePrincipal(GRAPH))?.appId).toBe(GRAPH);
  });

  test('opens for a program, which has the secret in its configuration', async () => {
    const azuread = configuration({ clientSecret: client('deployer').secret });
    const { cloud } = await enterAs('deployer');
    const graph = await graphClientOfProvider(azuread, environment(), cloud);
    expect((await graph.findServicePrincipal(GRAPH))?.appId).toBe(GRAPH);
  });
});

test('a secret is proved, and what it is not is told', async () => {
  const { trust } = await enterAs('deployer');
  const { authority, domain } = tenant.sandbox.info;
  const proof = {
    tokenEndpoint: `${authority}/${domain}/oauth2/v2.0/token`,
    ...client('admin'),
    scope: `${authority}/.default`,
    trust,
    signal: NOT_CANCELLED,
    sleep: async () => {},
  };
  expect((await proveSecret(proof)).roles).toContain('Application.ReadWrite.All');
  const error = await failureOf(proveSecret({ ...proof, secret: 'wrong~secret', attempts: 2 }));
  expect(error.summary).toBe('Entra does not take the secret (AADSTS7000215, 2 tries)');
});

test('the secret is in no output of a process that logs all it can', async () => {
  const { secret } = client('deployer');
  const program = join(folder, 'sign-in.mts');
  const door = JSON.stringify(join(process.cwd(), 'infra/graph/provider-cloud.ts'));
  await writeFile(
    program,
    `import { openGraph, signIn } from ${door};
     const signal = new AbortController().signal;
     const signedIn = await signIn(JSON.parse(process.env.AZUREAD ?? ''), process.env, signal);
     await (await openGraph(signedIn, signal)).findServicePrincipal('${GRAPH}');
     process.stdout.write('done');`,
  );
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program], {
    env: {
      PATH: process.env.PATH,
      ...environment({ ARM_CLIENT_SECRET: secret }),
      AZUREAD: JSON.stringify(configuration()),
      AZURE_LOG_LEVEL: 'verbose',
      DEBUG: '*',
      NODE_DEBUG: 'http,https,tls,undici,fetch',
    },
  });
  expect(stdout).toContain('done');
  expect(stderr.length).toBeGreaterThan(1_000);
  for (const form of formsOf(secret)) expect(stdout + stderr).not.toContain(form);
});
