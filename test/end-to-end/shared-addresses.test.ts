/** Role mailboxes of two groups must not share an address: refused before anything is touched, also against what an earlier run made. */
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let sandbox: TestSandbox;
let project: TestProject;

beforeEach(async () => {
  sandbox = await startTestSandbox({ mailboxes: 5 });
  project = await makeProject({ info: sandbox.sandbox.info, as: 'admin' });
});
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

const mailbox = (address: string, count = 1) => ({ address, count });

async function run(command: 'up' | 'preview', groups: readonly object[]) {
  await project.configure({ 'calendar-interop:roleMailboxes': groups });
  return await project.run([command]);
}

/** Exit code 2, what is shared between whom, the way out, and everything as it was. */
async function expectRefused(command: 'up' | 'preview', groups: readonly object[], what: string) {
  const [tenant, state] = [await sandbox.state(), await project.stateFile()];
  const { code, stderr } = await run(command, groups);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(what) });
  expect(stderr).toContain('role mailboxes cannot go from one group to another within a run');
  expect(stderr).toMatch(/next: choose another address; or take the group that holds it out/);
  expect(await sandbox.state()).toEqual(tenant);
  expect(await resources(state)).toEqual(await resources(await project.stateFile()));
}

/** But for what the engine notes of any run: the stack itself, its default provider and the look at its own last outputs. */
async function resources(state: string | undefined): Promise<unknown> {
  const { checkpoint } = JSON.parse(
    (state ?? '{}').replace(/"ciphertext": ?"[^"]*"/g, '"ciphertext": ""'),
  ) as {
    checkpoint?: { latest?: { resources?: { type: string }[] } };
  };
  return (checkpoint?.latest?.resources ?? []).filter(({ type }) => !type.startsWith('pulumi:'));
}

test('in one configuration, and against the groups of the run before; the way out that is told works', async () => {
  const both = [mailbox('calendar@contoso.com', 2), mailbox('calendar2@contoso.com')];
  const shared = (holder: string, asking: string) =>
    `calendar2@contoso.com, which the group of ${asking} asks for, is in the group of ${holder} already`;
  const before = 'calendar@contoso.com';
  for (const command of ['preview', 'up'] as const)
    await expectRefused(command, both, shared(before, 'calendar2@contoso.com'));

  const first = await run('up', [mailbox(before, 2)]);
  expect([first.code, first.code === 0 ? '' : first.stderr]).toEqual([0, '']);
  await expectRefused('up', [mailbox('calendar2@contoso.com')], shared(before, 'calendar2@contoso.com'));

  // As told: out with the group that holds it, then in with the new one.
  expect((await run('up', [])).code).toBe(0);
  const last = await run('up', [mailbox('calendar2@contoso.com')]);
  expect([last.code, last.code === 0 ? '' : last.stderr]).toEqual([0, '']);
}, 400_000);
