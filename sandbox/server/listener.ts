/** The HTTPS server: reads requests, lets faults and latency happen, writes answers. Loopback only. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { FaultEffect } from '../faults.js';
import { VAULT_HOST } from '../key-vault/service.js';
import type { ServerIdentity } from './certificates.js';
import { type HttpReply, type HttpRequest, jsonReply, segmentsOf } from './http.js';

/** What the listener asks of the rest of the sandbox. */
export interface Application {
  /** Milliseconds since 1970, for the `Date` of answers. */
  now(): number;
  /** Milliseconds to wait before an answer. */
  latencyMs(request: HttpRequest): number;
  /** The fault that hits the request, if any. */
  fault(request: HttpRequest): FaultEffect | undefined;
  /** What a request is answered that `fault` hits. */
  faultReply(request: HttpRequest, status: 429 | 503, retryAfter: number): HttpReply;
  answer(request: HttpRequest): HttpReply | Promise<HttpReply>;
}

export interface Listener {
  readonly port: number;
  /** Breaks every connection. */
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
/** The azuread provider makes a connection per call and leaves it: idle ones are closed soon. */
const KEEP_ALIVE_MS = 5_000;
/** Graph's own limit for a request is about 4 MB. */
const BODY_LIMIT = 4_000_000;
/** Names under which the certificate is valid. Any other Host is a page that rebinds its name to loopback. */
const HOST_NAMES = ['localhost', '127.0.0.1', '[::1]', VAULT_HOST];

/** @throws the system's error (EADDRINUSE, EACCES) when the port cannot be had. */
export async function listen(
  identity: ServerIdentity,
  port: number,
  application: Application,
): Promise<Listener> {
  const stopped = new AbortController();
  const server = createServer(
    { cert: identity.certificate, key: identity.key, minVersion: 'TLSv1.2', keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      // A client that goes away in the middle is its own business.
      serve(application, request, response, stopped.signal).catch(() => response.destroy());
    },
  );
  // Also those that are still shaking hands, which the server would wait for.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await opened(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      stopped.abort();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    },
  };
}

function opened(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function serve(
  application: Application,
  message: IncomingMessage,
  response: ServerResponse,
  stopped: AbortSignal,
): Promise<void> {
  const body = await readBody(message);
  if (body === undefined) {
    return await write(
      application,
      response,
      jsonReply(413, plainError('RequestEntityTooLarge', 'The request is too large.')),
    );
  }
  const request = understand(message, body);
  if ('status' in request) return await write(application, response, request);
  await pause(application.latencyMs(request), stopped);
  const effect = application.fault(request);
  switch (effect?.kind) {
    case 'hang':
      return;
    case 'dropBefore':
      response.destroy();
      return;
    case 'answer':
      return await write(
        application,
        response,
        application.faultReply(request, effect.status, effect.retryAfter),
      );
    case 'dropAfter':
      await answerFor(application, request);
      response.destroy();
      return;
    default:
      return await write(application, response, await answerFor(application, request));
  }
}

/** A fault of the sandbox itself shows as one, instead of as a broken connection that a client would try again. */
async function answerFor(application: Application, request: HttpRequest): Promise<HttpReply> {
  try {
    return await application.answer(request);
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return jsonReply(501, plainError('SandboxError', `The sandbox failed: ${what}`));
  }
}

async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    length += (chunk as Buffer).length;
    // The rest is read and dropped, so that the client gets to read the answer.
    if (length <= BODY_LIMIT) chunks.push(chunk as Buffer);
  }
  return length > BODY_LIMIT ? undefined : Buffer.concat(chunks);
}

function understand(message: IncomingMessage, body: Buffer): HttpRequest | HttpReply {
  const [path = '/', ...query] = (message.url ?? '/').split('?');
  const segments = segmentsOf(path);
  const host = (message.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  if (!HOST_NAMES.includes(host)) {
    return jsonReply(421, plainError('MisdirectedRequest', 'The sandbox is reached by loopback names only.'));
  }
  if (segments === undefined || !path.startsWith('/')) {
    return jsonReply(400, plainError('BadRequest', 'The path is malformed.'));
  }
  return {
    method: message.method ?? 'GET',
    path,
    segments,
    query: new URLSearchParams(query.join('?')),
    headers: message.headers,
    body,
  };
}

function plainError(code: string, message: string) {
  return { error: { code, message } };
}

/** Waits, but not beyond the end of the sandbox. */
function pause(milliseconds: number, stopped: AbortSignal): Promise<void> {
  if (milliseconds === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      stopped.removeEventListener('abort', done);
      resolve();
    }
    stopped.addEventListener('abort', done, { once: true });
  });
}

function write(application: Application, response: ServerResponse, reply: HttpReply): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    const body = reply.body === undefined ? undefined : Buffer.from(reply.body);
    const length =
      reply.status === 204 || reply.status === 304 ? {} : { 'content-length': body?.length ?? 0 };
    const date = new Date(application.now()).toUTCString();
    response.writeHead(reply.status, { date, ...reply.headers, ...length });
    response.end(body);
  });
}
