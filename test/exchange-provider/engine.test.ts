/** The provider as the real engine runs it: as a plugin by its path in Pulumi.yaml, for a program with infra/exchange/resources.ts. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LocalWorkspace, type PulumiFn, type Stack } from '@pulumi/pulumi/automation/index.js';
import { stringify } from 'yaml';
import {
  ExchangeProvider,
  keepEwsAccess,
  keepRoleMailbox,
  keepVisibility,
} from '../../infra/exchange/resources.js';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { findPulumiCli, openPulumiCommand } from '../../scripts/engine/cli.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort } from '../support/sandbox-port.js';
import { defaultRights } from '../visibility/support/exchange.js';
import { clientOf, dump, environmentOf } from './support/provider.js';

const ROOT = join(__dirname, '..', '..');
const CLIENT = 'aaaaaaaa-1111-4111-8111-111111111111';

let folder: string;
let tenant: TestSandbox;
let port: CmdletPort;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'exchange-engine-'));
  await Promise.all(['home', 'state', 'project'].map((name) => mkdir(join(folder, name))));
  tenant = await startTestSandbox({ mailboxes: 30 });
  port = openSandboxPort(tenant);
});

afterEach(async () => {
  await port.close();
  await tenant.dispose();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

function declareProvider(): ExchangeProvider {
  const { info } = tenant.sandbox;
  return new ExchangeProvider('exchange', {
    organization: 'contoso.onmicrosoft.com',
    transport: 'rest',
    baseUrl: info.graph,
    azuread: {
      tenantId: info.tenantId,
      metadataHost: info.metadataHost,
      clientId: clientOf(tenant, 'exchange-admin').clientId,
      clientSecret: 'left out',
    },
  });
}

const VISIBILITY = {
  level: 'LimitedDetails',
  scope: { all: true },
  exclude: [],
  inlineLimit: 500,
} as const;

async function wholeProgram() {
  const provider = declareProvider();
  const mailbox = keepRoleMailbox(
    'role',
    {
      address: 'calendar@contoso.com',
      displayName: 'Calendar Interop',
      sku: 'EXCHANGESTANDARD',
      count: 2,
      passwordNeverExpires: true,
      blockSignIn: false,
      hidden: true,
      owner: 'calendar-interop:exchange-engine/dev',
    },
    { provider },
  );
  const ews = keepEwsAccess(
    'ews',
    { clientId: CLIENT, roleAccounts: mailbox.addresses, acknowledgeAllowList: true },
    { provider, dependsOn: mailbox },
  );
  const { visibility } = keepVisibility('calendars', VISIBILITY, { provider, dependsOn: mailbox });
  return {
    addresses: mailbox.addresses,
    password: mailbox.password,
    listed: ews.added,
    raised: visibility.counts.apply((counts) => counts?.raised),
  };
}

async function visibilityOnly() {
  keepVisibility('calendars', VISIBILITY, { provider: declareProvider() });
  return {};
}

async function openStack(stackName: string, program: PulumiFn): Promise<Stack> {
  const workDir = join(folder, 'project');
  const plugins = {
    providers: [{ name: 'exchange', path: join(ROOT, 'infra', 'exchange', 'provider', 'bin') }],
  };
  await writeFile(
    join(workDir, 'Pulumi.yaml'),
    stringify({ name: 'exchange-engine', runtime: 'nodejs', plugins }),
  );
  return await LocalWorkspace.createOrSelectStack(
    { stackName, projectName: 'exchange-engine', program },
    {
      workDir,
      pulumiHome: join(folder, 'home'),
      pulumiCommand: await openPulumiCommand(await findPulumiCli()),
      envVars: {
        ...(environmentOf(tenant) as Record<string, string>),
        PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
        PULUMI_CONFIG_PASSPHRASE: 'test',
        PULUMI_SKIP_UPDATE_CHECK: 'true',
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
      },
    },
  );
}

const stateFile = (stack: string) =>
  readFile(join(folder, 'state', '.pulumi', 'stacks', 'exchange-engine', `${stack}.json`), 'utf8');

async function low(): Promise<string[]> {
  const rights = defaultRights((await tenant.state()).exchange.mailboxes);
  return Object.entries(rights)
    .filter(([, right]) => /^(None|AvailabilityOnly)$/.test(right))
    .map(([address]) => address)
    .sort();
}

async function lower(address: string): Promise<void> {
  const { rows } = await port.run({
    cmdlet: 'Get-MailboxFolderStatistics',
    parameters: { Identity: address, FolderScope: 'Calendar' },
    anchor: address,
  });
  const id = rows.find(({ FolderType }) => FolderType === 'Calendar')?.FolderId ?? '';
  await port.run({
    cmdlet: 'Set-MailboxFolderPermission',
    parameters: { Identity: `${address}:${id}`, User: 'Default', AccessRights: ['None'] },
    anchor: address,
  });
}

it('goes through preview, up, no change, drift, repair and destroy', async () => {
  const stack = await openStack('dev', wholeProgram);
  const before = await dump(tenant);
  const [first = ''] = await low();

  const preview = await stack.preview();
  expect(preview.changeSummary).toEqual({ create: 8 });
  expect(preview.stdout).toMatch(/\d+ of \d+ calendars would change/);
  expect(preview.stdout).toMatch(/turning the switch on makes the allow list count for every application/);
  expect(preview.stdout).toMatch(/make calendar@contoso\.com with the licence EXCHANGESTANDARD/);
  expect(await dump(tenant)).toEqual(before);

  const up = await stack.up();
  expect(up.summary.resourceChanges).toEqual({ create: 8 });
  expect(up.outputs.addresses?.value).toEqual(['calendar@contoso.com', 'calendar2@contoso.com']);
  expect(up.outputs.password?.secret).toBe(true);
  expect(up.outputs.raised?.value).toBeGreaterThan(3);
  expect(await low()).toEqual([]);
  const password = String(up.outputs.password?.value);
  const text = `${await stateFile('dev')}${up.stdout}${up.stderr}`;
  expect(text).toContain('exchange:index:RoleMailbox');
  expect(text).not.toContain(password);
  expect(text).not.toContain(clientOf(tenant, 'exchange-admin').clientSecret);
  expect(text).not.toContain('left out');

  const middle = await dump(tenant);
  expect((await stack.up({ refresh: true })).summary.resourceChanges).toEqual({ same: 8 });
  expect(await dump(tenant)).toEqual(middle);

  await lower(first);
  await expect(stack.preview({ refresh: true, expectNoChanges: true })).rejects.toThrow(
    /no changes were expected/,
  );
  const repaired = await stack.up({ refresh: true });
  expect(repaired.summary.resourceChanges).toEqual({ same: 6, update: 2 });
  expect(await dump(tenant)).toEqual(middle);

  // Without a refresh, too: a program that stays the same covers what has come to show too little since.
  await lower(first);
  expect((await stack.preview()).stdout).toMatch(/1 of \d+ calendars would change/);
  expect((await stack.up()).summary.resourceChanges).toEqual({ same: 6, update: 2 });
  expect(await dump(tenant)).toEqual(middle);

  await stack.destroy();
  expect(await dump(tenant)).toEqual(before);
});

it('restores everything after engine and provider were killed in the middle of the writes', async () => {
  const stack = await openStack('killed', visibilityOnly);
  const before = await dump(tenant);
  await tenant.control({ faults: ['cmdletHang=5@Set-MailboxFolderPermission'] });
  const running = stack.up({ onOutput: () => undefined }).then(
    () => 'done',
    () => 'killed',
  );
  const count = (await low()).length;
  while ((await low()).length > count - 5) await new Promise((resolve) => setTimeout(resolve, 100));
  for (const pid of childrenOf(process.pid)) process.kill(pid, 'SIGKILL');
  expect(await running).toBe('killed');
  expect((await low()).length).toBeGreaterThan(0);
  expect(await dump(tenant)).not.toEqual(before);
  for (const name of ['XDG_CACHE_HOME', 'XDG_STATE_HOME'])
    await rm(String(environmentOf(tenant)[name]), { recursive: true, force: true });

  await stack.cancel();
  await stack.up();
  expect(await low()).toEqual([]);
  await stack.destroy();
  expect(await dump(tenant)).toEqual(before);
});

/** The engine that this test started, and the providers that it started. */
function childrenOf(parent: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const all = lines.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []);
  const below = (pid: number): number[] =>
    all
      .filter(([, , ppid, args = '']) => Number(ppid) === pid && !args.startsWith('ps '))
      .flatMap(([, child]) => [Number(child), ...below(Number(child))]);
  return below(parent).filter((pid) => isOurs(all.find(([, id]) => Number(id) === pid)?.[3] ?? ''));
}

function isOurs(command: string): boolean {
  return /pulumi/.test(command) || /provider\/(bin\/\.\.\/)?main\.js/.test(command);
}
