/**
 * A Pulumi project in a temporary folder with a file backend of its own, and the built command line run on it as people run
 * it: as a process.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import type { SandboxInfo } from '../../sandbox/index.js';
import { cacheFolder } from '../../scripts/cache-folder.js';
import { findPulumiCli } from '../../scripts/engine/cli.js';
import { writeTrustBundle } from '../../scripts/trust-bundle.js';

/** The package's root: tests run in it. */
export const ROOT = process.cwd();
const BIN = join(ROOT, 'dist', 'scripts', 'bin.js');

/** How a command ended. */
export interface CommandRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is running. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandRun>;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
}

export interface TestProject {
  readonly root: string;
  readonly folder: string;
  readonly backend: string;
  /** The commands' temporary folder. */
  readonly temporary: string;
  /** `Pulumi.test.yaml`. */
  readonly stackFile: string;
  readonly env: Readonly<Record<string, string>>;
  /** Writes the stack's file anew; `change` replaces keys with their namespace, undefined removes one. */
  configure(change?: Record<string, unknown>): Promise<void>;
  /** Runs `calendar-interop <args> --stack test` to its end; arguments with `--stack` stay as they are. */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CommandRun>;
  /** The same with `--json`, parsed. */
  json(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<{ code: number | null; value: unknown }>;
  start(args: readonly string[], env?: NodeJS.ProcessEnv): RunningCommand;
  /** The state file as it lies in the backend; undefined before the first run. */
  stateFile(): Promise<string | undefined>;
  /** The secrets in the state, as Pulumi itself decrypts them. */
  secrets(): Promise<readonly string[]>;
  /** The value of the secret with this name in the state, such as `interop-a-g1`. */
  secretNamed(name: string): Promise<string>;
  dispose(): Promise<void>;
}

/** Variables of the machine that point at a tenant of its own must not reach a test. */
const FOREIGN = /^(ARM_|AZURE_|ACTIONS_|SYSTEM_|AZUREAD_|PULUMI_|DEBUG$|TF_LOG)/;

/**
 * @param tenant the emulated tenant that the stack means, with the client that signs in
 * @param tenant.as name of the sandbox's client. @default deployer
 */
export async function makeProject(tenant: {
  readonly info: SandboxInfo;
  readonly as?: string;
}): Promise<TestProject> {
  const root = await mkdtemp(join(tmpdir(), 'calendar-interop-test-'));
  const folder = join(root, 'project');
  const backend = join(root, 'backend');
  const temporary = join(root, 'tmp');
  await Promise.all([folder, backend, temporary].map((path) => mkdir(path, { recursive: true })));
  await writeFile(join(folder, 'Pulumi.yaml'), 'name: calendar-interop\nruntime: nodejs\n');
  const client = tenant.info.clients.find(({ name }) => name === (tenant.as ?? 'deployer'));
  if (client === undefined) throw new Error(`the sandbox has no client ${tenant.as}`);
  const env = {
    ...ownEnvironment(),
    // What a command leaves behind is found there, and is no other test's: emulated tenants share their names.
    TMPDIR: temporary,
    XDG_STATE_HOME: join(root, 'state'),
    XDG_CACHE_HOME: await cacheWithCli(join(root, 'cache')),
    // A home of its own would make the CLI and its plugins be looked for anew each time.
    PULUMI_HOME: join(cacheFolder(process.env), 'pulumi-home'),
    PULUMI_BACKEND_URL: pathToFileURL(backend).href,
    PULUMI_CONFIG_PASSPHRASE: 'a passphrase for tests',
    SSL_CERT_FILE: writeTrustBundle(tenant.info.caFile, {}),
    ARM_CLIENT_SECRET: client.clientSecret ?? '',
  };
  const stackFile = join(folder, 'Pulumi.test.yaml');
  const start = (args: readonly string[], more: NodeJS.ProcessEnv = {}): RunningCommand => {
    const stack = args.includes('--stack') ? [] : ['--stack', 'test'];
    return startProcess(BIN, [...args, ...stack], folder, { ...env, ...more });
  };
  const project: TestProject = {
    root,
    folder,
    backend,
    temporary,
    stackFile,
    env,
    configure: async (change = {}) => {
      const { config: former, ...rest } = await readStack(stackFile);
      const ledger = former?.[LEDGER_KEY];
      const config = { ...baseConfig(tenant.info, client.clientId), [LEDGER_KEY]: ledger, ...change };
      const kept = Object.entries(config).filter(([, value]) => value !== undefined);
      // Quoted, since Pulumi rewrites a time that is not.
      const text = stringify(
        { ...rest, config: Object.fromEntries(kept) },
        { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' },
      );
      await writeFile(stackFile, text);
    },
    run: (args, more) => start(args, more).ended,
    json: async (args, more) => {
      const { code, stdout } = await start([...args, '--json'], more).ended;
      return { code, value: JSON.parse(stdout) };
    },
    start,
    stateFile: async () => {
      const file = join(backend, '.pulumi', 'stacks', 'calendar-interop', 'test.json');
      return await readFile(file, 'utf8').catch(() => undefined);
    },
    secrets: () => secretsIn(folder, env),
    secretNamed: async (name) => {
      const { deployment } = JSON.parse(await exportState(folder, env)) as {
        deployment: {
          resources: { inputs?: { displayName?: string }; outputs?: { value?: { plaintext: string } } }[];
        };
      };
      const found = deployment.resources.find(({ inputs }) => inputs?.displayName === name);
      if (found?.outputs?.value === undefined) throw new Error(`the state holds no secret ${name}`);
      return JSON.parse(found.outputs.value.plaintext) as string;
    },
    dispose: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
  await project.configure();
  return project;
}

/** A cache folder that holds the machine's Pulumi CLI and nothing else. */
async function cacheWithCli(folder: string): Promise<string> {
  const shared = join(cacheFolder(process.env), 'pulumi');
  const own = join(folder, 'calendar-interop');
  await Promise.all([shared, own].map((path) => mkdir(path, { recursive: true })));
  await symlink(shared, join(own, 'pulumi'));
  return folder;
}

/** The state with secrets in clear text. */
async function exportState(cwd: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { command } = await findPulumiCli({ env });
  const args = ['stack', 'export', '--show-secrets', '--stack', 'test'];
  return (await promisify(execFile)(command, args, { cwd, env, maxBuffer: 1 << 26 })).stdout;
}

async function secretsIn(cwd: string, env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const stdout = await exportState(cwd, env);
  return [...stdout.matchAll(/"plaintext": "\\"(.*?)\\""/g)].map(([, secret = '']) => secret);
}

const LEDGER_KEY = 'calendar-interop:rotation';

/** What Pulumi and we wrote into the file stays: the salt of its encryption, and the ledger. */
async function readStack(file: string): Promise<{ config?: Record<string, unknown> }> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  return parse(text) as { config?: Record<string, unknown> };
}

function ownEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !FOREIGN.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

function baseConfig(info: SandboxInfo, clientId: string): Record<string, unknown> {
  return {
    'azuread:metadataHost': info.metadataHost,
    'azuread:tenantId': info.tenantId,
    'azuread:clientId': clientId,
    'calendar-interop:tenant': info.domain,
    'calendar-interop:protocol': 'ews',
    'calendar-interop:registration': { displayName: 'Interop under test' },
    // Tests of the Exchange side turn it on.
    'calendar-interop:ewsAccess': { manage: false },
    'calendar-interop:exchange': { url: info.exchange ?? undefined },
    'calendar-interop:endpoints': [
      {
        name: 'online',
        type: 'microsoft365-ews',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
  };
}

/** Runs a script of the build as a process. */
export function startProcess(
  script: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): RunningCommand {
  // A process group of its own, so that a test can end everything that the command started.
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<CommandRun>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended, stdout: () => stdout, stderr: () => stderr };
}
