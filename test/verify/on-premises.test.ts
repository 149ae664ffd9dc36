/** An on-premises endpoint through the command: name and password, and a certificate as Google must meet it. */
import { readFileSync } from 'node:fs';
import { type CliRun, cli } from '../cli/io.js';
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

/** Authorities that this machine's Node counts as public, besides its own: a certificate that only a CA file vouches for is a fault. */
const mockAuthorities: string[] = [];

jest.mock('node:tls', () => {
  const real = jest.requireActual<typeof import('node:tls')>('node:tls');
  return {
    ...real,
    get rootCertificates() {
      return [...real.rootCertificates, ...mockAuthorities];
    },
  };
});

let tenant: TestSandbox;
let project: TestProject;

beforeAll(async () => {
  tenant = await startTestSandbox();
  const { info } = tenant.sandbox;
  mockAuthorities.push(readFileSync(info.caFile, 'utf8'));
  project = await makeProject({ info });
  await project.configure({
    'calendar-interop:protocol': undefined,
    'calendar-interop:endpoints': [
      {
        name: 'datacentre',
        type: 'onPremises',
        domains: ['contoso.com'],
        roleAccounts: [info.onPremises.account],
        url: info.onPremises.ews,
      },
    ],
  });
});

afterAll(async () => {
  await project.dispose();
  await tenant.dispose();
});

async function verify(
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly stdin?: string } = {},
): Promise<CliRun> {
  const env = { ...project.env, XDG_STATE_HOME: project.root, ...options.env };
  return await cli(['verify', '--stack', 'test', ...args], {
    cwd: project.folder,
    env,
    stdin: options.stdin ?? '',
  });
}

it.each([
  ['a variable', () => ({ env: { EXCHANGE_PASSWORD: tenant.sandbox.info.onPremises.password } }), []],
  ['standard input', () => ({ stdin: `${tenant.sandbox.info.onPremises.password}\n` }), ['--password-stdin']],
])('works with the password from %s, without engine and token', async (_, given, args) => {
  const { account, password } = tenant.sandbox.info.onPremises;
  const run = await verify([...args, '--json'], given());
  expect(run.code).toBe(0);
  const report = JSON.parse(run.stdout);
  expect(report).toMatchObject({
    works: true,
    endpoints: [
      {
        endpoint: 'datacentre',
        kind: 'onPremises',
        findings: [],
        attendees: [{ address: account, reached: true }],
      },
    ],
  });
  expect(report.endpoints[0].steps.map(({ stage }: { stage: string }) => stage)).toEqual([
    'name',
    'tcp',
    'tls',
    'role',
  ]);
  expect(run.stdout + run.stderr).not.toContain(password);
});

it('names a password that is wrong, exits with 11, and shows it nowhere', async () => {
  const run = await verify([], { env: { EXCHANGE_PASSWORD: 'not-the-password' } });
  expect(run.code).toBe(11);
  expect(run.stdout).toContain('CI-BASIC-REFUSED');
  expect(run.stdout + run.stderr).not.toContain('not-the-password');
});

it('without a password says where it may come from, and asks nobody', async () => {
  const run = await verify([]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('EXCHANGE_PASSWORD is not set');
});
