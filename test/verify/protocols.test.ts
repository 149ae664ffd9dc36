/** Graph, on-premises servers and throttling: the same report, whatever the protocol. */
import { type EndpointCheck, verifyEndpoint } from '../../infra/verify/index.js';
import { grant, makeWorld, type World } from './support/world.js';

let world: World;

beforeAll(async () => {
  world = await makeWorld();
  await grant(world.tenant, world.registration, 'microsoftGraph', 'Calendars.Read');
});

afterAll(async () => {
  await world.dispose();
});

function graphCheck(): EndpointCheck {
  const { info } = world.tenant.sandbox;
  const { way } = world.check;
  if (way.kind !== 'ews') throw new Error('the world is one of EWS');
  const credentials = { ...way.credentials, scope: `${info.graph}/.default` };
  return { ...world.check, way: { kind: 'graph', graph: info.graph, credentials } };
}

test('Graph shows the same as EWS', async () => {
  const overEws = await verifyEndpoint(world.check, world.around);
  const overGraph = await verifyEndpoint(graphCheck(), world.around);
  expect(overGraph.findings).toEqual([]);
  expect(overGraph.attendees.map(({ detail, events }) => [detail, events])).toEqual(
    overEws.attendees.map(({ detail, events }) => [detail, events]),
  );
});

test('an on-premises server is asked with name and password', async () => {
  const { ews, account, password } = world.tenant.sandbox.info.onPremises;
  const way = { kind: 'onPremises', url: ews, password } as const;
  const report = await verifyEndpoint({ ...world.check, way, roleAccounts: [account] }, world.around);
  expect(report.findings).toEqual([]);
  expect(report.works).toBe(true);
});

test('a busy service gets smaller requests, after the wait that it asks for', async () => {
  await world.tenant.control({ faults: ['ewsBusy=1:7'] });
  const waits: number[] = [];
  const around = { ...world.around, sleep: async (wait: number) => void waits.push(wait) };
  const report = await verifyEndpoint({ ...world.check, attendees: world.people.slice(0, 4) }, around);
  expect(report.attendees).toHaveLength(4);
  expect(waits).toEqual([7_000]);
  expect(report.requests).toBe(2);
});
