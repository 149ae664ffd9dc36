/** Secrets that somebody else made on the registration: shown, counted, removed only on demand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let sandbox: TestSandbox;
let project: TestProject;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
});
afterAll(async () => {
  await project.dispose();
  await sandbox.dispose();
});

const PORTAL = 'made in the portal';

async function registration() {
  const { applications } = await sandbox.state();
  return applications.find(
    ({ properties }: { properties: { displayName: string } }) =>
      properties.displayName === 'Interop under test',
  );
}

const keyNames = async () =>
  (await registration()).passwords.map(({ displayName }: { displayName: string }) => displayName);

const TIMEOUT_MS = 900_000;

test(
  'from being found to being gone',
  async () => {
    expect((await project.run(['up'])).code).toBe(0);
    const { id } = await registration();
    const { body } = await sandbox.graph('POST', `/applications/${id}/addPassword`, {
      body: { passwordCredential: { displayName: PORTAL } },
    });

    // It is shown, and stays through another up.
    const told = `not ours: "${PORTAL}" (key ${body.keyId}), made `;
    for (const args of [['up'], ['rotation', 'status'], ['rotation', 'run']]) {
      const { stdout, stderr } = await project.run(args);
      expect({ args, output: stdout + stderr }).toEqual({ args, output: expect.stringContaining(told) });
    }
    const report = join(project.folder, 'report.md');
    const run = await project.json(['rotation', 'run', '--report', report]);
    expect(run.value).toMatchObject({
      foreignSecrets: { checked: true, secrets: [{ keyId: body.keyId, name: PORTAL, adopted: false }] },
    });
    expect(readFileSync(report, 'utf8')).toContain(`"${PORTAL}" (key ${body.keyId})`);
    const listed = await project.run(['rotation', 'adopt']);
    expect(listed.stdout).toContain(`"${PORTAL}" (key ${body.keyId})`);
    expect(listed.stdout).toContain('no sign-in is reported');
    expect(await keyNames()).toEqual(['interop-a-g1', PORTAL]);

    // One that does not exist is not adopted, and the answer tells of those that do.
    const wrong = await project.run(['rotation', 'adopt', '99999999-9999-4999-8999-999999999999']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(PORTAL);

    // Adopted, it counts towards the cap of two.
    const adopted = await project.json(['rotation', 'adopt', body.keyId]);
    expect(adopted).toMatchObject({ code: 0, value: { foreign: [{ keyId: body.keyId }] } });
    expect((await project.run(['rotation', 'stage'])).code).toBe(5);

    // As long as nobody confirmed what Google holds it may be this one.
    const refused = await project.run(['rotation', 'remove', body.keyId, '--yes']);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('Google may be using this secret');
    expect((await project.run(['rotation', 'confirm'])).code).toBe(0);

    // Without a terminal it wants --yes.
    expect((await project.run(['rotation', 'remove', body.keyId])).code).toBe(2);
    expect(await keyNames()).toEqual(['interop-a-g1', PORTAL]);
    const removed = await project.json(['rotation', 'remove', body.keyId, '--yes']);
    expect(removed).toMatchObject({ code: 0, value: { foreign: [], pending: null } });
    expect(await keyNames()).toEqual(['interop-a-g1']);
    const { value } = await project.json(['rotation', 'status']);
    expect(value).toMatchObject({ foreignSecrets: { checked: true, secrets: [] } });

    // The clock of this machine is an hour behind Entra's: a secret's end would be wrong.
    await sandbox.control({ clock: { advanceMs: 3_600_000 } });
    const late = await project.run(['rotation', 'stage']);
    expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining("this machine's clock is wrong") });
    expect(await keyNames()).toEqual(['interop-a-g1']);
    await sandbox.control({ clock: { advanceMs: -3_600_000 } });
    expect((await project.run(['rotation', 'stage'])).code).toBe(0);
  },
  TIMEOUT_MS,
);
