/** A proxy on loopback that knows one host: the sandbox's vault. Other hosts are refused, as in a network that is closed. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { VAULT_HOST } from '../../sandbox/key-vault/service.js';

export interface VaultProxy {
  /** Variables for a process that is to go through it. */
  readonly env: { readonly HTTPS_PROXY: string };
  /** Tunnels that were opened. */
  readonly tunnels: () => number;
  /** Refuses the vault, too, as if it were down; or lets it be reached again. */
  down(isDown: boolean): void;
  /** Takes connections from now on, and answers none. */
  silent(): void;
  /** When nobody is connected any more. */
  left(): Promise<void>;
  close(): Promise<void>;
}

/** @param port of the sandbox */
export async function startVaultProxy(port: number): Promise<VaultProxy> {
  const open = new Set<Socket>();
  let tunnels = 0;
  let isDown = false;
  let isSilent = false;
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', (request, client: Socket) => {
    open.add(client);
    client.on('close', () => open.delete(client)).on('error', () => undefined);
    if (isSilent) {
      // Half-open, as all sockets of an HTTP server: they end when both sides do.
      client.resume().once('end', () => client.destroy());
      return;
    }
    if (request.url !== `${VAULT_HOST}:443` || isDown) {
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    tunnels += 1;
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    target.on('error', () => client.destroy());
    client.on('close', () => target.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    env: { HTTPS_PROXY: `http://127.0.0.1:${address.port}` },
    tunnels: () => tunnels,
    down: (down) => {
      isDown = down;
      for (const client of open) client.destroy();
    },
    silent: () => {
      isSilent = true;
    },
    left: async () => {
      await Promise.all([...open].map((client) => once(client, 'close')));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of open) client.destroy();
      }),
  };
}
