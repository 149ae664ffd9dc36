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
type Target = RequestOptions & {
  readonly servername?: string;
  /** Aborted when nobody waits for the connection any more. Node keeps a request's own `signal` from its agent. */
  readonly givenUp?: Pick<AbortSignal, 'aborted' | 'addEventListener' | 'removeEventListener'>;
};

type Done = (error: Error | null, stream: Duplex) => void;

/** Time in which a proxy says whether it makes a connection. */
const CONNECT_LIMIT_MS = 10_000;

/** An agent whose connections are tunnels through one proxy (RFC 9110, 9.3.6). */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;
  readonly #secureContext: SecureContext;
  readonly #limitMs: number;

  /**
   * @param proxy its URL, with a user name and a password where it wants them
   * @param limitMs time for its answer
   */
  constructor(proxy: string, secureContext: SecureContext, limitMs = CONNECT_LIMIT_MS) {
    super({ keepAlive: true });
    this.#proxy = new URL(proxy);
    this.#secureContext = secureContext;
    this.#limitMs = limitMs;
  }

  /** Called by Node for each new connection. */
  override createConnection({ host, port, servername, givenUp }: Target, callback?: Done): undefined {
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
    const giveUp = () => request.destroy(new Error('nobody waits for the connection any more'));
    const timer = setTimeout(() => request.destroy(silent(this.#limitMs)), this.#limitMs);
    givenUp?.addEventListener('abort', giveUp);
    const done = (error: Error | null, stream?: Duplex) => {
      clearTimeout(timer);
      givenUp?.removeEventListener('abort', giveUp);
      (callback as (error: Error | null, stream?: Duplex) => void)(error, stream);
    };
    request.once('error', (error) => done(error));
    request.once('connect', ({ statusCode }, socket) => {
      if (statusCode !== 200) {
        socket.destroy();
        done(refused(statusCode));
        return;
      }
      // An address has no server name, and is what the certificate has to be for all the same.
      const target = { host: name, servername: servername ?? name };
      done(null, connect({ socket, ...target, secureContext: this.#secureContext }));
    });
    request.end();
    if (givenUp?.aborted === true) giveUp();
  }
}

/** With the code that libraries take for a connection that could not be made. */
function refused(status: number | undefined): Error {
  return Object.assign(new Error(`the proxy answered ${status}`), { code: 'ECONNREFUSED' });
}

function silent(limitMs: number): Error {
  return Object.assign(new Error(`the proxy did not answer within ${limitMs / 1000} s`), {
    code: 'ETIMEDOUT',
  });
}

/** A policy of Microsoft's clients. */
export interface GivenUpPolicy {
  readonly name: string;
  sendRequest<
    Request extends { abortSignal?: unknown; requestOverrides?: Record<string, unknown> },
    Response,
  >(request: Request, next: (request: Request) => Promise<Response>): Promise<Response>;
}

/** Lets the agent know when a request of theirs is given up. */
export const tellsOfGivingUp: GivenUpPolicy = {
  name: 'tellsOfGivingUp',
  sendRequest: async (request, next) => {
    request.requestOverrides = { ...request.requestOverrides, givenUp: request.abortSignal };
    return await next(request);
  },
};
