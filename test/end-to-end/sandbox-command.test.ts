/** `sandbox` as a process: its one line, its exports, and how it stops. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Agent, fetch } from 'undici';
import type { SandboxInfo } from '../../sandbox/index.js';
import { cli } from '../cli/io.js';
import { ROOT } from '../support/project.js';

const BIN = join(ROOT, 'dist', 'scripts', 'bin.js');
let cache = '';
let env: NodeJS.ProcessEnv = {};

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'calendar-interop-cache-'));
  env = { ...process.env, XDG_CACHE_HOME: cache };
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

/** Starts it on a free port and waits for the line that says that it is ready. */
async function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [BIN, 'sandbox', '--port', '0', '--json', ...args], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, ended, info: JSON.parse(line) as SandboxInfo, stdout: () => stdout };
}

test('prints exactly one JSON line when it is ready, and answers there', async () => {
  const { child, ended, info, stdout } = await start('--seed', '7');
  expect(Object.keys(info).sort()).toEqual(
    [
      'authority',
      'caFile',
      'clients',
      'domain',
      'ews',
      'exchange',
      'graph',
      'metadataHost',
      'onPremises',
      'tenantId',
    ].sort(),
  );
  for (const client of info.clients) {
    expect(Object.keys(client).sort()).toEqual(['clientId', 'clientSecret', 'name', 'roles']);
  }
  const dispatcher = new Agent({ connect: { ca: readFileSync(info.caFile, 'utf8') } });
  const metadata = await fetch(`https://${info.metadataHost}/metadata/endpoints?api-version=2022-09-01`, {
    dispatcher,
  });
  expect(metadata.status).toBe(200);
  await dispatcher.close();
  child.stdin.end();
  expect(await ended).toEqual([0, null]);
  expect(stdout().trimEnd().split('\n')).toHaveLength(1);
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s stops it cleanly, and nothing of it is left',
  async (signal) => {
    const { child, ended, info } = await start();
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
    expect(existsSync(info.caFile)).toBe(false);
  },
);

test('--env prints what pulumi needs for the sandbox on that port, and an error where none runs', async () => {
  const { child, ended, info } = await start();
  const { port } = new URL(info.graph);
  const shown = await cli(['sandbox', '--env', '--port', port], { env });
  expect(shown.code).toBe(0);
  for (const name of [
    'SSL_CERT_FILE',
    'ARM_CLIENT_ID',
    'ARM_CLIENT_SECRET',
    'PULUMI_BACKEND_URL',
    'PULUMI_CONFIG_PASSPHRASE',
  ]) {
    expect(shown.stdout).toMatch(new RegExp(`^export ${name}='[^']+'$`, 'm'));
  }
  child.stdin.end();
  await ended;
  const gone = await cli(['sandbox', '--env', '--port', port], { env });
  expect(gone.code).toBe(1);
  expect(gone.stderr).toContain(`next: calendar-interop sandbox --port ${port}`);
});

test('the same seed makes the same tenant; Pulumi.dev.yaml means the one of seed 1', async () => {
  const first = await start('--seed', '1');
  const second = await start('--seed', '1');
  const ids = ({ info }: typeof first) => [info.tenantId, ...info.clients.map(({ clientId }) => clientId)];
  expect(ids(second)).toEqual(ids(first));
  const dev = readFileSync(join(ROOT, 'Pulumi.dev.yaml'), 'utf8');
  const deployer = first.info.clients.find(({ name }) => name === 'deployer');
  expect(dev).toContain(`azuread:tenantId: ${first.info.tenantId}`);
  expect(dev).toContain(`azuread:clientId: ${deployer?.clientId}`);
  for (const { child, ended } of [first, second]) {
    child.stdin.end();
    await ended;
  }
});

test('a fault that it does not know is refused with those it does', async () => {
  const { code, stderr } = await cli(['sandbox', '--port', '0', '--fault', 'throtle=1'], { env });
  expect(code).toBe(2);
  expect(stderr).toContain('throttle');
});

test('a port that is taken is named, and the way out', async () => {
  const { child, ended, info } = await start();
  const { port } = new URL(info.graph);
  const { code, stderr } = await cli(['sandbox', '--port', port], { env });
  expect(code).toBe(1);
  expect(stderr).toContain(`port ${port} is taken`);
  expect(stderr).toContain('--port 0');
  child.stdin.end();
  await ended;
});
