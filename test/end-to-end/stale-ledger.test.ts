/** An old checkout must not delete the secret in use: the guard on the real engine, in preview, up and plain pulumi. */
import { readFileSync, writeFileSync } from 'node:fs';
import { reduce } from '../../infra/rotation/index.js';
import { type Ledger, parseLedger } from '../../infra/rotation/ledger.js';
import { readStackFile, stackConfigOf, writeLedger } from '../../scripts/stack-file.js';
import { makeProject, type TestProject } from '../support/project.js';
import { secretNamesIn } from '../support/registration.js';
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

test('a ledger older than the state, or made beside it, is refused before anything is deleted', async () => {
  expect((await project.run(['up'])).code).toBe(0);
  const old = readFileSync(project.stackFile, 'utf8');
  stage('one checkout');
  expect((await project.run(['up'])).code).toBe(0);
  expect(await secretNamesIn(sandbox)).toEqual(['interop-a-g1', 'interop-b-g2']);

  writeFileSync(project.stackFile, old);
  for (const command of ['preview', 'up']) {
    const { code, stderr } = await project.run([command]);
    expect({ command, code }).toEqual({ command, code: 2 });
    expect(stderr).toContain('revision 1');
    expect(stderr).toContain('revision 2');
    expect(stderr).toContain('next: calendar-interop rotation restore --stack test');
    expect(stderr).not.toContain('hook');
  }

  stage('a checkout that does not know of the first', { revision: 7 });
  const { code, stderr } = await project.run(['preview']);
  expect(code).toBe(2);
  expect(stderr).toContain('was not made from the ledger');
  expect(await secretNamesIn(sandbox)).toEqual(['interop-a-g1', 'interop-b-g2']);

  expect((await project.run(['rotation', 'restore'])).code).toBe(0);
  expect((await project.run(['preview'])).code).toBe(0);
});

/** What `rotation stage` writes into the file. */
function stage(by: string, change: Partial<Ledger> = {}): void {
  const ledger = parseLedger(stackConfigOf(readStackFile(project.stackFile)).ours.rotation);
  const policy = { lifetimeDays: 180, leadDays: 30, quietDays: 7, endpoints: ['microsoft-365'] };
  const outcome = reduce(ledger, { type: 'stage', by }, policy, new Date());
  if (outcome.refusal !== undefined) throw new Error(outcome.refusal.code);
  writeLedger(project.stackFile, { ...outcome.ledger, ...change });
}
