/** A scripted HTTPS server on loopback with a certificate authority of its own, for what a whole tenant would hide. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';

export interface Received {
  readonly method: string;
  /** Path and query, as they came. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  /** Cuts the connection off instead of answering. */
  readonly cut?: boolean;
}

export interface ScriptedServer {
  readonly host: string;
  readonly url: string;
  readonly folder: string;
  readonly caFile: string;
  readonly received: readonly Received[];
  /** Answers from now on. */
  answer(handler: (request: Received) => Reply): void;
  stop(): Promise<void>;
}

export async function startServer(): Promise<ScriptedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'graph-test-'));
  const { key, certificate } = selfSigned('localhost');
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, certificate);
  const received: Received[] = [];
  let handler: (request: Received) => Reply = () => ({ status: 501 });
  const server = createServer({ key, cert: certificate }, (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      received.push(seen);
      const reply = handler(seen);
      if (reply.cut === true) {
        request.socket.destroy();
        return;
      }
      const type = reply.json === undefined ? 'text/plain' : 'application/json';
      response.writeHead(reply.status ?? 200, { 'content-type': type, ...reply.headers });
      response.end(reply.json === undefined ? reply.text : JSON.stringify(reply.json));
    });
  });
  const port = await listen(server);
  return {
    host: `localhost:${port}`,
    url: `https://localhost:${port}`,
    folder,
    caFile,
    received,
    answer: (next) => {
      handler = next;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

/** A key and a certificate that is its own authority. */
export function selfSigned(name: string): { readonly key: string; readonly certificate: string } {
  const { certificate, keys } = makeCertificate(name);
  return {
    key: forge.pki.privateKeyToPem(keys.privateKey),
    certificate: forge.pki.certificateToPem(certificate),
  };
}

/** The same as objects. */
export function makeCertificate(name: string) {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(8))}`;
  certificate.validity.notBefore = new Date(Date.now() - 86_400_000);
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  const attributes = [{ name: 'commonName', value: name }];
  certificate.setSubject(attributes);
  certificate.setIssuer(attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
  ]);
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  return { certificate, keys };
}

/** An unsigned token: whoever reads claims here does not check signatures. */
export function fakeToken(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`;
}
