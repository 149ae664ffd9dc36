/** Ways to break a look-up over Graph, for each leaf that exists there: one thing each, and nothing else. */
import { randomUUID } from 'node:crypto';
import { createSecureContext, rootCertificates } from 'node:tls';
import type { EndpointCheck, LeafCode, Surroundings } from '../../../infra/verify/index.js';
import { type Break, FAULTS } from './faults.js';
import { type Behaviour, closedPort, openPlainFront, silentPort } from './front.js';
import { grant, ROLE, type World } from './world.js';

const DAY_MS = 86_400_000;
const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';

/** A world whose endpoint is one of Graph. */
export async function asGraph(world: World): Promise<World> {
  const { check, tenant, registration } = world;
  if (check.way.kind !== 'ews') throw new Error('the world is one of EWS');
  await grant(tenant, registration, 'microsoftGraph', 'Calendars.Read');
  const { graph } = tenant.sandbox.info;
  const credentials = { ...check.way.credentials, scope: `${graph}/.default` };
  return { ...world, check: { ...check, way: { kind: 'graph', graph, credentials } } };
}

const at =
  (graph: string): Break =>
  async ({ check }) => ({ check: { way: { ...check.way, graph } as EndpointCheck['way'] } });

const pasted =
  (change: Readonly<Record<string, string>>): Break =>
  async ({ check: { way } }) => {
    if (way.kind !== 'graph') throw new Error('the world is one of Graph');
    return { check: { way: { ...way, credentials: { ...way.credentials, ...change } } } };
  };

const origin = (url: string) => new URL(url).origin;

/** Graph behind another certificate: the world's own break for EWS, asked at Graph. */
const certificate =
  (code: LeafCode): Break =>
  async (world) => {
    const broken = await FAULTS[code](ewsOf(world));
    const { way } = broken.check ?? {};
    if (way === undefined || way.kind === 'graph') throw new Error(`${code} has no URL`);
    return { ...broken, ...(await at(origin(way.url))(world)) };
  };

/** What breaks the tenant or Google breaks it for Graph, too. */
const same =
  (code: LeafCode): Break =>
  async (world) =>
    await FAULTS[code](ewsOf(world));

/** The world as the breaks for EWS want it. */
function ewsOf(world: World): World {
  const { check, tenant } = world;
  if (check.way.kind !== 'graph') throw new Error('the world is one of Graph');
  const { credentials } = check.way;
  return { ...world, check: { ...check, way: { kind: 'ews', url: tenant.sandbox.info.ews, credentials } } };
}

/** What was pasted wrongly for EWS is pasted so for Graph. */
const samePasted =
  (code: LeafCode): Break =>
  async (world) => {
    const broken = await FAULTS[code](ewsOf(world));
    const { way } = broken.check ?? {};
    if (way?.kind !== 'ews') throw new Error(`${code} changes nothing that is pasted`);
    const { scope: _, ...change } = way.credentials;
    return { ...broken, ...(await pasted(change)(world)) };
  };

/** A server in place of Graph. */
const graph =
  (behaviour: Behaviour, around: Partial<Surroundings> = {}): Break =>
  async (world) => {
    const front = await world.fronts.open();
    front.answer(behaviour);
    return { ...(await at(origin(front.url))(world)), around, undo: front.stop };
  };

const reply =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

const HTML = { 'content-type': 'text/html' };
const JSON_TYPE = { 'content-type': 'application/json' };
const PAGE = '<!DOCTYPE html><html><body><p>Welcome<br></body></html>';
const failure = (code: string) => JSON.stringify({ error: { code, message: 'no' } });

async function withoutConsent({ tenant, registration }: World): Promise<() => Promise<unknown>> {
  const { body } = await tenant.graph(
    'GET',
    `/servicePrincipals/${registration.principalId}/appRoleAssignments`,
  );
  const { body: found } = await tenant.graph('GET', `/servicePrincipals?$filter=appId eq '${GRAPH_APP_ID}'`);
  const { id: resource } = found.value[0];
  for (const { id, resourceId } of body.value) {
    if (resourceId !== resource) continue;
    await tenant.graph('DELETE', `/servicePrincipals/${resourceId}/appRoleAssignedTo/${id}`);
  }
  return () => grant(tenant, registration, 'microsoftGraph', 'Calendars.Read');
}

/** Exchange's role assignment over some mailboxes, in place of the consent. */
async function scoped(world: World, filter: string): Promise<() => Promise<unknown>> {
  const { registration, port } = world;
  const consent = await withoutConsent(world);
  const { clientId, principalId } = registration;
  const name = `test ${randomUUID().slice(0, 8)}`;
  await port
    .run({ cmdlet: 'New-ServicePrincipal', parameters: { AppId: clientId, ObjectId: principalId } })
    .catch(() => undefined);
  await port.run({
    cmdlet: 'New-ManagementScope',
    parameters: { Name: name, RecipientRestrictionFilter: filter },
  });
  await port.run({
    cmdlet: 'New-ManagementRoleAssignment',
    parameters: {
      Name: name,
      App: principalId,
      Role: 'Application Calendars.Read',
      CustomResourceScope: name,
    },
  });
  return async () => {
    const parameters = { Identity: name, Confirm: false } as const;
    await port.run({ cmdlet: 'Remove-ManagementRoleAssignment', parameters });
    await port.run({ cmdlet: 'Remove-ManagementScope', parameters });
    await consent();
  };
}

const filterOf = (address: string) => `PrimarySmtpAddress -eq '${address}'`;

/** Leaves that a look-up over Graph cannot come to: nothing is pasted but ids, and EWS and name with password are not in it. */
export const NOT_OVER_GRAPH: readonly LeafCode[] = [
  'CI-URL-MALFORMED',
  'CI-URL-NOT-HTTPS',
  // Google itself meets the certificate of on-premises servers only.
  'CI-TLS-ONLY-HERE',
  // An answer of Graph is JSON.
  'CI-XML-BROKEN',
  'CI-XML-NOT-EWS',
  'CI-BASIC-REFUSED',
  'CI-BASIC-NOT-OFFERED',
  'CI-EWS-OFF',
  'CI-EWS-OFF-UNSET',
  'CI-EWS-RETIRED',
  'CI-EWS-OFF-ORGANISATION',
  'CI-EWS-OFF-MAILBOX',
  'CI-EWS-FRONTLINE-LICENCE',
  'CI-EWS-NOT-LISTED',
  'CI-EWS-LISTED-RECENTLY',
  'CI-EWS-BLOCKED',
  'CI-EWS-CLIENT-POLICY',
  'CI-EWS-FORBIDDEN',
];

/** Every other leaf with the fault that it names. */
export const GRAPH_FAULTS: Readonly<Partial<Record<LeafCode, Break>>> = {
  'CI-TOKEN-URL-WRONG': samePasted('CI-TOKEN-URL-WRONG'),
  'CI-ROLE-NOT-ADDRESS': same('CI-ROLE-NOT-ADDRESS'),
  'CI-NAME-UNKNOWN': certificate('CI-NAME-UNKNOWN'),
  'CI-NAME-NO-ANSWER': certificate('CI-NAME-NO-ANSWER'),
  'CI-TCP-REFUSED': async (world) => await at(`https://localhost:${await closedPort()}`)(world),
  'CI-TCP-SILENT': async (world) => {
    const port = await silentPort();
    const broken = await at(`https://localhost:${port.number}`)(world);
    return { ...broken, around: { limitMs: 3_000 }, undo: port.stop };
  },
  'CI-TLS-NONE': async (world) => {
    const front = await openPlainFront();
    return { ...(await at(origin(front.url))(world)), undo: front.stop };
  },
  'CI-TLS-HOST-NAME': certificate('CI-TLS-HOST-NAME'),
  'CI-TLS-EXPIRED': certificate('CI-TLS-EXPIRED'),
  'CI-TLS-NOT-YET-VALID': certificate('CI-TLS-NOT-YET-VALID'),
  'CI-TLS-SELF-SIGNED': certificate('CI-TLS-SELF-SIGNED'),
  'CI-TLS-UNTRUSTED': certificate('CI-TLS-UNTRUSTED'),
  'CI-TLS-INSPECTED': async () => ({
    around: { publicRoots: () => createSecureContext({ ca: [...rootCertificates] }) },
  }),
  'CI-TLS-EXPIRES-SOON': same('CI-TLS-EXPIRES-SOON'),
  'CI-HTTP-SILENT': graph(() => undefined, { limitMs: 3_000 }),
  'CI-HTTP-CUT-OFF': graph((_, response) => {
    response.writeHead(200, { ...JSON_TYPE, 'content-length': '1000' });
    response.write('{"value":');
    setTimeout(() => response.destroy(), 50);
  }),
  'CI-HTTP-TOO-LARGE': graph((_, response) => {
    response.writeHead(200, JSON_TYPE);
    response.on('error', () => undefined);
    response.end(' '.repeat(20 * 1024 * 1024));
  }),
  'CI-HTTP-REDIRECT': graph(reply(302, '', { location: 'https://login.example.com/' })),
  'CI-HTTP-NOT-FOUND': graph(reply(404, PAGE, HTML)),
  'CI-HTTP-REFUSED': graph(reply(405, PAGE, HTML)),
  'CI-HTTP-SERVER-ERROR': graph(reply(500, PAGE, HTML)),
  'CI-HTTP-NOT-EWS': graph(reply(200, PAGE, HTML)),
  'CI-TOKEN-UNREACHABLE': samePasted('CI-TOKEN-UNREACHABLE'),
  'CI-TOKEN-NOT-ENTRA': same('CI-TOKEN-NOT-ENTRA'),
  'CI-TOKEN-BUSY': same('CI-TOKEN-BUSY'),
  'CI-TOKEN-TENANT': samePasted('CI-TOKEN-TENANT'),
  'CI-TOKEN-CLIENT-UNKNOWN': samePasted('CI-TOKEN-CLIENT-UNKNOWN'),
  'CI-TOKEN-NO-PRINCIPAL': samePasted('CI-TOKEN-NO-PRINCIPAL'),
  'CI-TOKEN-DISABLED': same('CI-TOKEN-DISABLED'),
  'CI-TOKEN-SECRET-WRONG': samePasted('CI-TOKEN-SECRET-WRONG'),
  'CI-TOKEN-SECRET-EXPIRED': samePasted('CI-TOKEN-SECRET-EXPIRED'),
  'CI-TOKEN-API-UNKNOWN': pasted({ scope: 'https://graph.contoso.invalid/.default' }),
  'CI-TOKEN-POLICY': same('CI-TOKEN-POLICY'),
  'CI-TOKEN-REFUSED': pasted({ scope: 'https://graph.microsoft.com/Calendars.Read' }),
  'CI-CONSENT-MISSING': async (world) => ({ undo: await withoutConsent(world) }),
  'CI-LOOK-UP-TOKEN-REFUSED': graph(reply(401, failure('InvalidAuthenticationToken'), JSON_TYPE)),
  'CI-ROLE-MISSING': same('CI-ROLE-MISSING'),
  'CI-ROLE-UNLICENSED': same('CI-ROLE-UNLICENSED'),
  'CI-SCOPE-WITHOUT-ROLE': async (world) => ({
    check: { access: 'roleMailboxes', outside: world.people.slice(1, 2) },
    undo: await scoped(world, filterOf(world.people[0] ?? '')),
  }),
  'CI-SCOPE-NOT-YET': async (world) => {
    const undo = await scoped(world, filterOf(ROLE));
    const broken = await graph(reply(403, failure('ErrorAccessDenied'), JSON_TYPE))(world);
    return {
      check: { ...broken.check, access: 'roleMailboxes' },
      undo: async () => {
        await broken.undo?.();
        await undo();
      },
    };
  },
  'CI-SCOPE-TOO-WIDE': async (world) => ({
    check: { access: 'roleMailboxes', outside: world.people.slice(1, 2) },
    undo: await scoped(world, `RecipientTypeDetails -eq 'UserMailbox'`),
  }),
  'CI-LOOK-UP-BUSY': async ({ tenant }) => {
    await tenant.control({ faults: ['throttle=100@POST /users/*/calendar/getSchedule'] });
    return {
      around: { sleep: async () => undefined },
      undo: () => tenant.control({ clearFaults: true }),
    };
  },
  'CI-LOOK-UP-REFUSED': async ({ check }) => ({
    check: {
      window: { start: check.window.start, end: new Date(check.window.start.getTime() + 100 * DAY_MS) },
    },
  }),
  'CI-ATTENDEE-UNKNOWN': same('CI-ATTENDEE-UNKNOWN'),
  'CI-ATTENDEE-UNLICENSED': same('CI-ATTENDEE-UNLICENSED'),
  'CI-ATTENDEE-UNREACHABLE': same('CI-ATTENDEE-UNREACHABLE'),
  'CI-CALENDAR-CLOSED': same('CI-CALENDAR-CLOSED'),
  'CI-CALENDAR-ON-PURPOSE': same('CI-CALENDAR-ON-PURPOSE'),
  'CI-CALENDAR-BUSY-ONLY': same('CI-CALENDAR-BUSY-ONLY'),
  'CI-GOOGLE-INTEROP-OFF': same('CI-GOOGLE-INTEROP-OFF'),
  'CI-GOOGLE-CALENDAR-ON': same('CI-GOOGLE-CALENDAR-ON'),
  'CI-GOOGLE-UNMANAGED-ACCOUNT': same('CI-GOOGLE-UNMANAGED-ACCOUNT'),
};
