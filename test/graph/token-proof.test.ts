import { proveSecret, type SecretProof } from '../../infra/graph/token-proof.js';
import { readTrust } from '../../infra/graph/trust.js';
import { everythingIn, failureOf, formsOf } from './support/failure.js';
import {
  fakeToken,
  type Received,
  type Reply,
  type ScriptedServer,
  startServer,
} from './support/https-server.js';

const SECRET = 'Q~hush&hush=+/ä';
let server: ScriptedServer;
let waits: number[];
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
beforeEach(() => {
  waits = [];
  (server.received as Received[]).length = 0;
});

function inTurn(...replies: readonly Reply[]): void {
  let index = 0;
  server.answer(() => replies[Math.min(index++, replies.length - 1)] ?? {});
}
const granted: Reply = {
  json: {
    access_token: fakeToken({
      roles: ['full_access_as_app'],
      aud: 'https://outlook.office365.com',
      exp: 1_800_000_000,
    }),
  },
};
const refused = (code: string): Reply => ({
  status: 401,
  json: {
    error: 'invalid_client',
    error_description: `AADSTS${code}: The secret ${SECRET} is not good. Trace ID: 1`,
  },
});
const prove = (more: Partial<SecretProof> = {}) =>
  proveSecret({
    tokenEndpoint: `${server.url}/contoso.com/oauth2/v2.0/token`,
    clientId: 'client',
    secret: SECRET,
    scope: 'https://outlook.office365.com/.default',
    trust: readTrust({ SSL_CERT_FILE: server.caFile }),
    signal: new AbortController().signal,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
    },
    ...more,
  });

test('posts the form that Google posts, and tells what the token says', async () => {
  inTurn(granted);
  expect(await prove()).toEqual({
    roles: ['full_access_as_app'],
    audience: 'https://outlook.office365.com',
    expiresAt: new Date(1_800_000_000_000),
  });
  const [request] = server.received;
  expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
  expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
    client_id: 'client',
    client_secret: SECRET,
    grant_type: 'client_credentials',
    scope: 'https://outlook.office365.com/.default',
  });
});

test('waits while Entra does not know the fresh secret everywhere', async () => {
  inTurn(refused('7000215'), refused('700016'), granted);
  expect((await prove()).roles).toEqual(['full_access_as_app']);
  expect(waits).toEqual([5_000, 5_000]);
});

test('but not for ever', async () => {
  inTurn(refused('7000215'));
  const error = await failureOf(prove({ attempts: 3 }));
  expect(server.received).toHaveLength(3);
  expect(error.exitCode).toBe(3);
  expect(error.summary).toBe('Entra does not take the secret (AADSTS7000215, 3 tries)');
  for (const form of formsOf(SECRET)) expect(everythingIn(error)).not.toContain(form);
});

test('an expired secret is not tried again', async () => {
  inTurn(refused('7000222'));
  expect((await failureOf(prove())).message).toContain('the secret has expired');
  expect(waits).toEqual([]);
});

test('throttling is waited out', async () => {
  inTurn({ status: 429, headers: { 'retry-after': '3' } }, granted);
  await prove();
  expect(waits).toEqual([3_000]);
});

test('an endpoint that is not there, not trusted, or gives no token', async () => {
  inTurn({ cut: true });
  const cut = await failureOf(prove());
  expect(cut.message).toContain('could not be reached');
  for (const form of formsOf(SECRET)) expect(everythingIn(cut)).not.toContain(form);
  expect((await failureOf(prove({ trust: readTrust({}) }))).exitCode).toBe(2);
  inTurn({ json: { access_token: 'opaque' } });
  expect((await failureOf(prove())).message).toContain('no JWT');
});

test('ends with the run', async () => {
  inTurn(refused('7000215'));
  const controller = new AbortController();
  const sleep = async () => {
    controller.abort();
    throw new Error('aborted');
  };
  expect((await failureOf(prove({ signal: controller.signal, sleep }))).kind).toBe('cancelled');
});
