/** Two tenants in one program, each through a provider of its own. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { findPulumiCli } from '../../scripts/engine/cli.js';
import { makeProject, ROOT } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import type { TenantSettings } from '../support/two-tenants.js';
import { defaultRights, withoutDefault } from '../visibility/support/exchange.js';

const run = promisify(execFile);

const deployerOf = ({ sandbox }: TestSandbox) =>
  sandbox.info.clients.find((client) => client.name === 'deployer');

function settingsOf(name: string, sandbox: TestSandbox): TenantSettings {
  const deployer = deployerOf(sandbox);
  return {
    name,
    metadataHost: sandbox.sandbox.info.metadataHost,
    tenantId: sandbox.sandbox.info.tenantId,
    clientId: deployer?.clientId ?? '',
    exchange: sandbox.sandbox.info.exchange,
    secretVariable: `SECRET_OF_${name.toUpperCase()}`,
  };
}

async function namesIn(sandbox: TestSandbox): Promise<readonly string[]> {
  const { body } = await sandbox.graph('GET', '/v1.0/applications', { as: 'admin' });
  return (body as { value: { displayName: string }[] }).value
    .map(({ displayName }) => displayName)
    .filter((name) => name.startsWith('Interop of'));
}

/** What Exchange of a tenant holds, apart from `Default` on default calendars. */
async function exchangeOf(sandbox: TestSandbox) {
  const { mailboxes, organization } = (await sandbox.state()).exchange;
  return { rest: withoutDefault(mailboxes), rights: defaultRights(mailboxes), organization };
}

const LOW = /^(None|AvailabilityOnly)$/;

test('each tenant gets its own registration, allow list and calendars, and destroy takes all of it back', async () => {
  const here = await startTestSandbox({ seed: 1, mailboxes: 12 });
  const there = await startTestSandbox({ seed: 2, mailboxes: 20 });
  const both = [here, there] as const;
  const project = await makeProject({ info: here.sandbox.info });
  try {
    expect(here.sandbox.info.tenantId).not.toBe(there.sandbox.info.tenantId);
    const bundle = join(project.root, 'both.pem');
    writeFileSync(bundle, both.map(({ sandbox }) => readFileSync(sandbox.info.caFile, 'utf8')).join('\n'));
    const path = join(ROOT, 'infra', 'exchange', 'provider', 'bin');
    const plugins = { providers: [{ name: 'exchange', path }] };
    const settings = { name: 'calendar-interop', runtime: 'nodejs', plugins };
    writeFileSync(join(project.folder, 'Pulumi.yaml'), stringify(settings));
    const cli = await findPulumiCli({ env: project.env });
    const { ARM_CLIENT_SECRET: _, ...others } = project.env;
    const env = {
      ...others,
      SSL_CERT_FILE: bundle,
      PATH: `${join(ROOT, 'sandbox', 'azuread', 'bin')}:${project.env.PATH ?? ''}`,
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      CLI_ROOT: cli.root ?? '',
      TENANTS: JSON.stringify([settingsOf('here', here), settingsOf('there', there)]),
      SECRET_OF_HERE: deployerOf(here)?.clientSecret ?? '',
      SECRET_OF_THERE: deployerOf(there)?.clientSecret ?? '',
    };
    const script = join(ROOT, 'dist', 'test', 'support', 'two-tenants.js');
    const options = { cwd: project.folder, env, maxBuffer: 1 << 26 };
    const before = await Promise.all(both.map(exchangeOf));
    for (const { rights } of before)
      expect(Object.values(rights).some((right) => LOW.test(right))).toBe(true);

    const up = await run(process.execPath, [script, 'up'], options);
    const outputs = JSON.parse(up.stdout) as Record<string, { value: string }>;
    expect(outputs.here?.value).not.toBe(outputs.there?.value);
    expect(await namesIn(here)).toEqual(['Interop of here']);
    expect(await namesIn(there)).toEqual(['Interop of there']);
    const after = await Promise.all(both.map(exchangeOf));
    expect(after.map(({ organization }) => organization)).toMatchObject([
      { EwsEnabled: true, EwsAllowedAppIDs: outputs.here?.value },
      { EwsEnabled: true, EwsAllowedAppIDs: outputs.there?.value },
    ]);
    for (const [index, { rights, rest }] of after.entries()) {
      expect(Object.values(rights).filter((right) => LOW.test(right))).toEqual([]);
      expect(rest).toEqual(before[index]?.rest);
    }

    await run(process.execPath, [script, 'destroy'], options);
    expect(await namesIn(here)).toEqual([]);
    expect(await namesIn(there)).toEqual([]);
    expect(await Promise.all(both.map(exchangeOf))).toEqual(before);
  } finally {
    await project.dispose();
    await here.dispose();
    await there.dispose();
  }
});
