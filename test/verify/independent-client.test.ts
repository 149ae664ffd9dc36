/** A client of somebody else's, ews-javascript-api, gets the same answers from the sandbox as `verify` does. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lookUpOverEws } from '../../infra/verify/ews/look-up.js';
import { makeWorld, ROLE, setRight, type World } from './support/world.js';

let world: World;

beforeAll(async () => {
  world = await makeWorld();
});

afterAll(async () => {
  await world.dispose();
});

/** The other client truncates its window to days: this is the week that it asks for. */
const WEEK = { start: new Date('2026-11-30T00:00:00Z'), end: new Date('2026-12-07T00:00:00Z') };

interface OtherEvent {
  readonly start: string;
  readonly end: string;
  readonly busy: string;
  readonly subject?: string;
  readonly location?: string;
}

interface OtherAnswer {
  readonly code: string;
  readonly view: string;
  readonly events: readonly OtherEvent[];
}

async function otherClient(token: string, attendees: readonly string[]): Promise<readonly OtherAnswer[]> {
  const { info } = world.tenant.sandbox;
  const client = join(__dirname, '../sandbox-ews/support/javascript-api-client.mjs');
  const input = JSON.stringify({ url: info.ews, token, as: ROLE, attendees });
  const { stdout } = await promisify(execFile)(process.execPath, [client, input], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: info.caFile },
  });
  return JSON.parse(stdout.slice(stdout.indexOf('{"answers"'))).answers;
}

test('both see the same of the same calendars', async () => {
  const [detailed = '', plain = '', closed = ''] = world.people;
  await setRight(world.port, plain, 'AvailabilityOnly');
  await setRight(world.port, closed, 'None');
  const attendees = [detailed, plain, closed, 'nobody@contoso.com'];
  const { tenant, registration } = world;
  const { body } = await tenant.tokenRequest({
    grant_type: 'client_credentials',
    client_id: registration.clientId,
    client_secret: registration.secret,
    scope: 'https://outlook.office365.com/.default',
  });
  const token: string = body.access_token;
  const theirs = await otherClient(token, attendees);
  const ours = await lookUpOverEws(
    {
      url: tenant.sandbox.info.ews,
      roleAccount: ROLE,
      signIn: { kind: 'bearer', token },
      attendees,
      window: WEEK,
    },
    world.around,
  );
  if (!('answers' in ours)) throw new Error(ours.refusal.evidence);
  const detailOf: Readonly<Record<string, string>> = {
    Detailed: 'details',
    FreeBusy: 'busyOnly',
    None: 'nothing',
  };
  expect(ours.answers.map(({ detail }) => detail)).toEqual(theirs.map(({ view }) => detailOf[view]));
  expect(ours.answers.map((answer) => ('code' in answer ? answer.code : 'NoError'))).toEqual(
    theirs.map(({ code }) => code),
  );
  const events = ours.answers.map((answer) => ('events' in answer ? answer.events : []));
  expect(events.flat().length).toBeGreaterThan(5);
  const whole = (text: string) => `${new Date(text).toISOString().slice(0, 19)}Z`;
  expect(
    events.map((list) =>
      list.map(({ start, end, subject, location }) => [start, end, subject ?? '', location ?? '']),
    ),
  ).toEqual(
    theirs.map((answer) =>
      answer.events.map(({ start, end, subject, location }) => [
        whole(start),
        whole(end),
        subject ?? '',
        location ?? '',
      ]),
    ),
  );
});
