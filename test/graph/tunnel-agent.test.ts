import { createServer as createProxy } from 'node:http';
import { createServer, get } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { TunnelAgent } from '../../infra/graph/tunnel-agent.js';
import { makeAuthority } from '../../sandbox/server/certificates.js';

/** A server with its authority, behind a proxy that wants a name and a password. */
async function network(answer = 200) {
  const authority = await makeAuthority();
  const { certificate, key } = await authority.issue('good');
  const server = createServer({ cert: certificate, key }, (_, response) => response.end('behind the proxy'));
  const sockets = new Set<Socket>();
  const asked: { readonly target: string | undefined; readonly login: string | undefined }[] = [];
  const proxy = createProxy().on('connect', (request, client: Socket) => {
    asked.push({ target: request.url, login: request.headers['proxy-authorization'] });
    sockets.add(client.on('error', () => undefined));
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
    proxy: `http://ann:p%40ss@127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      proxy.close();
    },
  };
}

function fetched(agent: TunnelAgent): Promise<string> {
  return new Promise((resolve, reject) => {
    get('https://localhost:8443/path', { agent }, (response) => {
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
