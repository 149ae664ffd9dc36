import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cloudOfProvider } from '../../infra/graph/provider-cloud.js';
import { failureOf } from './support/failure.js';
import { type ScriptedServer, selfSigned, startServer } from './support/https-server.js';

let server: ScriptedServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server.stop());

const document = () => ({
  name: 'Own',
  resourceManager: server.url,
  microsoftGraphResourceId: `${server.url}/`,
  authentication: { loginEndpoint: server.url, audiences: [], tenant: 'common' },
});
const cloudOf = (env: Record<string, string> = { SSL_CERT_FILE: server.caFile }, host = server.host) =>
  cloudOfProvider({ metadataHost: host }, env);

test('a cloud describes itself, and is asked once', async () => {
  server.answer(() => ({ json: document() }));
  const cloud = await cloudOf();
  expect(cloud).toMatchObject({
    name: 'Own',
    authority: server.url,
    graph: server.url,
    knownToMicrosoft: false,
  });
  expect(cloud.ews).toBe('https://outlook.office365.com/ews/exchange.asmx');
  await cloudOf();
  expect(server.received.map((request) => `${request.method} ${request.url}`)).toEqual([
    'GET /metadata/endpoints?api-version=2022-09-01',
  ]);
});

test('ARM_METADATA_HOSTNAME names it, too, and NODE_EXTRA_CA_CERTS its authority', async () => {
  server.answer(() => ({ json: document() }));
  const env = { ARM_METADATA_HOSTNAME: server.host, NODE_EXTRA_CA_CERTS: server.caFile };
  expect((await cloudOfProvider({}, env)).name).toBe('Own');
});

test('without a metadata host nobody is asked', async () => {
  expect((await cloudOfProvider({ environment: 'china' }, {})).name).toBe('china');
  expect((await cloudOfProvider({}, {})).name).toBe('public');
  expect(server.received).toEqual([]);
});

test('a failure is not remembered', async () => {
  server.answer(() => ({ status: 503 }));
  await failureOf(cloudOf());
  server.answer(() => ({ json: document() }));
  expect((await cloudOf()).name).toBe('Own');
});

describe('what is no metadata document', () => {
  test.each([
    ['an error', { status: 404, json: {} }, 'status 404'],
    ['a redirect', { status: 302, headers: { location: 'https://localhost/' } }, 'status 302'],
    ['a page', { text: '<html>' }, 'expected object'],
    ['a list', { json: [] }, 'expected object'],
    [
      'no authority',
      { json: { name: 'x', resourceManager: 'y', microsoftGraphResourceId: 'https://g' } },
      'authentication',
    ],
    [
      'http',
      {
        json: {
          name: 'x',
          resourceManager: 'y',
          microsoftGraphResourceId: 'http://graph',
          authentication: { loginEndpoint: 'https://login' },
        },
      },
      'microsoftGraphResourceId is not an https URL',
    ],
  ])('%s', async (_, reply, found) => {
    server.answer(() => reply);
    const error = await failureOf(cloudOf());
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain('azuread:metadataHost');
    expect(error.message).toContain(found);
  });

  test.each(['https://localhost:1', 'user@host', 'host/path', 'host:port', 'a b'])(
    '%j is no host',
    async (host) => {
      const error = await failureOf(cloudOf(undefined, host));
      expect(error.exitCode).toBe(2);
      expect(error.message).toContain(JSON.stringify(host));
    },
  );
});

describe('a metadata host that cannot be used', () => {
  test('is not trusted: the variables for CA files are named', async () => {
    const error = await failureOf(cloudOf({}));
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain('neither SSL_CERT_FILE nor NODE_EXTRA_CA_CERTS is set');
    expect(error.next.join()).toContain('SSL_CERT_FILE');
  });

  test("is not trusted by somebody else's authority: the file in use is named", async () => {
    const path = join(server.folder, 'other.pem');
    await writeFile(path, selfSigned('localhost').certificate);
    const error = await failureOf(cloudOf({ SSL_CERT_FILE: path }));
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(`SSL_CERT_FILE=${path}`);
  });

  test('does not listen', async () => {
    const gone = await startServer();
    await gone.stop();
    const error = await failureOf(cloudOfProvider({ metadataHost: gone.host }, {}));
    expect([error.kind, error.message]).toEqual([
      'authentication',
      expect.stringContaining('nothing listens there'),
    ]);
  });

  test('cuts the connection off', async () => {
    server.answer(() => ({ cut: true }));
    const error = await failureOf(cloudOf());
    expect([error.kind, error.message]).toEqual(['authentication', expect.stringContaining('was cut off')]);
  });

  test('is waited for only as long as the run goes on', async () => {
    const controller = new AbortController();
    controller.abort();
    const env = { SSL_CERT_FILE: server.caFile };
    const error = await failureOf(cloudOfProvider({ metadataHost: server.host }, env, controller.signal));
    expect(error.kind).toBe('cancelled');
  });
});

describe('CA files', () => {
  test.each([
    ['is not there', undefined, 'ENOENT'],
    ['holds no certificate', 'hello', 'holds no certificate'],
    ['holds rubbish', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'no certificate'],
  ])('one that %s is named with its variable', async (_, text, what) => {
    const path = join(server.folder, 'ca-file');
    if (text !== undefined) await writeFile(path, text);
    const error = await failureOf(cloudOf({ NODE_EXTRA_CA_CERTS: path }));
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain('NODE_EXTRA_CA_CERTS');
    expect(error.message).toContain(what);
  });
});
