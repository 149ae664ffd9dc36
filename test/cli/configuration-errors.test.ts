/** Bad input ends with 2 before anything is touched: no engine is looked for, nothing is written. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { validConfig } from '../config/valid-config.js';
import { cli } from './io.js';

const TENANT = '11111111-2222-3333-4444-555555555555';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'calendar-interop-cli-'));
  writeFileSync(join(folder, 'Pulumi.yaml'), 'name: calendar-interop\nruntime: nodejs\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeStack(
  name: string,
  change: Record<string, unknown>,
  azuread: Record<string, unknown> = {},
): void {
  const ours = Object.entries(validConfig(change)).map(([key, value]) => [`calendar-interop:${key}`, value]);
  const theirs = Object.entries({ tenantId: TENANT, ...azuread }).map(([key, value]) => [
    `azuread:${key}`,
    value,
  ]);
  const config = Object.fromEntries([...theirs, ...ours]);
  writeFileSync(join(folder, `Pulumi.${name}.yaml`), stringify({ config }));
}

/** A PATH on which nothing is found, and a cache that cannot be made: whoever looks for the engine fails otherwise. */
const NOTHING = { PATH: '/nonexistent', XDG_CACHE_HOME: '/dev/null' };
const ENGINE_COMMANDS = ['up', 'preview', 'refresh', 'drift', 'destroy'];

test.each(ENGINE_COMMANDS)(
  '%s lists all mistakes at once, exits with 2 and touches nothing',
  async (command) => {
    writeStack('dev', {
      protocol: 'soap',
      secret: { lifetimeDays: 800, leadDays: 30 },
      endpoints: [
        { name: 'a', type: 'microsoft365-ews', domains: ['contoso.com'], roleAccounts: ['x@fabrikam.com'] },
        { name: 'b', type: 'microsoft365-ews', domains: ['contoso.com'], roleAccounts: ['y@contoso.com'] },
      ],
      endpiont: 1,
    });
    const before = readFileSync(join(folder, 'Pulumi.dev.yaml'), 'utf8');
    const { code, stdout, stderr } = await cli([command, '--stack', 'dev'], { cwd: folder, env: NOTHING });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('calendar-interop:protocol: is none of the allowed values (found "soap"');
    expect(stderr).toContain('calendar-interop:secret.lifetimeDays');
    expect(stderr).toContain('(found 800; allowed: 1 to 730 days');
    expect(stderr).toContain('calendar-interop:endpoints[0].roleAccounts[0]');
    expect(stderr).toContain(
      'calendar-interop:endpoints[1].domains[0]: stands in endpoints[0].domains[0] already',
    );
    expect(stderr).toContain('calendar-interop:endpiont: is no known key; did you mean endpoints?');
    expect(stderr).toContain('next:');
    expect(readFileSync(join(folder, 'Pulumi.dev.yaml'), 'utf8')).toBe(before);
    expect(readdirSync(folder).sort()).toEqual(['Pulumi.dev.yaml', 'Pulumi.yaml']);
  },
);

test('with --json the error is one object on standard output', async () => {
  writeStack('dev', { protocol: undefined });
  const { code, stdout } = await cli(['preview', '--json'], { cwd: folder, env: NOTHING });
  const { error, exitCode } = JSON.parse(stdout) as {
    error: { kind: string; problems: unknown[] };
    exitCode: number;
  };
  expect({ code, exitCode, kind: error.kind }).toEqual({ code: 2, exitCode: 2, kind: 'configuration' });
  expect(error.problems).toEqual([
    {
      where: 'calendar-interop:protocol',
      what: expect.stringContaining('2027-04-01'),
      allowed: expect.stringContaining('ews, graph, or both'),
    },
  ]);
});

test('a missing tenant is a mistake', async () => {
  writeStack('dev', { tenant: undefined }, { tenantId: '' });
  const { code, stderr } = await cli(['up'], { cwd: folder, env: NOTHING });
  expect(code).toBe(2);
  expect(stderr).toContain('calendar-interop:tenant: is missing');
  expect(stderr).toContain('azuread:tenantId: is missing');
});

test('a stack without a file ends with 6 and names those there are', async () => {
  writeStack('dev', {});
  const { code, stderr } = await cli(['up', '--stack', 'prod'], { cwd: folder, env: NOTHING });
  expect(code).toBe(6);
  expect(stderr).toContain('allowed: dev');
  expect(stderr).toContain('next: cp Pulumi.dev.yaml Pulumi.prod.yaml');
});

test('where there are two stacks, the one to work on must be said', async () => {
  writeStack('dev', {});
  writeStack('prod', {});
  const { code, stderr } = await cli(['up'], { cwd: folder, env: NOTHING });
  expect(code).toBe(2);
  expect(stderr).toContain('allowed: dev, prod');
});

test('a name that no stack can have is refused before it becomes a path', async () => {
  const { code, stderr } = await cli(['up', '--stack', '../elsewhere'], { cwd: folder, env: NOTHING });
  expect(code).toBe(2);
  expect(stderr).toContain('"../elsewhere"');
});

test('outside of a project the command says which folder it looked at', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'calendar-interop-empty-'));
  try {
    const { code, stderr } = await cli(['up'], { cwd: empty, env: NOTHING });
    expect(code).toBe(2);
    expect(stderr).toContain(empty);
    expect(stderr).toContain('--cwd');
  } finally {
    rmSync(empty, { recursive: true });
  }
});

test('rotation init writes the first ledger once, and nothing else changes', async () => {
  writeStack('dev', {});
  const before = readFileSync(join(folder, 'Pulumi.dev.yaml'), 'utf8');
  const first = await cli(['rotation', 'init', '--json'], { cwd: folder, env: NOTHING });
  expect(first.code).toBe(0);
  expect(JSON.parse(first.stdout)).toMatchObject({ written: true, ledger: { revision: 1, current: 'a' } });
  const written = readFileSync(join(folder, 'Pulumi.dev.yaml'), 'utf8');
  expect(written.startsWith(before.trimEnd())).toBe(true);
  const second = await cli(['rotation', 'init', '--json'], { cwd: folder, env: NOTHING });
  expect(JSON.parse(second.stdout)).toMatchObject({ written: false });
  expect(readFileSync(join(folder, 'Pulumi.dev.yaml'), 'utf8')).toBe(written);
});

test('colours only on a terminal that wants them', async () => {
  writeStack('dev', { protocol: 'soap' });
  const ESCAPE = String.fromCharCode(27);
  const onTerminal = { cwd: folder, terminal: true };
  expect((await cli(['up'], { ...onTerminal, env: NOTHING })).stderr).toContain(ESCAPE);
  expect((await cli(['up'], { ...onTerminal, env: { ...NOTHING, NO_COLOR: '1' } })).stderr).not.toContain(
    ESCAPE,
  );
  expect((await cli(['up'], { cwd: folder, env: NOTHING })).stderr).not.toContain(ESCAPE);
});
