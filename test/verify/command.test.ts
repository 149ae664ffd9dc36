/** `verify` as people run it, on the sandbox; with the values handed in, so that no engine is needed. */
import { type CliRun, cli } from '../cli/io.js';
import { makeProject, type TestProject } from '../support/project.js';
import { makeWorld, ROLE, setRight, type World } from './support/world.js';

let world: World;
let project: TestProject;

beforeAll(async () => {
  world = await makeWorld();
  project = await makeProject({ info: world.tenant.sandbox.info, as: 'admin' });
  await project.configure({
    'calendar-interop:exchange': {
      url: world.tenant.sandbox.info.exchange,
      ewsUrl: world.tenant.sandbox.info.ews,
    },
  });
});

afterAll(async () => {
  await project.dispose();
  await world.dispose();
});

async function run(args: readonly string[], stdin = `${world.registration.secret}\n`): Promise<CliRun> {
  const env = { ...project.env, XDG_STATE_HOME: project.root, XDG_CACHE_HOME: project.root };
  return await cli(['verify', '--stack', 'test', ...args], { cwd: project.folder, env, stdin });
}

const pasted = () => ['--client-id', world.registration.clientId, '--secret-stdin'];

it('shows a short tree for an endpoint that works, and exits with 0', async () => {
  const [person = ''] = world.people;
  const { code, stdout, stderr } = await run([...pasted(), '--attendee', person]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain('✓ works: 1 of 1 calendars answered');
  expect(stdout).toContain(`${person}  subject and place`);
  expect(stdout).not.toContain(world.registration.secret);
});

it('names the fault, what mends it, and exits with 11', async () => {
  const [, , person = ''] = world.people;
  await setRight(world.port, person, 'None');
  const { code, stdout } = await run([...pasted(), '--attendee', person]);
  expect(code).toBe(11);
  expect(stdout).toContain('✗ does not work');
  expect(stdout).toContain('CI-CALENDAR-CLOSED');
  expect(stdout).toContain('calendar-interop visibility plan --stack test');
});

it('gives the whole report as one object', async () => {
  const { code, stdout } = await run([...pasted(), '--json', '--attendee', 'nobody@contoso.com']);
  expect(code).toBe(11);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({ works: false, endpoints: [{ endpoint: 'online', kind: 'ews' }] });
  expect(report.endpoints[0].attendees[0].findings[0]).toMatchObject({
    code: 'CI-ATTENDEE-UNKNOWN',
    google: 'Invalid attendee',
    about: 'nobody@contoso.com',
  });
  expect(stdout).not.toContain(world.registration.secret);
});

it('looks the role accounts up where nobody was named and no sweep has run', async () => {
  const { stdout } = await run(pasted());
  expect(stdout).toContain('the role accounts look themselves up');
  expect(stdout).toContain(ROLE);
});

it.each([
  ['an endpoint that is none', ['--endpoint', 'nowhere'], 'there is no such endpoint'],
  ['an attendee that is none', ['--attendee', 'anna'], '--attendee wants an email address'],
  ['two secrets on one input', ['--password-stdin'], 'standard input can hold one secret only'],
])('refuses %s with exit code 2', async (_, args, summary) => {
  const { code, stderr } = await run([...pasted(), ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(summary);
});

it('refuses an empty standard input', async () => {
  const { code, stderr } = await run(pasted(), '');
  expect(code).toBe(2);
  expect(stderr).toContain('standard input holds no secret');
});
