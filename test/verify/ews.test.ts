/** A look-up over EWS against the sandbox: what Google would see, and what is told about it. */
import { verifyEndpoint } from '../../infra/verify/index.js';
import { makeWorld, setRight, type World } from './support/world.js';

let world: World;

beforeAll(async () => {
  world = await makeWorld();
});

afterAll(async () => {
  await world.dispose();
});

it('finds nothing where nothing is wrong', async () => {
  const report = await verifyEndpoint(world.check, world.around);
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ works: true, endpoint: 'online', requests: 1 });
  expect(report.steps.map(({ stage, state }) => `${stage} ${state}`)).toEqual([
    'name held',
    'tcp held',
    'tls held',
    'token held',
    'role held',
  ]);
  expect(report.attendees).toHaveLength(2);
  for (const attendee of report.attendees)
    expect(attendee).toMatchObject({ reached: true, detail: 'details' });
});

it('tells how much each calendar shows, several in one request', async () => {
  const [one = '', two = '', three = ''] = world.people.slice(2);
  await setRight(world.port, one, 'LimitedDetails');
  await setRight(world.port, two, 'AvailabilityOnly');
  await setRight(world.port, three, 'None');
  const attendees = [one, two, three, 'nobody@contoso.com'];
  const report = await verifyEndpoint({ ...world.check, attendees }, world.around);
  expect(report.requests).toBe(1);
  expect(report.attendees.map(({ detail }) => detail)).toEqual(['details', 'busyOnly', 'nothing', 'nothing']);
  expect(report.findings.map(({ code, about }) => `${code} ${about}`)).toEqual([
    `CI-CALENDAR-BUSY-ONLY ${two}`,
    `CI-CALENDAR-CLOSED ${three}`,
    'CI-ATTENDEE-UNKNOWN nobody@contoso.com',
  ]);
});
