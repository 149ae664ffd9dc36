/**
 * The whole program with `exchange.transport: powershell` on the real engine: the shells find PowerShell and the module by the
 * variables that PowerShell and .NET know, and by nothing else.
 */
import { makeProject, type TestProject } from '../support/project.js';
import { describeWithPwsh, shellVariables } from '../support/pwsh.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

describeWithPwsh('over PowerShell', () => {
  let sandbox: TestSandbox;
  let project: TestProject;

  beforeAll(async () => {
    sandbox = await startTestSandbox({ mailboxes: 8 });
    project = await makeProject({ info: sandbox.sandbox.info, as: 'admin' });
  });
  afterAll(async () => {
    await project?.dispose();
    await sandbox?.dispose();
  });

  async function run(...args: readonly string[]) {
    const { code, stdout, stderr } = await project.run(args, shellVariables);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }

  async function dump() {
    const { deletedItems: _, ...kept } = await sandbox.state();
    return kept;
  }

  test('up makes everything, a second one finds nothing to do, and destroy leaves the tenant as it was', async () => {
    const { info } = sandbox.sandbox;
    await project.configure({
      'calendar-interop:exchange': { transport: 'powershell', url: info.exchange },
      'calendar-interop:roleMailboxes': [{ address: 'interop-ps@contoso.com' }],
      'calendar-interop:ewsAccess': { acknowledgeAllowList: true },
      'calendar-interop:roomBooking': true,
      'calendar-interop:visibility': {
        scope: { all: true },
        exclude: [{ attribute: 'CustomAttribute7', value: "Works council's", reason: 'on purpose' }],
      },
    });
    const before = await dump();
    await run('up');
    const after = await dump();
    expect(Object.keys(after.exchange.mailboxes)).toContain('interop-ps@contoso.com');
    expect(after.exchange.organization).not.toEqual(before.exchange.organization);
    expect(await run('preview')).toContain('Nothing to do');
    await run('destroy');
    expect(await dump()).toEqual(before);
  }, 600_000);
});
