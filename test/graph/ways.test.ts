import { SECURE_VALUE } from '../../infra/config/secure-value.js';
import { chooseWay, clientOf, missingFor, noWay, tenantOf, WAYS } from '../../infra/graph/credentials.js';
import { readSettings } from '../../infra/graph/settings.js';

type Variables = Readonly<Record<string, string>>;
const ID = { ARM_TENANT_ID: 'tenant', ARM_CLIENT_ID: 'client' };
const NO_CLI = { ARM_USE_CLI: 'false' };

/** What each way needs at least; without any one of these it is not taken. */
const COMPLETE: Readonly<Record<string, Variables>> = {
  'client certificate': { ...ID, ARM_CLIENT_CERTIFICATE_PATH: '/deployer.pfx' },
  'client secret': { ...ID, ARM_CLIENT_SECRET: 'hush' },
  'OIDC token': { ...ID, ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN: 'jwt' },
  'Azure DevOps service connection': {
    ...ID,
    ARM_USE_OIDC: 'true',
    ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID: 'connection',
    SYSTEM_OIDCREQUESTURI: 'https://dev.azure.example/token',
    SYSTEM_ACCESSTOKEN: 'hush',
  },
  'GitHub Actions': {
    ...ID,
    ARM_USE_OIDC: 'true',
    ACTIONS_ID_TOKEN_REQUEST_URL: 'https://github.example/token',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'hush',
  },
  'managed identity': { ARM_USE_MSI: 'true' },
  'Azure CLI': {},
};

const wayWith = (env: Variables, azuread: Record<string, unknown> = {}) =>
  chooseWay(readSettings(azuread, env))?.name;

test('the ways stand in the order of the azuread provider', () => {
  expect(WAYS.map((way) => way.name)).toEqual(Object.keys(COMPLETE));
});

test('with everything set, one way after the other is taken as the one before falls away', () => {
  const names = Object.keys(COMPLETE);
  for (const [index, name] of names.entries()) {
    const env = Object.assign({}, ...names.slice(index).map((later) => COMPLETE[later])) as Variables;
    expect(wayWith(env)).toBe(name);
  }
});

describe.each(Object.entries(COMPLETE).filter(([name]) => name !== 'Azure CLI'))('%s', (name, complete) => {
  test('is taken with just what it needs', () => {
    expect(wayWith({ ...complete, ...NO_CLI })).toBe(name);
  });

  test.each(Object.keys(complete))('is not taken without %s, and the error names it', (variable) => {
    const { [variable]: _, ...rest } = complete;
    const settings = readSettings({}, { ...rest, ...NO_CLI });
    const way = WAYS.find((candidate) => candidate.name === name);
    expect(chooseWay(settings)?.name).not.toBe(name);
    expect(way === undefined ? [] : missingFor(way, settings)).toEqual([
      expect.stringContaining(variable.replace(/^ACTIONS_.*_|^SYSTEM_/, '')),
    ]);
    const problem = noWay(settings).problems.find((candidate) => candidate.where === name);
    expect(problem?.what).toMatch(/^lacks /);
  });

  test.each(Object.keys(complete))('is not taken with an empty %s', (variable) => {
    expect(wayWith({ ...complete, ...NO_CLI, [variable]: ' ' })).not.toBe(name);
  });
});

test('the Azure CLI is there unless it is switched off', () => {
  expect(wayWith({})).toBe('Azure CLI');
  expect(wayWith(NO_CLI)).toBeUndefined();
  expect(wayWith({}, { useCli: false })).toBeUndefined();
});

test('without a way each of them is listed with what it lacks, and what to run', () => {
  const error = noWay(readSettings({}, NO_CLI));
  expect(error.exitCode).toBe(3);
  expect(error.problems.map((problem) => problem.where)).toEqual(Object.keys(COMPLETE));
  expect(error.message).toContain('client secret: lacks azuread:tenantId or ARM_TENANT_ID');
  expect(error.message).toContain('Azure CLI: lacks azuread:useCli or ARM_USE_CLI = true');
  expect(error.next).toEqual(['az login --tenant <tenant id>', 'export ARM_CLIENT_ID=… ARM_CLIENT_SECRET=…']);
});

describe('settings', () => {
  test('a key wins over its variable, and other values than text are taken', () => {
    const settings = readSettings({ clientId: 'ours', useOidc: true }, { ARM_CLIENT_ID: 'theirs' });
    expect(settings.get('clientId')).toEqual({ state: 'known', source: 'azuread:clientId', value: 'ours' });
    expect(settings.flag('useOidc', false)).toBe(true);
  });

  test('an encrypted key counts as set, and says which variable to set instead', () => {
    const azuread = { tenantId: 'tenant', clientId: 'client', clientSecret: SECURE_VALUE };
    expect(wayWith({}, azuread)).toBe('client secret');
    expect(() => readSettings(azuread, {}).text('clientSecret')).toThrow(
      expect.objectContaining({
        exitCode: 3,
        next: ['export ARM_CLIENT_SECRET="$(pulumi config get azuread:clientSecret)"'],
      }),
    );
    expect(readSettings(azuread, { ARM_CLIENT_SECRET: 'hush' }).text('clientSecret')).toBe('hush');
  });

  test('a flag is true or false', () => {
    expect(() => readSettings({}, { ARM_USE_OIDC: 'yes' }).flag('useOidc', false)).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringContaining('ARM_USE_OIDC') }),
    );
  });

  test('AKS workload identity brings its own ids, which must not disagree', () => {
    const env = {
      ARM_USE_AKS_WORKLOAD_IDENTITY: 'true',
      AZURE_TENANT_ID: 'tenant',
      AZURE_CLIENT_ID: 'client',
      AZURE_FEDERATED_TOKEN_FILE: '/token',
    };
    expect(wayWith(env)).toBe('OIDC token');
    expect([tenantOf(readSettings({}, env)), clientOf(readSettings({}, env))]).toEqual(['tenant', 'client']);
    expect(() => tenantOf(readSettings({ tenantId: 'another' }, env))).toThrow('is not the one of AKS');
    const { ARM_USE_AKS_WORKLOAD_IDENTITY: _, ...without } = env;
    expect(wayWith(without)).toBe('Azure CLI');
  });
});
