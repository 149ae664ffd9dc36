/**
 * A server that stands where Exchange or Entra should: with whatever certificate, and whatever answer. For what a sandbox of Microsoft's
 * own services never does.
 */
import { spawn } from 'node:child_process';
import { generateKeyPair } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createPlainServer,
  type Server as PlainServer,
  type Socket,
} from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import forge from 'node-forge';

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** What is wrong with the certificate, if anything. */
export type CertificateKind =
  | 'good'
  | 'expired'
  | 'notYetValid'
  | 'otherHost'
  | 'selfSigned'
  | 'otherAuthority';

export interface Front {
  readonly url: string;
  answer(behaviour: Behaviour): void;
  stop(): Promise<void>;
}

/** An authority for fronts, and one that nobody trusts. */
export interface FrontAuthority {
  readonly ca: string;
  open(kind?: CertificateKind): Promise<Front>;
}

const DAY_MS = 86_400_000;

interface Signer {
  readonly certificate: forge.pki.Certificate;
  readonly key: forge.pki.PrivateKey;
}

export async function makeFrontAuthority(): Promise<FrontAuthority> {
  const [known, unknown] = await Promise.all([makeAuthority('fronts'), makeAuthority('nobody trusts')]);
  return {
    ca: forge.pki.certificateToPem(known.certificate),
    open: async (kind = 'good') => {
      const { key, certificate } = await issue(kind, kind === 'otherAuthority' ? unknown : known);
      return await openFront(createServer({ key, cert: certificate }));
    },
  };
}

async function makeAuthority(name: string): Promise<Signer> {
  const { publicKey, privateKey } = await makeKeys();
  const certificate = blank(name, publicKey, -1, 90);
  certificate.setExtensions([{ name: 'basicConstraints', critical: true, cA: true }]);
  certificate.setIssuer(certificate.subject.attributes);
  certificate.sign(privateKey, forge.md.sha256.create());
  return { certificate, key: privateKey };
}

async function issue(kind: CertificateKind, signer: Signer) {
  const { publicKey, privateKey, pem } = await makeKeys();
  const [from, to] = ({ expired: [-30, -1], notYetValid: [1, 30] } as Record<string, [number, number]>)[
    kind
  ] ?? [-1, 90];
  const certificate = blank('front', publicKey, from, to);
  const name = kind === 'otherHost' ? 'mail.example.com' : 'localhost';
  certificate.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }]);
  const own = kind === 'selfSigned';
  certificate.setIssuer((own ? certificate : signer.certificate).subject.attributes);
  certificate.sign((own ? privateKey : signer.key) as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return { key: pem, certificate: forge.pki.certificateToPem(certificate) };
}

function blank(name: string, key: forge.pki.PublicKey, fromDays: number, toDays: number) {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = key;
  certificate.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(8))}`;
  certificate.validity.notBefore = new Date(Date.now() + fromDays * DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + toDays * DAY_MS);
  certificate.setSubject([{ name: 'commonName', value: name }]);
  return certificate;
}

async function makeKeys() {
  const pair = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    pem: pair.privateKey,
    privateKey: forge.pki.privateKeyFromPem(pair.privateKey),
    publicKey: forge.pki.publicKeyFromPem(pair.publicKey),
  };
}

async function openFront(server: Server): Promise<Front> {
  let behaviour: Behaviour = (_, response) => response.writeHead(501).end();
  server.on('request', (request, response) => {
    request.resume();
    request.on('end', () => behaviour(request, response));
  });
  server.on('tlsClientError', () => undefined);
  const port = await listen(server);
  return {
    url: `https://localhost:${port}/EWS/Exchange.asmx`,
    answer: (next) => {
      behaviour = next;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** A port that speaks HTTP without TLS. */
export async function openPlainFront(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createPlainServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
  });
  const port = await listen(server);
  return {
    url: `https://localhost:${port}/EWS/Exchange.asmx`,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/**
 * A port whose connections are never taken: the process that listens is stopped and its queue is full, so the system drops what comes,
 * as a firewall does.
 */
export async function silentPort(): Promise<{ readonly number: number; stop(): Promise<void> }> {
  const script =
    "const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const number = Number(line.toString());
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 4 }, () => connect({ port: number, host: '127.0.0.1' }));
  for (const filler of fillers) filler.on('error', () => undefined);
  await delay(100);
  return {
    number,
    stop: async () => {
      for (const filler of fillers) filler.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createPlainServer();
  const port = await listen(server);
  await new Promise((done) => server.close(done));
  return port;
}

async function listen(server: PlainServer): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}
