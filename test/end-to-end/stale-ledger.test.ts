/** An old checkout must not delete the secret in use: the guard on the real engine, in preview, up and plain pulumi. */
import { readFileSync, writeFileSync } from 'node:fs';
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let sandbox: TestSandbox;
let project: TestProject;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
});
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

async function secretNames(): Promise<readonly string[]> {
  const { body } = await sandbox.graph<{ value: { passwordCredentials: { displayName: string }[] }[] }>(
    'GET',
    "/applications?$filter=displayName eq 'Interop under test'",
  );
  return (body.value[0]?.passwordCredentials ?? []).map(({ displayName }) => displayName).sort();
}

test('a ledger older than the state is refused before anything is deleted', async () => {
  expect((await project.run(['up'])).code).toBe(0);
  const old = readFileSync(project.stackFile, 'utf8');
  // The next secret, in slot b, which Google holds from now on; the one in slot a is gone.
  writeFileSync(
    project.stackFile,
    old
      .replace(/"?revision"?: 1/, 'revision: 2')
      .replace(/(\n\s+)"?a"?:(\s)/, '$1b:$2')
      .replace(/"?current"?: "?a"?/, 'current: b'),
  );
  expect((await project.run(['up'])).code).toBe(0);
  expect(await secretNames()).toEqual(['interop-b-g1']);

  writeFileSync(project.stackFile, old);
  for (const command of ['preview', 'up']) {
    const { code, stderr } = await project.run([command]);
    expect({ command, code }).toEqual({ command, code: 2 });
    expect(stderr).toContain('revision 1');
    expect(stderr).toContain('revision 2');
    expect(stderr).toContain('next: calendar-interop rotation restore --stack test');
    expect(stderr).not.toContain('hook');
    expect(await secretNames()).toEqual(['interop-b-g1']);
  }
});
