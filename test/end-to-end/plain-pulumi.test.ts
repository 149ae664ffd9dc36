/**
 * Plain `pulumi`, as people and pipelines with the full CLI run it: Pulumi.yaml's own runtime options, the sources under tsx, and
 * the configuration of Pulumi.dev.yaml. The language host is a small one of ours, since only the CLI itself can be had from
 * package registries.
 */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { findPulumiCli } from '../../scripts/engine/cli.js';
import { writeTrustBundle } from '../../scripts/trust-bundle.js';
import { ROOT } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const run = promisify(execFile);
let folder = '';
let sandbox: TestSandbox;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'calendar-interop-plain-'));
  sandbox = await startTestSandbox({ seed: 1 });
});
afterEach(async () => {
  await sandbox.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** A checkout as `npm ci` leaves it. Only the port is another, since tests take a free one. */
function makeCheckout(): string {
  const checkout = join(folder, 'checkout');
  mkdirSync(checkout);
  for (const name of ['infra', 'Pulumi.yaml', 'package.json', 'tsconfig.json']) {
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  }
  for (const name of ['node_modules', 'dist']) symlinkSync(join(ROOT, name), join(checkout, name));
  const dev = readFileSync(join(ROOT, 'Pulumi.dev.yaml'), 'utf8');
  writeFileSync(
    join(checkout, 'Pulumi.dev.yaml'),
    dev.replaceAll('localhost:8443', sandbox.sandbox.info.metadataHost),
  );
  return checkout;
}

async function environment(): Promise<NodeJS.ProcessEnv> {
  const programs = join(folder, 'bin');
  mkdirSync(programs);
  const host = join(programs, 'pulumi-language-nodejs');
  const script = join(ROOT, 'dist', 'test', 'support', 'language-host.js');
  writeFileSync(host, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
  chmodSync(host, 0o755);
  const backend = join(folder, 'backend');
  mkdirSync(backend);
  const { command } = await findPulumiCli();
  const deployer = sandbox.sandbox.info.clients.find(({ name }) => name === 'deployer');
  const path = [programs, dirname(command), join(ROOT, 'sandbox', 'azuread', 'bin'), process.env.PATH];
  return {
    PATH: path.join(':'),
    HOME: homedir(),
    PULUMI_HOME: join(folder, 'home'),
    PULUMI_BACKEND_URL: pathToFileURL(backend).href,
    PULUMI_CONFIG_PASSPHRASE: 'a passphrase for tests',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    SSL_CERT_FILE: writeTrustBundle(sandbox.sandbox.info.caFile, {}),
    ARM_CLIENT_SECRET: deployer?.clientSecret ?? '',
  };
}

async function ours(): Promise<readonly { passwordCredentials: { keyId: string }[] }[]> {
  const { body } = await sandbox.graph(
    'GET',
    "/applications?$filter=displayName eq 'Google Calendar Interop'",
  );
  return body.value;
}

async function countOfOurs(): Promise<number> {
  return (await ours()).length;
}

async function keyIdsOfOurs(): Promise<readonly string[]> {
  return (await ours()).flatMap(({ passwordCredentials }) => passwordCredentials.map(({ keyId }) => keyId));
}

test('pulumi up and destroy run the program of the dev stack', async () => {
  const cwd = makeCheckout();
  const env = await environment();
  const pulumi = async (...args: string[]) => {
    try {
      return (await run('pulumi', args, { cwd, env, maxBuffer: 1 << 26 })).stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`pulumi ${args.join(' ')}: ${stdout}${stderr}`);
    }
  };
  await pulumi('stack', 'select', '--create', 'dev', '--non-interactive');

  await pulumi('up', '--yes', '--non-interactive', '--stack', 'dev');
  expect(await countOfOurs()).toBe(1);
  const outputs = JSON.parse(await pulumi('stack', 'output', '--json', '--stack', 'dev')) as Record<
    string,
    unknown
  >;
  expect(outputs).toMatchObject({ tenantId: sandbox.sandbox.info.tenantId, clientId: expect.any(String) });
  await pulumi('preview', '--expect-no-changes', '--non-interactive', '--stack', 'dev');

  // A ledger that was not made from the applied one is refused here, too, before the secret in use is made anew.
  const file = join(cwd, 'Pulumi.dev.yaml');
  const text = readFileSync(file, 'utf8');
  const keyIds = await keyIdsOfOurs();
  expect(keyIds).toHaveLength(1);
  writeFileSync(file, text.replaceAll('generation: 1', 'generation: 2'));
  const refused = await pulumi('up', '--yes', '--non-interactive', '--stack', 'dev').then(
    () => 'it went through',
    (error: Error) => error.message,
  );
  expect(refused).toContain('rotation restore --stack dev');
  expect(refused).not.toContain('program.ts:');
  expect(await keyIdsOfOurs()).toEqual(keyIds);
  writeFileSync(file, text);

  await pulumi('destroy', '--yes', '--non-interactive', '--stack', 'dev');
  expect(await countOfOurs()).toBe(0);
}, 400_000);

test('without a ledger it says which command makes one, without a stack trace', async () => {
  const cwd = makeCheckout();
  const env = await environment();
  const file = join(cwd, 'Pulumi.dev.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, text.indexOf('  calendar-interop:rotation:')));
  const options = { cwd, env, maxBuffer: 1 << 26 };
  await run('pulumi', ['stack', 'select', '--create', 'dev', '--non-interactive'], options);
  const failure = await run('pulumi', ['preview', '--non-interactive', '--stack', 'dev'], options).then(
    () => undefined,
    (error: { stdout: string; stderr: string }) => error,
  );
  const said = `${failure?.stdout}${failure?.stderr}`;
  expect(said).toContain('npx calendar-interop rotation init --stack dev');
  expect(said).not.toContain('program.ts:');
});
