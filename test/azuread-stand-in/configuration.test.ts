/** Configuration, signing in, and what is refused. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import forge from 'node-forge';
import type { HttpResponse, Transport } from '../../sandbox/azuread/https-transport.js';
import { azureadStandIn } from '../../sandbox/azuread/provider.js';
import {
  ask,
  check,
  configure,
  failureOf,
  failures,
  invoke,
  raw,
  secret,
  startEngine,
  struct,
} from '../kernel/support/engine.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { clientOf, configOf, recording, type Sent, TYPES, trusting } from './support/stand-in.js';

let tenant: TestSandbox;
beforeAll(async () => {
  tenant = await startTestSandbox();
});
afterAll(() => tenant.dispose());

interface Outcome {
  readonly error: string | undefined;
  readonly sent: readonly Sent[];
}

/** Configures a fresh stand-in and says what came of it. */
async function tryConfigure(
  config: Parameters<typeof configure>[1],
  env: NodeJS.ProcessEnv = {},
  transport: Transport = trusting(tenant),
): Promise<Outcome> {
  const sent: Sent[] = [];
  const engine = await startEngine(azureadStandIn({ env, transport: recording(transport, sent) }));
  try {
    const error = await configure(engine.client, config).then(
      () => undefined,
      (failure: { details: string }) => failure.details,
    );
    return { error, sent };
  } finally {
    await engine.stop();
  }
}

describe('signing in', () => {
  it('takes the secret from the configuration or from the environment', async () => {
    const client = clientOf(tenant, 'deployer');
    const config = configOf(tenant, client);
    const direct = await tryConfigure({
      ...config,
      clientSecret: secret(config.clientSecret),
      version: '6.9.1',
    });
    expect(direct.error).toBeUndefined();
    expect(direct.sent.map(({ line }) => line)).toEqual([
      'GET /metadata/endpoints?api-version=2022-09-01',
      `POST /${config.tenantId}/oauth2/v2.0/token`,
    ]);
    expect(direct.sent[1]?.body).toEqual({
      client_id: config.clientId,
      client_secret: config.clientSecret,
      grant_type: 'client_credentials',
      scope: `${tenant.sandbox.info.graph}/.default`,
    });
    const fromEnv = await tryConfigure(
      {},
      {
        ARM_METADATA_HOSTNAME: config.metadataHost,
        ARM_TENANT_ID: config.tenantId,
        ARM_CLIENT_ID: config.clientId,
        ARM_CLIENT_SECRET: config.clientSecret,
      },
    );
    expect(fromEnv.error).toBeUndefined();
  });

  it("names Entra's code when it refuses, and never the secret", async () => {
    const config = configOf(tenant, clientOf(tenant, 'deployer'));
    const wrong = await tryConfigure({ ...config, clientSecret: 'not-the-secret-at-all' });
    expect(wrong.error).toMatch(/^signing in to Entra failed \(AADSTS7000215\): /);
    expect(wrong.error).not.toContain('not-the-secret-at-all');
  });

  it('signs an assertion with a certificate from a PKCS#12 file or from base64', async () => {
    const { pkcs12, thumbprint, publicKey } = makePkcs12('pass word');
    const folder = await mkdtemp(join(tmpdir(), 'stand-in-'));
    try {
      const file = join(folder, 'client.p12');
      await writeFile(file, pkcs12);
      const config = configOf(tenant, clientOf(tenant, 'deployer'));
      for (const given of [
        { clientCertificatePath: file },
        { clientCertificate: pkcs12.toString('base64') },
      ]) {
        const { sent, error } = await tryConfigure({
          ...config,
          ...given,
          clientCertificatePassword: 'pass word',
        });
        // The tenant does not know this certificate: it must say so, and not for a form that it cannot read.
        expect(error).toMatch(/AADSTS7000(27|021)/);
        const form = sent[1]?.body;
        expect(form).not.toHaveProperty('client_secret');
        expect(form.client_assertion_type).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
        const [header, claims, signature] = form.client_assertion.split('.');
        expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
          alg: 'RS256',
          typ: 'JWT',
          kid: thumbprint,
        });
        expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
          aud: `${tenant.sandbox.info.authority}/${config.tenantId}/oauth2/v2.0/token`,
          iss: config.clientId,
          sub: config.clientId,
        });
        const digest = forge.md.sha256.create().update(`${header}.${claims}`);
        const bytes = Buffer.from(signature, 'base64url').toString('binary');
        expect(publicKey.verify(digest.digest().bytes(), bytes)).toBe(true);
      }
      const wrong = await tryConfigure({
        ...config,
        clientCertificatePath: file,
        clientCertificatePassword: 'x',
      });
      expect(wrong.error).toContain('the client certificate cannot be opened');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('sends OIDC tokens as they are, and fetches them from GitHub', async () => {
    const { clientSecret: _, ...config } = configOf(tenant, clientOf(tenant, 'deployer'));
    const direct = await tryConfigure({ ...config, useOidc: 'true', oidcToken: 'aaaa.bbbb.cccc' });
    expect(direct.sent[1]?.body.client_assertion).toBe('aaaa.bbbb.cccc');
    expect(direct.error).toContain('AADSTS');

    const real = trusting(tenant);
    const github: Transport = (request) =>
      request.url.hostname === 'token.example' ? Promise.resolve(json({ value: 'g.h.i' })) : real(request);
    const fetched = await tryConfigure(
      { ...config, useOidc: 'true' },
      {
        ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.example/get?version=2',
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
      },
      github,
    );
    expect(fetched.sent.map(({ line }) => line)[1]).toBe(
      'GET /get?version=2&audience=api://AzureADTokenExchange',
    );
    expect(fetched.sent[1]?.headers.Authorization).toBe('Bearer request-token');
    expect(fetched.sent[2]?.body.client_assertion).toBe('g.h.i');
  });

  it('says which ways there are when none is given', async () => {
    const { clientSecret: _, ...config } = configOf(tenant, clientOf(tenant, 'deployer'));
    expect((await tryConfigure(config)).error).toContain('no way to sign in');
    expect((await tryConfigure({})).error).toContain('azuread:metadataHost is not set');
  });
});

describe('other machines', () => {
  it.each([
    'login.microsoftonline.com',
    '10.0.0.1:8443',
    'localhost.example.com',
    'localhost@example.com',
    '127.0.0.1.nip.io',
  ])('are refused as metadata host: %s', async (metadataHost) => {
    const config = configOf(tenant, clientOf(tenant, 'deployer'));
    const { error, sent } = await tryConfigure({ ...config, metadataHost });
    expect(error).toContain('azuread:metadataHost');
    expect(error).toContain('pulumi plugin install resource azuread');
    expect(sent).toEqual([]);
  });

  it.each([
    ['login', { login: 'https://login.microsoftonline.com' }, 'loginEndpoint'],
    ['Graph', { graph: 'https://graph.microsoft.com' }, 'microsoftGraphResourceId'],
    ['unencrypted login', { login: 'http://localhost:1' }, 'loginEndpoint'],
  ])(
    'are refused as %s address of the metadata document',
    async (_, addresses: Record<string, string>, where) => {
      const { authority, graph } = tenant.sandbox.info;
      const document = {
        name: 'x',
        resourceManager: 'https://localhost',
        microsoftGraphResourceId: addresses.graph ?? graph,
        authentication: { loginEndpoint: addresses.login ?? authority },
      };
      const config = configOf(tenant, clientOf(tenant, 'deployer'));
      const { error, sent } = await tryConfigure(config, {}, () => Promise.resolve(json(document)));
      expect(error).toContain(where);
      expect(sent).toHaveLength(1);
    },
  );
});

describe('inputs', () => {
  it('that only the official provider has are refused as such, unknown ones as unknown', async () => {
    const engine = await startEngine(azureadStandIn({ env: {}, transport: trusting(tenant) }));
    try {
      await configure(engine.client, configOf(tenant, clientOf(tenant, 'deployer')));
      const application = await check(engine.client, TYPES.application, {
        displayName: 'x',
        api: { requestedAccessTokenVersion: 2 },
        displayNam: 'y',
        web: { redirectUrl: [] },
        requiredResourceAccesses: [{ resourceAppId: 'no id', resourceAccesses: [] }],
      });
      expect(failures(application)).toEqual([
        "api is not supported by the sandbox's stand-in for the azuread provider",
        'displayNam is unknown; did you mean displayName?',
        'requiredResourceAccesses[0].resourceAppId must be a UUID',
        expect.stringMatching(/^requiredResourceAccesses\[0\]\.resourceAccesses /),
        'web.redirectUrl is unknown; did you mean redirectUris?',
      ]);
      const password = await check(engine.client, TYPES.password, {
        applicationId: 'no-path',
        endDateRelative: '240h',
        endDate: 'tomorrow',
      });
      expect(failures(password)).toEqual([
        "endDateRelative is not supported by the sandbox's stand-in for the azuread provider",
        'applicationId must be of the form /applications/<object id>',
        'endDate must be a time in RFC 3339 form, such as 2027-01-31T12:00:00Z',
      ]);
      const missing = await failureOf(check(engine.client, 'azuread:index/group:Group', {}));
      expect(missing.details).toContain("this is the sandbox's stand-in");
    } finally {
      await engine.stop();
    }
  });

  it('of the provider are checked as well', async () => {
    const engine = await startEngine(azureadStandIn({ env: {}, transport: trusting(tenant) }));
    try {
      const request = new providerPb.CheckRequest();
      request.setNews(struct({ metadatHost: 'x', msiEndpoint: 'y', useMsi: 'false', useOidc: 'maybe' }));
      const response = await ask<providerPb.CheckResponse>((done) =>
        engine.client.checkConfig(request, done),
      );
      expect(failures(response)).toEqual([
        'metadatHost is unknown; did you mean metadataHost?',
        "msiEndpoint is not supported by the sandbox's stand-in for the azuread provider",
        expect.stringMatching(/^useOidc invalid input/),
      ]);
    } finally {
      await engine.stop();
    }
  });
});

describe('functions', () => {
  it('answer as the program needs it', async () => {
    const engine = await startEngine(azureadStandIn({ env: {}, transport: trusting(tenant) }));
    try {
      const client = clientOf(tenant, 'admin');
      await configure(engine.client, configOf(tenant, client));
      const call = async (name: string, args: Parameters<typeof invoke>[2]) => {
        const response = await invoke(engine.client, `azuread:index/${name}:${name}`, args);
        expect(failures(response)).toEqual([]);
        return raw(response.getReturn());
      };
      const config = await call('getClientConfig', {});
      const me = await call('getServicePrincipal', { clientId: client.clientId });
      expect(config).toMatchObject({
        clientId: client.clientId,
        tenantId: tenant.sandbox.info.tenantId,
        objectId: me.objectId,
      });
      const { result } = (await call('getApplicationPublishedAppIds', {})) as {
        result: Record<string, string>;
      };
      const exchange = await call('getServicePrincipal', { clientId: result.Office365ExchangeOnline ?? '' });
      expect(exchange).toMatchObject({
        id: `/servicePrincipals/${exchange.objectId}`,
        appRoleIds: { full_access_as_app: 'dc890d15-9560-4a4c-9b7f-a736ec74ec40' },
      });
      const user = await call('getUser', { userPrincipalName: 'interop@contoso.com' });
      expect(user).toMatchObject({
        userPrincipalName: 'interop@contoso.com',
        accountEnabled: true,
        managerId: '',
      });
      expect(await call('getUser', { objectId: user.objectId ?? '' })).toEqual(user);
      const domains = await call('getDomains', { onlyDefault: true });
      expect(domains).toMatchObject({ domains: [{ domainName: tenant.sandbox.info.domain, default: true }] });

      const none = await failureOf(
        invoke(engine.client, 'azuread:index/getUser:getUser', { userPrincipalName: "o'neil@contoso.com" }),
      );
      expect(none.details).toContain("no user with userPrincipalName eq 'o''neil@contoso.com' was found");
      const two = await invoke(engine.client, 'azuread:index/getUser:getUser', {
        mail: 'a',
        mailNickname: 'b',
      });
      expect(failures(two)[0]).toContain('exactly one of');
    } finally {
      await engine.stop();
    }
  });
});

function json(body: unknown): HttpResponse {
  return { status: 200, statusText: 'OK', headers: {}, body: JSON.stringify(body) };
}

function makePkcs12(password: string) {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.setSubject([{ name: 'commonName', value: 'stand-in test' }]);
  certificate.setIssuer([{ name: 'commonName', value: 'stand-in test' }]);
  certificate.validity.notAfter = new Date('2099-01-01T00:00:00Z');
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  const p12 = forge.pkcs12.toPkcs12Asn1(keys.privateKey, [certificate], password, { algorithm: '3des' });
  const der = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes();
  const sha1 = createHash('sha1').update(Buffer.from(der, 'binary')).digest('base64');
  return {
    pkcs12: Buffer.from(forge.asn1.toDer(p12).getBytes(), 'binary'),
    thumbprint: sha1.replaceAll('+', '-').replaceAll('/', '_'),
    publicKey: keys.publicKey,
  };
}
