/** Graph, on-premises servers and throttling: the same report, whatever the protocol. */
import { type EndpointCheck, type EndpointReport, verifyEndpoint } from '../../infra/verify/index.js';
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

describe('a busy service', () => {
  afterEach(async () => {
    await world.tenant.control({ clearFaults: true });
  });

  /** The report, and how long was waited each time. */
  async function patiently(check: EndpointCheck): Promise<{ report: EndpointReport; waits: number[] }> {
    const waits: number[] = [];
    const { signal } = new AbortController();
    const around = { ...world.around, signal, sleep: async (wait: number) => void waits.push(wait) };
    return { report: await verifyEndpoint(check, around), waits };
  }

  const over = (protocol: 'ews' | 'graph') => (protocol === 'ews' ? world.check : graphCheck());
  const codesOf = ({ findings }: EndpointReport) => findings.map(({ code }) => code);

  test('of EWS gets smaller requests, after the wait that it asks for', async () => {
    await world.tenant.control({ faults: ['ewsBusy=1:7'] });
    const { report, waits } = await patiently({ ...world.check, attendees: world.people.slice(0, 4) });
    expect(report.attendees).toHaveLength(4);
    expect(waits).toEqual([7_000]);
    expect(report.requests).toBe(2);
  });

  const TOKEN = 'POST /*/oauth2/v2.0/token';
  const SCHEDULE = 'POST /users/*/calendar/getSchedule';

  test.each([
    ['a token, 429', 'ews', `throttle=2:5@${TOKEN}`, [5_000, 5_000]],
    ['a token, 503', 'graph', `serverError=1:9@${TOKEN}`, [9_000]],
    ['EWS, 503', 'ews', 'ewsUnavailable=2:6', [6_000, 6_000]],
    ['EWS, 429', 'ews', 'throttle=1:4@POST /EWS/Exchange.asmx', [4_000]],
    ['Graph, 429', 'graph', `throttle=2:8@${SCHEDULE}`, [8_000, 8_000]],
    ['Graph, 503', 'graph', `serverError=1:3@${SCHEDULE}`, [3_000]],
  ] as const)(
    'asked for %s is waited for as it asks, and all is well',
    async (_, protocol, fault, wanted) => {
      await world.tenant.control({ faults: [fault] });
      const { report, waits } = await patiently(over(protocol));
      expect(waits).toEqual(wanted);
      expect(codesOf(report)).toEqual([]);
    },
  );

  test.each([
    ['a token', 'ews', `throttle=100:2@${TOKEN}`, 'CI-TOKEN-BUSY'],
    ['EWS', 'ews', 'ewsUnavailable=100:2', 'CI-LOOK-UP-BUSY'],
    ['Graph', 'graph', `throttle=100:2@${SCHEDULE}`, 'CI-LOOK-UP-BUSY'],
  ] as const)('asked for %s that stays so is asked six times', async (_, protocol, fault, code) => {
    await world.tenant.control({ faults: [fault] });
    const { report, waits } = await patiently(over(protocol));
    expect(waits).toEqual(Array.from({ length: 5 }, () => 2_000));
    expect(codesOf(report)).toEqual([code]);
    expect(report.findings[0]?.evidence).toContain('6 times');
  });

  test('that asks for longer than anybody would wait is told at once', async () => {
    await world.tenant.control({ faults: [`throttle=1:3600@${TOKEN}`] });
    const { report, waits } = await patiently(world.check);
    expect(waits).toEqual([]);
    expect(report.findings).toMatchObject([{ code: 'CI-TOKEN-BUSY', evidence: 'status 429, once' }]);
  });
});
