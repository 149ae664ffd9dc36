/** `doctor` on the real engine: a stack that is well, one that was broken behind Pulumi's back, and one that cannot be looked at. */
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort } from '../support/sandbox-port.js';
import { setRight } from '../verify/support/world.js';

let sandbox: TestSandbox;
let project: TestProject;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  sandbox = await startTestSandbox({ mailboxes: 12 });
  project = await makeProject({ info: sandbox.sandbox.info });
  // Other tests' sweeps of a stack of this name are none of ours.
  env = { XDG_STATE_HOME: `${project.root}/state` };
  await project.configure({
    'calendar-interop:protocol': 'graph',
    'calendar-interop:endpoints': [
      {
        name: 'online',
        type: 'microsoft365-graph',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
    'calendar-interop:visibility': { scope: { all: true }, exclude: [] },
  });
  const t = Date.now();
  const up = await project.run(['up'], env);
  console.log(up.code, up.stdout, up.stderr, Date.now() - t);
  const c = await project.run(['rotation', 'confirm'], env);
  console.log(c.code, c.stdout, c.stderr, Date.now() - t);
}, 200_000);
afterAll(async () => {
  await project.dispose();
  await sandbox.dispose();
});

test('scratch', async () => {
  let t = Date.now();
  let r = await project.run(['doctor'], env);
  console.log(r.code, r.stdout, r.stderr, Date.now() - t);
  const port = openSandboxPort(sandbox);
  const { rows } = await port.run({
    cmdlet: 'Get-Mailbox',
    parameters: { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' },
  });
  await setRight(port, rows[2]?.PrimarySmtpAddress ?? '', 'None');
  t = Date.now();
  r = await project.run(['doctor', '--html', '/tmp/doctor.html'], env);
  console.log(r.code, r.stdout, r.stderr, Date.now() - t);
  r = await project.run(['doctor'], { ...env, ARM_CLIENT_SECRET: 'wrong' });
  console.log(r.code, r.stdout, r.stderr, Date.now() - t);
  await sandbox.sandbox.stop();
  r = await project.run(['doctor'], env);
  console.log(r.code, r.stdout, r.stderr, Date.now() - t);
}, 200_000);
