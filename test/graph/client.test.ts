import { GraphClient } from '../../infra/graph/client.js';
import { readTrust } from '../../infra/graph/trust.js';
import { everythingIn, failureOf } from './support/failure.js';
import { type Received, type Reply, type ScriptedServer, startServer } from './support/https-server.js';

const TOKEN = 'token-that-must-not-leak';
let server: ScriptedServer;
let waits: number[];
let controller: AbortController;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
beforeEach(() => {
  waits = [];
  controller = new AbortController();
  (server.received as Received[]).length = 0;
});

const open = () =>
  new GraphClient({
    graph: server.url,
    token: async () => TOKEN,
    trust: readTrust({ SSL_CERT_FILE: server.caFile }),
    signal: controller.signal,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
    },
  });

const application = (id: string) => ({ id, appId: `app-${id}`, displayName: `name ${id}`, extra: 1 });
const graphError = (status: number, code: string, message = 'said Graph'): Reply => ({
  status,
  json: { error: { code, message, innerError: { date: '2026-01-01T00:00:00', 'request-id': 'r' } } },
});
/** Answers one reply after the other; the last one from then on. */
function inTurn(...replies: readonly Reply[]): void {
  let index = 0;
  server.answer(() => {
    const reply = replies[Math.min(index, replies.length - 1)] ?? {};
    index += 1;
    return reply;
  });
}
const pathAndQuery = (request: Received) => {
  const url = new URL(request.url, server.url);
  return [url.pathname, Object.fromEntries(url.searchParams)];
};

describe('requests', () => {
  test('carry the token, and the filter with its value as it is', async () => {
    inTurn({ json: { value: [application('1')] } });
    const [found] = await open().findApplicationsByDisplayName("R&D's #1 + 100%");
    expect(found).toEqual({
      id: '1',
      appId: 'app-1',
      displayName: 'name 1',
      tags: [],
      passwordCredentials: [],
    });
    const [request] = server.received;
    expect(request?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(request === undefined ? [] : pathAndQuery(request)).toEqual([
      '/v1.0/applications',
      {
        $filter: "displayName eq 'R&D''s #1 + 100%'",
        $select: 'id,appId,displayName,createdDateTime,tags,passwordCredentials',
      },
    ]);
  });

  test('an id is one path segment, whatever stands in it', async () => {
    inTurn(graphError(404, 'Request_ResourceNotFound'));
    await open().getApplication({ objectId: '../users?$top=1#' });
    expect(server.received[0]?.url).toMatch(/^\/v1\.0\/applications\/..%2Fusers%3F%24top%3D1%23\?/);
  });

  test('removing a secret posts its key id', async () => {
    inTurn({ status: 204, text: '' });
    await open().removePassword('object', 'key');
    expect(server.received[0]).toMatchObject({
      method: 'POST',
      url: '/v1.0/applications/object/removePassword',
      body: '{"keyId":"key"}',
    });
  });
});

describe('what is not there', () => {
  test('is undefined, or an empty list', async () => {
    inTurn(graphError(404, 'Request_ResourceNotFound'));
    const client = open();
    expect(await client.getApplication({ objectId: 'x' })).toBeUndefined();
    expect(await client.listAppRoleAssignedTo('x', 'y')).toEqual([]);
    inTurn({ json: { value: [] } });
    expect(await client.getApplication({ appId: 'x' })).toBeUndefined();
    expect(await client.findServicePrincipal('x')).toBeUndefined();
  });

  test('is a failure where something was to be removed from it', async () => {
    inTurn(graphError(404, 'Request_ResourceNotFound'));
    const error = await failureOf(open().removePassword('x', 'y'));
    expect(error.message).toContain('status 404, Request_ResourceNotFound, said Graph');
  });
});

describe('pages', () => {
  const assignment = (id: string, principalId: string) => ({
    id,
    principalId,
    appRoleId: 'role',
    resourceId: 'api',
  });

  test('are read to the end, with the filter of the first one left out', async () => {
    inTurn(
      {
        json: {
          value: [assignment('1', 'ours'), assignment('2', 'theirs')],
          '@odata.nextLink': `${server.url}/v1.0/servicePrincipals/api/appRoleAssignedTo?$skiptoken=a%26b==`,
        },
      },
      { json: { value: [assignment('3', 'ours')] } },
    );
    const granted = await open().listAppRoleAssignedTo('api', 'ours');
    expect(granted.map(({ id }) => id)).toEqual(['1', '3']);
    expect(server.received.map(pathAndQuery)).toEqual([
      ['/v1.0/servicePrincipals/api/appRoleAssignedTo', {}],
      ['/v1.0/servicePrincipals/api/appRoleAssignedTo', { $skiptoken: 'a&b==' }],
    ]);
  });

  test.each(['https://localhost:1', 'https://graph.microsoft.com', 'https://evil.example'])(
    'are not fetched from %s, and the token does not go there',
    async (stranger) => {
      inTurn({ json: { value: [], '@odata.nextLink': `${stranger}/v1.0/applications?$skiptoken=x` } });
      const error = await failureOf(open().findApplicationsByTag('t'));
      expect(error.message).toContain('pointed to another server');
      expect(server.received).toHaveLength(1);
    },
  );
});

describe('a filter that Graph wants as an advanced query', () => {
  test('is asked again as one', async () => {
    inTurn(graphError(400, 'Request_UnsupportedQuery'), { json: { value: [application('1')] } });
    expect(await open().findApplicationsByTag("it's")).toHaveLength(1);
    expect(server.received.map((request) => request.headers.consistencylevel)).toEqual([
      undefined,
      'eventual',
    ]);
    expect(server.received.map((request) => pathAndQuery(request)[1])).toEqual([
      expect.not.objectContaining({ $count: 'true' }),
      expect.objectContaining({ $count: 'true', $filter: "tags/any(x:x eq 'it''s')" }),
    ]);
  });

  test('but only once', async () => {
    inTurn(graphError(400, 'Request_UnsupportedQuery'));
    expect((await failureOf(open().findApplicationsByTag('t'))).message).toContain(
      'Request_UnsupportedQuery',
    );
    expect(server.received).toHaveLength(2);
  });
});

describe('failures', () => {
  test('403 names the permission that the call needs', async () => {
    inTurn(graphError(403, 'Authorization_RequestDenied', 'Insufficient privileges'));
    const reading = await failureOf(open().findApplicationsByTag('t'));
    expect(reading.exitCode).toBe(3);
    expect(reading.message).toContain('Application.Read.All');
    expect(reading.message).toContain('Authorization_RequestDenied');
    const removing = await failureOf(open().removePassword('x', 'y'));
    expect(removing.message).toContain('Application.ReadWrite.OwnedBy');
  });

  test('401 is about the sign-in', async () => {
    inTurn(graphError(401, 'InvalidAuthenticationToken'));
    expect((await failureOf(open().findServicePrincipal('x'))).exitCode).toBe(3);
  });

  test('an answer in another form is a failure, not undefined', async () => {
    inTurn({ json: { value: [{ id: 1 }] } });
    expect((await failureOf(open().findServicePrincipal('x'))).message).toContain('unknown form');
    inTurn({ text: '<html>' });
    expect((await failureOf(open().findServicePrincipal('x'))).exitCode).toBe(1);
  });

  test('a server that is not trusted, or not there', async () => {
    const client = new GraphClient({
      graph: server.url,
      token: async () => TOKEN,
      trust: readTrust({}),
      signal: controller.signal,
    });
    expect((await failureOf(client.findServicePrincipal('x'))).message).toContain('SSL_CERT_FILE');
  });

  test('the token is in none of them', async () => {
    for (const reply of [graphError(401, 'x'), graphError(403, 'x'), graphError(500, 'x'), { cut: true }]) {
      inTurn(reply);
      expect(everythingIn(await failureOf(open().removePassword('x', 'y')))).not.toContain(TOKEN);
    }
  });

  test("the token's own failure comes through as it is", async () => {
    const failure = new Error('no token today');
    const client = new GraphClient({
      graph: server.url,
      token: () => Promise.reject(failure),
      trust: readTrust({ SSL_CERT_FILE: server.caFile }),
      signal: controller.signal,
    });
    expect((await failureOf(client.findServicePrincipal('x'))).message).toContain('no token today');
    expect(server.received).toHaveLength(0);
  });
});

describe('retries', () => {
  const throttled: Reply = { ...graphError(429, 'TooManyRequests'), headers: { 'retry-after': '7' } };
  const busy: Reply = { ...graphError(503, 'ServiceUnavailable'), headers: { 'retry-after': '0' } };
  const found: Reply = { json: { value: [application('1')] } };

  test('wait as long as Graph says', async () => {
    inTurn(throttled, busy, found);
    expect(await open().findApplicationsByTag('t')).toHaveLength(1);
    expect(waits).toEqual([7_000, 0]);
  });

  test('come to an end', async () => {
    inTurn(throttled);
    const error = await failureOf(open().findApplicationsByTag('t'));
    expect(error.message).toContain('TooManyRequests');
    expect(waits).toHaveLength(9);
  });

  test('do not wait for hours', async () => {
    inTurn({ ...throttled, headers: { 'retry-after': '3600' } });
    await failureOf(open().findApplicationsByTag('t'));
    expect(waits).toEqual([]);
  });

  test('read again after a connection that was cut off or an error of the server', async () => {
    inTurn({ cut: true }, graphError(500, 'InternalServerError'), found);
    expect(await open().findApplicationsByTag('t')).toHaveLength(1);
    expect(waits).toHaveLength(2);
  });

  test('never write twice what may have been done', async () => {
    for (const reply of [
      { cut: true },
      graphError(500, 'InternalServerError'),
      graphError(504, 'GatewayTimeout'),
    ]) {
      (server.received as Received[]).length = 0;
      inTurn(reply);
      await failureOf(open().removePassword('x', 'y'));
      expect(server.received).toHaveLength(1);
    }
    inTurn(throttled, busy, { status: 204, text: '' });
    await open().removePassword('x', 'y');
    expect(waits).toEqual([7_000, 0]);
  });

  test('leave alone what will not go away', async () => {
    for (const status of [400, 403, 501]) {
      inTurn(graphError(status, 'Some_Code'));
      await failureOf(open().findServicePrincipal('x'));
    }
    expect(server.received).toHaveLength(3);
  });

  test('end with the run', async () => {
    inTurn(throttled);
    const client = new GraphClient({
      graph: server.url,
      token: async () => TOKEN,
      trust: readTrust({ SSL_CERT_FILE: server.caFile }),
      signal: controller.signal,
    });
    const work = failureOf(client.findApplicationsByTag('t'));
    while (server.received.length === 0) await new Promise((done) => setTimeout(done, 5));
    controller.abort();
    expect((await work).kind).toBe('cancelled');
  });
});
