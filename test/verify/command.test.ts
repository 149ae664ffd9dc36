/** `verify` as people run it, on the sandbox; with the values handed in, so that no engine is needed. */
import { join } from 'node:path';
import { planVisibility, UndoRecord, visibilityFiles } from '../../infra/exchange/visibility/index.js';
import { type CliRun, cli } from '../cli/io.js';
import { makeProject, type TestProject } from '../support/project.js';
import { invoke } from './support/faults.js';
import { makeWorld, ROLE, setRight, type World } from './support/world.js';

let world: World;
let project: TestProject;

beforeAll(async () => {
  world = await makeWorld();
  project = await makeProject({ info: world.tenant.sandbox.info, as: 'admin' });
  await configure();
});

async function configure(more: Record<string, unknown> = {}): Promise<void> {
  const { exchange: url, ews: ewsUrl } = world.tenant.sandbox.info;
  await project.configure({ 'calendar-interop:exchange': { url, ewsUrl }, ...more });
}

afterAll(async () => {
  await project.dispose();
  await world.dispose();
});

async function run(
  args: readonly string[],
  stdin = `${world.registration.secret}\n`,
  more: NodeJS.ProcessEnv = {},
): Promise<CliRun> {
  const env = { ...project.env, XDG_STATE_HOME: project.root, XDG_CACHE_HOME: project.root, ...more };
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

it('goes by the last sweep: who was left alone for an attribute is not closed, and who has left since is named', async () => {
  const [, open = '', closed = ''] = world.people;
  const exclude = [{ attribute: 'CustomAttribute7', value: 'board', reason: 'the board wishes it' }] as const;
  await setRight(world.port, closed, 'None');
  await invoke(world, 'Set-Mailbox', { Identity: closed, CustomAttribute7: 'board' });
  const visibility = { level: 'LimitedDetails', scope: { recipientTypes: ['UserMailbox'] } } as const;
  const { domain: tenant } = world.tenant.sandbox.info;
  const env = { XDG_STATE_HOME: join(project.root, 'swept'), XDG_CACHE_HOME: join(project.root, 'swept') };
  const files = visibilityFiles({ tenant, stack: 'test' }, env);
  await planVisibility(
    { port: world.port, files },
    { ...visibility, exclude: [...exclude] },
    UndoRecord.empty,
  );
  await configure({ 'calendar-interop:visibility': { ...visibility, exclude } });
  const { code, stdout } = await run([...pasted(), '--json'], undefined, env);
  const [{ attendees }] = JSON.parse(stdout).endpoints;
  const of = (address: string) => attendees.find((one: { address: string }) => one.address === address);
  expect(code).toBe(0);
  expect(of(open)).toMatchObject({ detail: 'details', findings: [] });
  expect(of(closed)).toMatchObject({
    detail: 'nothing',
    findings: [{ code: 'CI-CALENDAR-ON-PURPOSE', mend: [expect.stringContaining('the board wishes it')] }],
  });
  const named = await run([...pasted(), '--attendee', closed], undefined, env);
  expect(named.code).toBe(0);
  expect(named.stdout).toContain('CI-CALENDAR-ON-PURPOSE');

  // The exclusion is taken back; the sweep on this machine was made before that.
  await configure();
  const closedNow = await run([...pasted(), '--attendee', closed], undefined, env);
  expect(closedNow.code).toBe(11);
  expect(closedNow.stdout).toContain('CI-CALENDAR-CLOSED');
  await configure({ 'calendar-interop:visibility': { ...visibility, exclude } });

  // Somebody leaves after the sweep.
  expect((await world.tenant.graph('DELETE', `/users/${open}`)).status).toBe(204);
  const later = await run([...pasted(), '--json'], undefined, env);
  const report = JSON.parse(later.stdout);
  expect(later.code).toBe(0);
  expect(report.gone).toEqual([{ endpoint: 'online', addresses: [open] }]);
  expect(report.endpoints[0].attendees.map(({ address }: { address: string }) => address)).toContain(closed);
  await configure();
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
