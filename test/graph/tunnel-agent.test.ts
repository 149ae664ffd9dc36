import { EventEmitter, once } from 'node:events';
import { createServer as createProxy } from 'node:http';
import { createServer, get } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { TunnelAgent } from '../../infra/graph/tunnel-agent.js';
import { makeAuthority } from '../../sandbox/server/certificates.js';

/**
 * A server with its authority, behind a proxy that wants a name and a password.
 *
 * @param answer of the proxy; 0 for none
 */
async function network(answer = 200) {
  const authority = await makeAuthority();
  const { certificate, key } = await authority.issue('good');
  const server = createServer({ cert: certificate, key }, (_, response) => response.end('behind the proxy'));
  const sockets = new Set<Socket>();
  const asked: { readonly target: string | undefined; readonly login: string | undefined }[] = [];
  const events = new EventEmitter();
  const proxy = createProxy().on('connect', (request, client: Socket) => {
    client.once('close', () => events.emit('left'));
    events.emit('asked');
    asked.push({ target: request.url, login: request.headers['proxy-authorization'] });
    sockets.add(client.on('error', () => undefined));
    if (answer === 0) {
      // Half-open, as all sockets of an HTTP server: they end when both sides do.
      client.resume().once('end', () => client.destroy());
      return;
    }
    if (answer !== 200) {
      client.end(`HTTP/1.1 ${answer} No\r\n\r\n`);
      return;
    }
    const target = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    sockets.add(target.on('error', () => undefined));
  });
  for (const one of [server, proxy]) await new Promise<void>((done) => one.listen(0, '127.0.0.1', done));
  return {
    ca: authority.ca,
    asked,
    /** When the proxy is asked next, and when a client goes. */
    next: (event: 'asked' | 'left') => once(events, event),
    proxy: `http://ann:p%40ss@127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      proxy.close();
    },
  };
}

function fetched(agent: TunnelAgent, more: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: 'localhost', port: 8443, path: '/path', agent, ...more }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

test('a connection goes through the proxy, with its login, to a server that our authorities vouch for', async () => {
  const { ca, asked, proxy, close } = await network();
  const agent = new TunnelAgent(proxy, createSecureContext({ ca }));
  expect(await fetched(agent)).toBe('behind the proxy');
  expect(asked).toEqual([
    { target: 'localhost:8443', login: `Basic ${Buffer.from('ann:p@ss').toString('base64')}` },
  ]);
  agent.destroy();
  close();
});

test('a server of another authority is not trusted behind a proxy, either', async () => {
  const { proxy, close } = await network();
  const agent = new TunnelAgent(proxy, createSecureContext());
  await expect(fetched(agent)).rejects.toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  agent.destroy();
  close();
});

test('a proxy that refuses is told with its status', async () => {
  const { ca, proxy, close } = await network(407);
  const agent = new TunnelAgent(proxy, createSecureContext({ ca }));
  await expect(fetched(agent)).rejects.toMatchObject({ message: expect.stringContaining('407') });
  agent.destroy();
  close();
});

test('a proxy that stays silent is left after its time', async () => {
  const { ca, proxy, next, close } = await network(0);
  const left = next('left');
  const agent = new TunnelAgent(proxy, createSecureContext({ ca }), 50);
  await expect(fetched(agent)).rejects.toMatchObject({
    code: 'ETIMEDOUT',
    message: expect.stringContaining('0.05 s'),
  });
  await left;
  close();
});

test('a request that is given up takes its connection along, before there is one and from the start', async () => {
  const { ca, proxy, next, close } = await network(0);
  const agent = new TunnelAgent(proxy, createSecureContext({ ca }));
  const controller = new AbortController();
  const [asked, left] = [next('asked'), next('left')];
  const failure = expect(fetched(agent, { givenUp: controller.signal })).rejects.toThrow('nobody waits');
  await asked;
  controller.abort();
  await Promise.all([failure, left]);
  await expect(fetched(agent, { givenUp: controller.signal })).rejects.toThrow('nobody waits');
  close();
});

test('a certificate is for the address that was asked for, not for the proxy', async () => {
  const { ca, proxy, close } = await network();
  const agent = new TunnelAgent(proxy, createSecureContext({ ca }));
  expect(await fetched(agent, { host: '127.0.0.1' })).toBe('behind the proxy');
  await expect(fetched(agent, { host: '127.0.0.2' })).rejects.toMatchObject({
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
  agent.destroy();
  close();
});
