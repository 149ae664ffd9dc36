/**
 * Connections through a proxy whose far end is trusted as ours are.
 *
 * Microsoft's clients ignore the trusted authorities that they are given beside a proxy ("TLS settings are not supported in combination
 * with custom Proxy", @typespec/ts-http-runtime, proxyPolicy), which is where a network that inspects its traffic needs them. They
 * leave a request alone that has an agent.
 */
import { request as requestPlainly } from 'node:http';
import { Agent, type RequestOptions, request as requestOverTls } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, type SecureContext } from 'node:tls';

/** What Node tells of a connection that it wants. `servername` is there for TLS, though the types do not say so. */
type Target = RequestOptions & { readonly servername?: string };

type Done = (error: Error | null, stream: Duplex) => void;

/** An agent whose connections are tunnels through one proxy (RFC 9110, 9.3.6). */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;
  readonly #secureContext: SecureContext;

  /** @param proxy its URL, with a user name and a password where it wants them */
  constructor(proxy: string, secureContext: SecureContext) {
    super({ keepAlive: true });
    this.#proxy = new URL(proxy);
    this.#secureContext = secureContext;
  }

  /** Called by Node for each new connection. */
  override createConnection({ host, port, servername }: Target, callback?: Done): undefined {
    const done = callback as (error: Error | null, stream?: Duplex) => void;
    const name = host ?? '';
    const address = `${name}:${port ?? 443}`;
    const { protocol, hostname, port: proxyPort, username, password } = this.#proxy;
    const isTls = protocol === 'https:';
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const request = (isTls ? requestOverTls : requestPlainly)({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: proxyPort === '' ? (isTls ? 443 : 80) : proxyPort,
      ...(isTls ? { secureContext: this.#secureContext } : {}),
      method: 'CONNECT',
      path: address,
      headers: {
        host: address,
        ...(username === ''
          ? {}
          : { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
      },
      agent: false,
    });
    request.once('error', (error) => done(error));
    request.once('connect', ({ statusCode }, socket) => {
      if (statusCode !== 200) {
        socket.destroy();
        done(refused(statusCode));
        return;
      }
      done(null, connect({ socket, servername: servername ?? name, secureContext: this.#secureContext }));
    });
    request.end();
  }
}

/** With the code that libraries take for a connection that could not be made. */
function refused(status: number | undefined): Error {
  return Object.assign(new Error(`the proxy answered ${status}`), { code: 'ECONNREFUSED' });
}
