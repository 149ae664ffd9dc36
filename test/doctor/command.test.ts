/** `doctor` as people run it, as far as it goes without the engine, on the emulated tenant and Workspace. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { DoctorReport, SectionId } from '../../infra/doctor/index.js';
import { initialLedger } from '../../infra/rotation/ledger.js';
import { cli } from '../cli/io.js';
import { startWorkspace, type Workspace } from '../google/support.js';

let workspace: Workspace;
let folder: string;

beforeAll(async () => {
  workspace = await startWorkspace(20);
  folder = mkdtempSync(join(tmpdir(), 'doctor-command-'));
  writeFileSync(join(folder, 'Pulumi.yaml'), 'name: calendar-interop\nruntime: nodejs\n');
  writeFileSync(join(folder, 'key.json'), JSON.stringify((await workspace.describe()).serviceAccount));
});
afterAll(async () => {
  await workspace.tenant.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const ENDPOINT = {
  name: 'online',
  type: 'microsoft365-graph',
  domains: ['contoso.com'],
  roleAccounts: ['interop@contoso.com'],
};

/** Google holds the one secret, which lives for long yet. */
function heldLedger() {
  const ledger = initialLedger({ now: new Date(), lifetimeDays: 180 });
  const [{ at }] = ledger.log as unknown as [{ at: string }];
  return { ...ledger, confirmed: { online: { slot: 'a', generation: 1, at, how: 'hand' } } };
}

interface Call {
  readonly args?: readonly string[];
  readonly config?: Record<string, unknown>;
  readonly env?: NodeJS.ProcessEnv;
  readonly json?: boolean;
}

async function run({ args = [], config = {}, env = {}, json = true }: Call) {
  const { info } = workspace.tenant.sandbox;
  const client = info.clients.find(({ name }) => name === 'deployer');
  const ours = {
    tenant: 'contoso.onmicrosoft.com',
    protocol: 'graph',
    endpoints: [ENDPOINT],
    exchange: { url: info.exchange },
    google: { credentials: 'GOOGLE', subject: 'admin@contoso.com', url: info.graph },
    rotation: heldLedger(),
    ...config,
  };
  const keys = Object.entries(ours).filter(([, value]) => value !== undefined);
  const file = {
    'azuread:metadataHost': info.metadataHost,
    'azuread:tenantId': info.tenantId,
    'azuread:clientId': client?.clientId,
    ...Object.fromEntries(keys.map(([key, value]) => [`calendar-interop:${key}`, value])),
  };
  const text = stringify({ config: file }, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' });
  writeFileSync(join(folder, 'Pulumi.test.yaml'), text);
  const outcome = await cli(['doctor', '--stack', 'test', ...(json ? ['--json'] : []), ...args], {
    cwd: folder,
    env: {
      SSL_CERT_FILE: info.caFile,
      ARM_CLIENT_SECRET: client?.clientSecret ?? '',
      GOOGLE: join(folder, 'key.json'),
      XDG_STATE_HOME: folder,
      XDG_CACHE_HOME: folder,
      // Nobody may look for an engine here.
      PATH: '/nonexistent',
      ...env,
    },
  });
  return { ...outcome, written: readFileSync(join(folder, 'Pulumi.test.yaml'), 'utf8') === text };
}

const QUICK = ['--section', 'preflight', '--section', 'rotation', '--section', 'ews'];

async function doctor(call: Call) {
  const outcome = await run(call);
  const report: DoctorReport = JSON.parse(outcome.stdout);
  const section = (id: SectionId) => report.sections.find((one) => one.id === id);
  return { ...outcome, report, section };
}

test('sections that need no engine are looked at without one; all well ends with 0 and changes nothing', async () => {
  const before = JSON.stringify(await workspace.tenant.state());
  const { code, report, section, written } = await doctor({ args: QUICK });
  expect({ code, verdict: report.verdict.state, leftOut: report.leftOut }).toEqual({
    code: 0,
    verdict: 'ok',
    leftOut: ['drift', 'verify'],
  });
  expect(section('preflight')?.items.every(({ state }) => state === 'ok')).toBe(true);
  expect(JSON.stringify(await workspace.tenant.state())).toBe(before);
  expect(written).toBe(true);
});

test('the text says what is not fine, what to do, and the verdict last', async () => {
  const { code, stdout } = await run({
    args: QUICK,
    json: false,
    config: { eventDetails: false, rotation: initialLedger({ now: new Date(), lifetimeDays: 180 }) },
  });
  expect(code).toBe(12);
  expect(stdout).toMatch(
    /^Stack test · tenant contoso\.onmicrosoft\.com\n\n✗ Preflight {2}1 fault, \d+ fine\n {4}✗ "Show event details" is not as/,
  );
  expect(stdout).toContain('! Rotation of the secret  1 step is due');
  expect(stdout).toMatch(
    /1 section has a fault: Preflight\. Left out: drift, verify\. Nothing was changed\.\n {2}next: .*turn "Show event details" off\n$/,
  );
});

test('what is due alone ends with 10', async () => {
  const rotation = initialLedger({ now: new Date(), lifetimeDays: 180 });
  const { code, section } = await doctor({ args: ['--section', 'rotation'], config: { rotation } });
  expect(code).toBe(10);
  expect(section('rotation')?.next).toEqual([
    'calendar-interop handoff --stack test',
    'calendar-interop rotation confirm online --stack test',
  ]);
});

test('a stack without a ledger is told to make one, and the others are looked at', async () => {
  const { code, section } = await doctor({ args: QUICK, config: { rotation: undefined } });
  expect(code).toBe(2);
  expect(section('rotation')).toMatchObject({ state: 'notChecked', failure: 'configuration' });
  expect(section('preflight')?.state).toBe('ok');
});

test('a refused sign-in ends with 3, a fault elsewhere with 12 all the same', async () => {
  const env = { ARM_CLIENT_SECRET: 'wrong' };
  const refused = await doctor({ args: QUICK, env });
  expect(refused.code).toBe(3);
  expect(refused.section('preflight')).toMatchObject({ state: 'notChecked', failure: 'authentication' });
  expect(refused.section('rotation')?.state).toBe('ok');
  const ended = { ...heldLedger(), slots: { a: { generation: 1, endDate: '2020-01-01T00:00:00Z' } } };
  expect((await doctor({ args: QUICK, env, config: { rotation: ended } })).code).toBe(12);
});

describe('a stack with a server on-premises only', () => {
  const onPremises = () => {
    const { ews, account } = workspace.tenant.sandbox.info.onPremises;
    return {
      protocol: undefined,
      endpoints: [
        { name: 'site', type: 'onPremises', domains: ['contoso.com'], roleAccounts: [account], url: ews },
      ],
    };
  };

  test('is looked up without an engine; the password is in no output', async () => {
    const { password } = workspace.tenant.sandbox.info.onPremises;
    const env = { SITE_PASSWORD: password };
    const args = ['--section', 'verify', '--password-env', 'SITE_PASSWORD', '--html', 'report.html'];
    const { code, section, stdout, stderr } = await doctor({ args, config: onPremises(), env });
    // The emulated server's certificate is of no public authority.
    expect(code).toBe(12);
    expect(section('verify')?.items.filter(({ state }) => state === 'fault')).toMatchObject([
      { id: 'CI-TLS-ONLY-HERE' },
    ]);
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(statSync(join(folder, 'report.html')).mode & 0o777).toBe(0o600);
    expect(page).toContain('CI-TLS-ONLY-HERE');
    expect([stdout, stderr, page].filter((text) => text.includes(password))).toEqual([]);
  });

  test('whose password is not given is as one without a sign-in', async () => {
    const { code, section } = await doctor({ args: ['--section', 'verify'], config: onPremises() });
    expect(code).toBe(3);
    expect(section('verify')).toMatchObject({
      state: 'notChecked',
      failure: 'authentication',
      next: ['export EXCHANGE_PASSWORD=…   # then the same command again'],
    });
  });
});

test.each([
  [
    'a section that there is not',
    ['--section', 'drft'],
    '"drft"; allowed: preflight, drift, rotation, ews, verify',
  ],
  ['nothing left to look at', ['--section', 'ews', '--skip', 'ews'], 'no section is left to look at'],
])('%s ends with 2', async (_, args, said) => {
  const { code, stderr } = await run({ args, json: false });
  expect(code).toBe(2);
  expect(stderr).toContain(said);
});

test('a page that cannot be written is told with its path', async () => {
  const { code, stderr } = await run({
    args: ['--section', 'ews', '--html', 'nowhere/report.html'],
    json: false,
  });
  expect(code).toBe(1);
  expect(stderr).toContain(join('nowhere', 'report.html'));
  expect(existsSync(join(folder, 'nowhere'))).toBe(false);
});
