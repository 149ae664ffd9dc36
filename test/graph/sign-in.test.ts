/** The ways of signing in against scripted servers; sandbox.test.ts has them against a whole tenant. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { SECURE_VALUE } from '../../infra/config/secure-value.js';
import { openGraph, signIn } from '../../infra/graph/provider-cloud.js';
import { everythingIn, failureOf, formsOf } from './support/failure.js';
import {
  fakeToken,
  makeCertificate,
  type Received,
  type Reply,
  type ScriptedServer,
  startServer,
} from './support/https-server.js';

const TENANT = '11111111-2222-3333-4444-555555555555';
const SECRET = 'Q~hush&hush=+/ä';
const token = () =>
  fakeToken({ oid: 'principal', tid: TENANT, appid: 'client', roles: [], exp: Date.now() / 1000 + 3600 });

let server: ScriptedServer;
beforeEach(async () => {
  server = await startServer();
  entra();
});
afterEach(() => server.stop());

/** An Entra that gives tokens, or answers something else at its token endpoint. */
function entra(
  reply: (form: URLSearchParams) => Reply = () => granted(),
  more?: (request: Received) => Reply,
): void {
  server.answer((request) => {
    const path = request.url.split('?')[0];
    if (path === '/metadata/endpoints') {
      const authentication = { loginEndpoint: server.url };
      const document = { name: 'Own', resourceManager: server.url, microsoftGraphResourceId: server.url };
      return { json: { ...document, authentication } };
    }
    if (path?.endsWith('/v2.0/.well-known/openid-configuration')) {
      return {
        json: {
          issuer: `${server.url}/${TENANT}/v2.0`,
          token_endpoint: `${server.url}/${TENANT}/oauth2/v2.0/token`,
          authorization_endpoint: `${server.url}/${TENANT}/oauth2/v2.0/authorize`,
          jwks_uri: `${server.url}/keys`,
        },
      };
    }
    if (path?.endsWith('/oauth2/v2.0/token')) return reply(new URLSearchParams(request.body));
    return more?.(request) ?? { status: 501 };
  });
}
const granted = (): Reply => ({ json: { access_token: token(), token_type: 'Bearer', expires_in: 3600 } });
const refused = (code: string, text: string, status = 401): Reply => ({
  status,
  json: {
    error: 'invalid_client',
    error_description: `AADSTS${code}: ${text} Trace ID: 1 Correlation ID: 2 Timestamp: 2026-01-01 00:00:00Z`,
    error_codes: [Number(code)],
  },
});

const environment = (more: Record<string, string> = {}) => ({
  SSL_CERT_FILE: server.caFile,
  ARM_TENANT_ID: TENANT,
  ARM_CLIENT_ID: 'client',
  ARM_USE_CLI: 'false',
  ...more,
});
const enter = (more: Record<string, string> = {}, azuread = {}, signal = new AbortController().signal) =>
  signIn({ metadataHost: server.host, ...azuread }, environment(more), signal);
const withSecret = () => enter({ ARM_CLIENT_SECRET: SECRET });
const forms = () =>
  server.received.filter((one) => one.url.includes('/oauth2/')).map((one) => new URLSearchParams(one.body));

function pkcs12(password: string): Buffer {
  const { certificate, keys } = makeCertificate('deployer');
  const archive = forge.pkcs12.toPkcs12Asn1(keys.privateKey, [certificate], password, {
    algorithm: 'aes256',
  });
  return Buffer.from(forge.asn1.toDer(archive).getBytes(), 'binary');
}

describe('ways', () => {
  test('client secret: one token, for Graph, and who it is for', async () => {
    const signedIn = await withSecret();
    expect(signedIn).toMatchObject({ way: 'client secret', tenantId: TENANT });
    expect(forms().map((form) => [form.get('client_secret'), form.get('scope')])).toEqual([
      [SECRET, expect.stringContaining(`${server.url}/.default`)],
    ]);
  });

  test('the token is kept, and serves the Graph client', async () => {
    entra(undefined, (request) => ({ json: { value: [], seen: request.headers.authorization } }));
    const signal = new AbortController().signal;
    const graph = await openGraph(await withSecret(), signal);
    await graph.findServicePrincipal('x');
    await graph.findServicePrincipal('y');
    expect(forms()).toHaveLength(1);
    expect(server.received.at(-1)?.headers.authorization).toMatch(/^Bearer .+\./);
  });

  test('client secret from a file, which must not disagree with the other one', async () => {
    const path = join(server.folder, 'secret');
    await writeFile(path, `${SECRET}\n`);
    await enter({ ARM_CLIENT_SECRET_FILE_PATH: path });
    expect(forms()[0]?.get('client_secret')).toBe(SECRET);
    const error = await failureOf(enter({ ARM_CLIENT_SECRET_FILE_PATH: path, ARM_CLIENT_SECRET: 'another' }));
    expect([error.exitCode, error.message]).toEqual([2, expect.stringContaining('disagree')]);
    const missing = await failureOf(enter({ ARM_CLIENT_SECRET_FILE_PATH: `${path}-not` }));
    expect([missing.exitCode, missing.message]).toEqual([2, expect.stringContaining('ENOENT')]);
  });

  test('client certificate: PKCS#12 from a file or as base64', async () => {
    const archive = pkcs12('open sesame');
    const path = join(server.folder, 'deployer.pfx');
    await writeFile(path, archive);
    const password = { ARM_CLIENT_CERTIFICATE_PASSWORD: 'open sesame' };
    expect((await enter({ ARM_CLIENT_CERTIFICATE_PATH: path, ...password })).way).toBe('client certificate');
    await enter({
      ARM_CLIENT_CERTIFICATE: archive.toString('base64'),
      ...password,
      ARM_CLIENT_SECRET: SECRET,
    });
    for (const form of forms()) {
      expect(form.get('client_secret')).toBeNull();
      expect(form.get('client_assertion')?.split('.')).toHaveLength(3);
    }
  });

  test.each([
    ['a wrong password', () => pkcs12('another'), 'with this password'],
    ['PEM', () => Buffer.from('-----BEGIN CERTIFICATE-----'), 'openssl pkcs12 -export'],
    ['something else', () => Buffer.from('hello'), 'is no PKCS#12 archive'],
  ])('client certificate: %s', async (_, archive, what) => {
    const path = join(server.folder, 'deployer.pfx');
    await writeFile(path, archive());
    const env = { ARM_CLIENT_CERTIFICATE_PATH: path, ARM_CLIENT_CERTIFICATE_PASSWORD: SECRET };
    const error = await failureOf(enter(env));
    expect([error.exitCode, error.message]).toEqual([3, expect.stringContaining(what)]);
    for (const form of formsOf(SECRET)) expect(everythingIn(error)).not.toContain(form);
  });

  test('OIDC token, from a variable or a file that is read anew', async () => {
    expect((await enter({ ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN: 'jwt-1' })).way).toBe('OIDC token');
    const path = join(server.folder, 'token');
    await writeFile(path, 'jwt-2');
    await enter({ ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN_FILE_PATH: path });
    expect(forms().map((form) => form.get('client_assertion'))).toEqual(['jwt-1', 'jwt-2']);
  });

  test('GitHub Actions: asks for a token with the audience', async () => {
    entra(undefined, () => ({ json: { value: 'github-jwt' } }));
    const signedIn = await enter({
      ARM_USE_OIDC: 'true',
      ACTIONS_ID_TOKEN_REQUEST_URL: `${server.url}/github?api=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'ask',
    });
    expect(signedIn.way).toBe('GitHub Actions');
    const asked = server.received.find((one) => one.url.startsWith('/github'));
    expect(asked).toMatchObject({
      method: 'GET',
      url: '/github?api=2&audience=api%3A%2F%2FAzureADTokenExchange',
    });
    expect(asked?.headers.authorization).toBe('Bearer ask');
    expect(forms()[0]?.get('client_assertion')).toBe('github-jwt');
  });

  test('Azure DevOps: asks for a token of the service connection', async () => {
    entra(undefined, () => ({ json: { oidcToken: 'devops-jwt' } }));
    const signedIn = await enter({
      ARM_USE_OIDC: 'true',
      ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID: 'connection',
      SYSTEM_OIDCREQUESTURI: `${server.url}/devops`,
      SYSTEM_ACCESSTOKEN: 'ask',
    });
    expect(signedIn.way).toBe('Azure DevOps service connection');
    expect(server.received.find((one) => one.url.startsWith('/devops'))).toMatchObject({
      method: 'POST',
      url: '/devops?api-version=7.1&serviceConnectionId=connection',
    });
    expect(forms()[0]?.get('client_assertion')).toBe('devops-jwt');
  });

  test('an issuer that refuses is named, and its request token is not in the error', async () => {
    entra(undefined, () => ({ status: 403, json: {} }));
    const error = await failureOf(
      enter({
        ARM_USE_OIDC: 'true',
        ACTIONS_ID_TOKEN_REQUEST_URL: `${server.url}/github`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: SECRET,
      }),
    );
    expect([error.exitCode, error.message]).toEqual([3, expect.stringContaining('GitHub Actions')]);
    expect(error.message).toContain('status 403');
    for (const form of formsOf(SECRET)) expect(everythingIn(error)).not.toContain(form);
  });

  test('none: each is listed, and nobody is asked for a token', async () => {
    const error = await failureOf(enter());
    expect([error.exitCode, error.problems.length]).toEqual([3, 7]);
    expect(forms()).toEqual([]);
  });

  test('an encrypted secret leads to its variable', async () => {
    const error = await failureOf(enter({}, { clientSecret: SECURE_VALUE }));
    expect([error.exitCode, error.message]).toEqual([
      3,
      expect.stringContaining('export ARM_CLIENT_SECRET='),
    ]);
  });

  test('no other way is tried when the first one fails', async () => {
    entra(() => refused('7000215', 'Invalid client secret provided.'));
    const error = await failureOf(
      enter({ ARM_CLIENT_SECRET: SECRET, ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN: 'jwt' }),
    );
    expect(error.summary).toContain('by client secret');
    expect(forms().some((form) => form.has('client_assertion'))).toBe(false);
  });
});

describe('Azure CLI', () => {
  /** Signs in in a process of its own, in which the given script is all that PATH holds. */
  async function enterWith(script: string): Promise<{ way?: string; kind?: string; message?: string }> {
    const bin = join(server.folder, 'bin');
    await mkdir(bin);
    await writeFile(join(bin, 'az'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const program = join(server.folder, 'sign-in.mts');
    const door = JSON.stringify(join(process.cwd(), 'infra/graph/provider-cloud.ts'));
    await writeFile(
      program,
      `import { signIn } from ${door};
       const config = { metadataHost: ${JSON.stringify(server.host)} };
       const outcome = await signIn(config, process.env, new AbortController().signal).then(
         ({ way }) => ({ way }), ({ kind, message }) => ({ kind, message }));
       process.stdout.write(JSON.stringify(outcome));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program], {
      env: { PATH: bin, SSL_CERT_FILE: server.caFile, ARM_TENANT_ID: TENANT, ARM_CLIENT_ID: 'client' },
    });
    return JSON.parse(stdout) as { way?: string; kind?: string; message?: string };
  }

  test('gives a token of whoever is logged in', async () => {
    const answer = {
      accessToken: token(),
      expiresOn: '2999-01-01 00:00:00.000000',
      expires_on: 32_472_144_000,
    };
    expect(await enterWith(`echo '${JSON.stringify(answer)}'`)).toEqual({ way: 'Azure CLI' });
  });

  test('with nobody logged in, all ways are listed, and how it was tried', async () => {
    const outcome = await enterWith('echo "ERROR: Please run \'az login\' to setup account." >&2; exit 1');
    expect(outcome.kind).toBe('authentication');
    expect(outcome.message).toMatch(/Azure CLI: was tried: .*az login/);
    expect(outcome.message).toContain('client secret: lacks azuread:clientSecret or ARM_CLIENT_SECRET');
  });
});

describe('another tenant than the configured one', () => {
  const OTHER = '99999999-8888-4777-8666-555555555555';
  const tokenOfOther = () => ({
    json: { access_token: fakeToken({ tid: OTHER, exp: Date.now() / 1000 + 3600 }), expires_in: 3600 },
  });

  test.each([
    ['ARM_TENANT_ID', {}, `export ARM_TENANT_ID=${OTHER}`],
    ['azuread:tenantId', { tenantId: TENANT }, `pulumi config set azuread:tenantId ${OTHER}`],
  ])('is refused, with both named, and what %s would have to be', async (where, azuread, correction) => {
    entra(tokenOfOther);
    const error = await failureOf(enter({ ARM_CLIENT_SECRET: SECRET }, azuread));
    expect(error.kind).toBe('configuration');
    expect(error.problems).toEqual([
      expect.objectContaining({ where, what: expect.stringContaining(OTHER), found: TENANT }),
    ]);
    expect(error.next.join('\n')).toContain(correction);
  });

  test('cannot be told where the tenant is configured by its domain, nor by the case of a GUID', async () => {
    entra(tokenOfOther);
    for (const tenantId of ['contoso.onmicrosoft.com', OTHER.toUpperCase()]) {
      const signedIn = await enter({ ARM_CLIENT_SECRET: SECRET }, { tenantId });
      expect(signedIn.tenantId).toBe(OTHER);
    }
  });
});

describe('refusals', () => {
  test.each([
    ['7000215', 'the secret is not one of those'],
    ['7000222', 'the secret has expired'],
    ['700016', 'no application with this client id'],
    ['7000229', 'no service principal'],
  ])('AADSTS%s is exit code 3, in plain words', async (code, means) => {
    entra(() => refused(code, `The secret ${SECRET} of the client is not good.`));
    const error = await failureOf(withSecret());
    expect(error.exitCode).toBe(3);
    expect(error.summary).toBe(`Entra refused the sign-in by client secret (AADSTS${code})`);
    expect(error.message).toContain(means);
    expect(error.message).toContain('ARM_CLIENT_ID client');
    expect(error.message).not.toContain('Trace ID');
    for (const form of formsOf(SECRET)) expect(everythingIn(error)).not.toContain(form);
  });
});

describe('trouble on the way', () => {
  test('throttling is waited out as long as Entra asks', async () => {
    let calls = 0;
    entra(() => {
      calls += 1;
      return calls === 1 ? { ...refused('90055', 'Busy.', 429), headers: { 'retry-after': '0' } } : granted();
    });
    expect((await withSecret()).way).toBe('client secret');
    expect(calls).toBe(2);
  });

  test('an Entra that does not answer is told apart from a refusal', async () => {
    entra(() => ({ cut: true }));
    const error = await failureOf(withSecret());
    expect([error.exitCode, error.summary]).toEqual([3, 'Entra could not be reached']);
    for (const form of formsOf(SECRET)) expect(everythingIn(error)).not.toContain(form);
  });

  test('a run that is called off ends the sign-in, and nothing is asked any more', async () => {
    const controller = new AbortController();
    entra(() => {
      controller.abort();
      return { ...refused('90055', 'Busy.', 429), headers: { 'retry-after': '0' } };
    });
    const error = await failureOf(enter({ ARM_CLIENT_SECRET: SECRET }, {}, controller.signal));
    expect(error.kind).toBe('cancelled');
    // Whoever retried would do so at once: the answer said 0 seconds.
    await new Promise((done) => setTimeout(done, 300));
    expect(forms()).toHaveLength(1);
  });
});
