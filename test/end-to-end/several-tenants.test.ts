/** Two tenants in one program, each through a provider of its own. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPulumiCli } from '../../scripts/engine/cli.js';
import { makeProject, ROOT } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import type { TenantSettings } from '../support/two-tenants.js';

const run = promisify(execFile);

function settingsOf(name: string, sandbox: TestSandbox): TenantSettings {
  const deployer = sandbox.sandbox.info.clients.find((client) => client.name === 'deployer');
  return {
    name,
    metadataHost: sandbox.sandbox.info.metadataHost,
    tenantId: sandbox.sandbox.info.tenantId,
    clientId: deployer?.clientId ?? '',
    clientSecret: deployer?.clientSecret ?? '',
  };
}

async function namesIn(sandbox: TestSandbox): Promise<readonly string[]> {
  const { body } = await sandbox.graph('GET', '/v1.0/applications', { as: 'admin' });
  return (body as { value: { displayName: string }[] }).value
    .map(({ displayName }) => displayName)
    .filter((name) => name.startsWith('Interop of'));
}

test('each tenant gets its own registration, and destroy removes both', async () => {
  const here = await startTestSandbox({ seed: 1 });
  const there = await startTestSandbox({ seed: 2 });
  const project = await makeProject({ info: here.sandbox.info });
  try {
    expect(here.sandbox.info.tenantId).not.toBe(there.sandbox.info.tenantId);
    const bundle = join(project.root, 'both.pem');
    writeFileSync(
      bundle,
      [here, there].map(({ sandbox }) => readFileSync(sandbox.info.caFile, 'utf8')).join('\n'),
    );
    const cli = await findPulumiCli({ env: project.env });
    const env = {
      ...project.env,
      SSL_CERT_FILE: bundle,
      PATH: `${join(ROOT, 'sandbox', 'azuread', 'bin')}:${project.env.PATH ?? ''}`,
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      CLI_ROOT: cli.root ?? '',
      TENANTS: JSON.stringify([settingsOf('here', here), settingsOf('there', there)]),
    };
    const script = join(ROOT, 'dist', 'test', 'support', 'two-tenants.js');
    const options = { cwd: project.folder, env, maxBuffer: 1 << 26 };

    const up = await run(process.execPath, [script, 'up'], options);
    const outputs = JSON.parse(up.stdout) as Record<string, { value: string }>;
    expect(outputs.here?.value).not.toBe(outputs.there?.value);
    expect(await namesIn(here)).toEqual(['Interop of here']);
    expect(await namesIn(there)).toEqual(['Interop of there']);

    await run(process.execPath, [script, 'destroy'], options);
    expect(await namesIn(here)).toEqual([]);
    expect(await namesIn(there)).toEqual([]);
  } finally {
    await project.dispose();
    await here.dispose();
    await there.dispose();
  }
});
