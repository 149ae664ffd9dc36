/** The server itself: certificate, loopback, limits, start and stop. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import forge from 'node-forge';
import { SandboxOptionError, startSandbox } from '../../sandbox/index.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let tenant: TestSandbox;
let ca: string;
beforeAll(async () => {
  tenant = await startTestSandbox();
  ca = await readFile(tenant.sandbox.info.caFile, 'utf8');
});
afterAll(() => tenant.dispose());

const port = () => Number(new URL(tenant.sandbox.info.graph).port);

/** The server's certificate as a verifying client gets it under a name. */
function certificateFor(servername: string): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port: port(), ca, servername: servername === '127.0.0.1' ? '' : servername },
      () => {
        const certificate = socket.getPeerX509Certificate();
        socket.destroy();
        if (certificate === undefined) reject(new Error('no certificate'));
        else resolve(certificate);
      },
    );
    socket.once('error', reject);
  });
}

test('the certificate is good for every loopback name, and no other', async () => {
  const certificate = await certificateFor('localhost');
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkIP('::1')).toBe('::1');
  expect(certificate.checkHost('example.com')).toBeUndefined();
  await expect(certificateFor('example.com')).rejects.toThrow(/altnames|Hostname/);
});

test('authority and certificate hold what strict verifiers ask for', async () => {
  const authority = new X509Certificate(ca);
  const leaf = await certificateFor('localhost');
  expect(authority.ca).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(leaf.verify(authority.publicKey)).toBe(true);
  expect(leaf.checkIssued(authority)).toBe(true);
  expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  const extension = (certificate: X509Certificate, name: string) =>
    forge.pki.certificateFromPem(certificate.toString()).getExtension(name);
  expect(extension(authority, 'basicConstraints')).toMatchObject({ critical: true, cA: true });
  expect(extension(authority, 'keyUsage')).toMatchObject({ critical: true, keyCertSign: true });
  expect(extension(leaf, 'keyUsage')).toMatchObject({
    critical: true,
    digitalSignature: true,
    keyCertSign: false,
  });
});

test('only the authority certificate is written, and no key', async () => {
  const folder = join(tenant.sandbox.info.caFile, '..');
  expect(await readdir(folder)).toEqual(['ca.pem']);
  expect(ca).not.toContain('PRIVATE KEY');
  expect(ca.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
});

test('a client without the authority does not connect', async () => {
  await expect(fetch(`${tenant.sandbox.info.graph}/v1.0/domains`)).rejects.toThrow();
});

/** A request with headers that fetch would not send. */
function raw(path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      { host: '127.0.0.1', port: port(), servername: 'localhost', ca, path, headers, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.once('error', reject);
    request.end();
  });
}

test('a foreign name that leads to loopback gets nothing', async () => {
  const headers = { 'x-sandbox': '1' };
  expect(await raw('/sandbox/state', { ...headers, host: `localhost:${port()}` })).toBe(200);
  expect(await raw('/sandbox/state', { ...headers, host: `127.0.0.1:${port()}` })).toBe(200);
  expect(await raw('/sandbox/state', { ...headers, host: `evil.example:${port()}` })).toBe(421);
  expect(await raw('/sandbox/state', { ...headers, host: 'localhost.evil.example' })).toBe(421);
});

test('a body beyond the limit and a path beyond sense are refused', async () => {
  const answer = await tenant.graph('POST', '/applications', {
    body: { displayName: 'x'.repeat(4_100_000) },
  });
  expect(answer.status).toBe(413);
  expect(await raw('/v1.0/%E0%A4%A', { host: 'localhost' })).toBe(400);
});

test.each([
  ['port', { port: 70_000 }],
  ['port', { port: 1.5 }],
  ['mailboxes', { mailboxes: -1 }],
  ['seed', { seed: Number.NaN }],
  ['latencyMs', { latencyMs: -5 }],
  ['clock', { clock: new Date('nonsense') }],
  ['fault', { faults: ['trottle=1'] }],
])('an option %s that makes no sense is named', async (option, overrides) => {
  const refusal = await startTestSandbox(overrides).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(SandboxOptionError);
  expect(refusal).toMatchObject({
    option,
    what: expect.any(String),
    found: expect.any(String),
    allowed: expect.any(String),
  });
});

test('a taken port is told by its code', async () => {
  await expect(startTestSandbox({ port: port() })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('stop breaks every connection, also one that waits for an answer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-stop-'));
  try {
    const other = await startTestSandbox({ faults: ['hang=1'] });
    const hung = other.graph('GET', '/domains');
    const outcome = expect(hung).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await other.sandbox.stop();
    await outcome;
    await other.dispose();
    const again = await startSandbox({
      port: Number(new URL(other.sandbox.info.graph).port),
      seed: 1,
      mailboxes: 0,
      latencyMs: 0,
      faults: [],
      folder,
    });
    await again.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('stop does not wait for a client that never shakes hands', async () => {
  const other = await startTestSandbox();
  const socket = connectPlain({ host: '127.0.0.1', port: Number(new URL(other.sandbox.info.graph).port) });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  await other.dispose();
  await closed;
});

test('the clock is the one that was asked for, and runs on', async () => {
  const clock = new Date('2031-05-06T07:08:09Z');
  const other = await startTestSandbox({ clock });
  try {
    const { createdDateTime } = (await other.state()).applications[0];
    expect(createdDateTime).toMatch(/^2031-05-06T07:/);
    const told = (await other.control({})) as { clock: string };
    expect(Date.parse(told.clock)).toBeGreaterThan(clock.getTime());
  } finally {
    await other.dispose();
  }
});
