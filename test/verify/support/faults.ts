/** One way to break a look-up for each leaf: one thing each, and nothing else. */
import { randomUUID } from 'node:crypto';
import { createSecureContext, rootCertificates } from 'node:tls';
import { openGoogleSight } from '../../../infra/verify/google-sight.js';
import {
  type EndpointCheck,
  type LeafCode,
  type Surroundings,
  type TenantSight,
  verifyEndpoint,
} from '../../../infra/verify/index.js';
import { EXCHANGE_UNIT } from '../../../sandbox/google/customer.js';
import { workspaceOf } from '../../google/support.js';
import { type Behaviour, type CertificateKind, closedPort, openPlainFront, silentPort } from './front.js';
import { grant, ROLE, register, setRight, type World } from './world.js';

/** What is different from the world in which all is well, and how it is put right again. */
export interface Broken {
  readonly check?: Partial<EndpointCheck>;
  readonly around?: Partial<Surroundings>;
  readonly undo?: () => Promise<unknown>;
}

export type Break = (world: World) => Promise<Broken>;

const DAY_MS = 86_400_000;

const url =
  (text: string): Break =>
  async ({ check }) => ({ check: { way: { ...check.way, url: text } as EndpointCheck['way'] } });

function credentials({ check }: World, change: Readonly<Record<string, string>>): Partial<EndpointCheck> {
  if (check.way.kind !== 'ews') throw new Error('the world is one of EWS');
  return { way: { ...check.way, credentials: { ...check.way.credentials, ...change } } };
}

const pasted =
  (change: Readonly<Record<string, string>>): Break =>
  async (world) => ({ check: credentials(world, change) });

const certificate =
  (kind: CertificateKind): Break =>
  async (world) => {
    const front = await world.fronts.open(kind);
    return { ...(await url(front.url)(world)), undo: front.stop };
  };

/** The tenant itself behind another certificate. */
const listener =
  (kind: string): Break =>
  async (world) => {
    const answer = await world.tenant.request<{ ews: string }>('/sandbox/listener', {
      method: 'POST',
      headers: { 'x-sandbox': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ certificate: kind }),
    });
    return await url(answer.body.ews)(world);
  };

/** A server in place of Exchange. */
const exchange =
  (behaviour: Behaviour, around: Partial<Surroundings> = {}): Break =>
  async (world) => {
    const front = await world.fronts.open();
    front.answer(behaviour);
    return { ...(await url(front.url)(world)), around, undo: front.stop };
  };

const reply =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

const HTML = { 'content-type': 'text/html' };
const XML = { 'content-type': 'text/xml; charset=utf-8' };
const PAGE = '<!DOCTYPE html><html><body><p>Welcome<br></body></html>';

/** A setting of the organisation, and back to what the world needs. */
const organisation =
  (change: Readonly<Record<string, unknown>>, more: Partial<EndpointCheck> = {}): Break =>
  async (world) => {
    await invoke(world, 'Set-OrganizationConfig', change);
    return {
      check: more,
      undo: () =>
        invoke(world, 'Set-OrganizationConfig', {
          EwsEnabled: true,
          EwsAllowedAppIDs: world.registration.clientId,
          EwsBlockList: null,
        }),
    };
  };

/** A cmdlet outside of the product's closed list. */
export async function invoke(
  { tenant }: World,
  cmdlet: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { tenantId } = tenant.sandbox.info;
  const answer = await tenant.request(`/adminapi/beta/${tenantId}/InvokeCommand`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await tenant.token('exchange-admin', 'https://outlook.office365.com/.default')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ CmdletInput: { CmdletName: cmdlet, Parameters: parameters } }),
  });
  if (answer.status !== 200) throw new Error(`${cmdlet}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

async function withoutConsent(world: World): Promise<() => Promise<unknown>> {
  const { tenant, registration } = world;
  const path = `/servicePrincipals/${registration.principalId}/appRoleAssignments`;
  const { body } = await tenant.graph('GET', path);
  for (const { id, resourceId } of body.value) {
    await tenant.graph('DELETE', `/servicePrincipals/${resourceId}/appRoleAssignedTo/${id}`);
  }
  return () => grant(tenant, registration, 'exchangeOnline', 'full_access_as_app');
}

/** Exchange's role assignment over some mailboxes, in place of the consent. */
export async function scoped(world: World, filter: string): Promise<() => Promise<unknown>> {
  const consent = await withoutConsent(world);
  const assignment = await assigned(world, filter);
  return async () => {
    await assignment();
    await consent();
  };
}

/** A role assignment over the mailboxes of a filter. */
async function assigned(
  { registration, port }: World,
  RecipientRestrictionFilter: string,
): Promise<() => Promise<unknown>> {
  const { clientId, principalId } = registration;
  const name = `test ${randomUUID().slice(0, 8)}`;
  await port
    .run({ cmdlet: 'New-ServicePrincipal', parameters: { AppId: clientId, ObjectId: principalId } })
    .catch(() => undefined);
  await port.run({ cmdlet: 'New-ManagementScope', parameters: { Name: name, RecipientRestrictionFilter } });
  await port.run({
    cmdlet: 'New-ManagementRoleAssignment',
    parameters: {
      Name: name,
      App: principalId,
      Role: 'Application EWS.AccessAsApp',
      CustomResourceScope: name,
    },
  });
  return async () => {
    const parameters = { Identity: name, Confirm: false } as const;
    await port.run({ cmdlet: 'Remove-ManagementRoleAssignment', parameters });
    await port.run({ cmdlet: 'Remove-ManagementScope', parameters });
  };
}

export const filterOf = (address: string) => `PrimarySmtpAddress -eq '${address}'`;

/** Somebody without a licence. */
async function unlicensed({ tenant }: World): Promise<string> {
  const name = `new-${randomUUID().slice(0, 8)}`;
  const address = `${name}@contoso.com`;
  await tenant.graph('POST', '/users', {
    body: {
      accountEnabled: true,
      displayName: name,
      mailNickname: name,
      userPrincipalName: address,
      passwordProfile: { password: `${randomUUID()}Aa1` },
    },
  });
  return address;
}

async function licences({ tenant }: World, add: readonly string[], remove: readonly string[]): Promise<void> {
  const { body } = await tenant.graph('GET', '/subscribedSkus');
  const idOf = (part: string) =>
    body.value.find((sku: { skuPartNumber: string }) => sku.skuPartNumber === part).skuId;
  const answer = await tenant.graph('POST', `/users/${ROLE}/assignLicense`, {
    body: {
      addLicenses: add.map((part) => ({ skuId: idOf(part), disabledPlans: [] })),
      removeLicenses: remove.map(idOf),
    },
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}

const fault =
  (text: string, more: Broken = {}): Break =>
  async ({ tenant }) => {
    await tenant.control({ faults: [text] });
    return { ...more, undo: () => tenant.control({ clearFaults: true }) };
  };

const calendar =
  (right: 'None' | 'AvailabilityOnly', more: Partial<EndpointCheck> = {}): Break =>
  async ({ port, people }) => {
    const [person = ''] = people;
    await setRight(port, person, right);
    return { check: { attendees: [person], ...more }, undo: () => setRight(port, person, 'LimitedDetails') };
  };

/** Google's side as its interfaces show it, with one thing wrong for the first of the people, and back to what it was. */
const atGoogle =
  (change: (person: string, policies: readonly GooglePolicy[]) => object): Break =>
  async ({ tenant, people }) => {
    const workspace = workspaceOf(tenant);
    const [person = ''] = people;
    const { policies } = (await workspace.describe()).state;
    const users = (orgUnitPath: string) => [{ primaryEmail: person, orgUnitPath }];
    await workspace.control({ users: users(EXCHANGE_UNIT), ...change(person, policies) });
    const sight = openGoogleSight({
      google: () => workspace.open(),
      usersCsv: undefined,
      people: [person],
      blind: (what) => {
        throw new Error(`Google does not show ${what}`);
      },
    });
    return {
      check: { google: sight, attendees: [person] },
      undo: () => workspace.control({ users: users(EXCHANGE_UNIT), unmanaged: [], policies }),
    };
  };

interface GooglePolicy {
  readonly type: string;
  readonly value: object;
}

const withoutInterop = (policies: readonly GooglePolicy[]) =>
  policies.map((policy) =>
    policy.type === 'settings/calendar.interoperability'
      ? { ...policy, value: { ...policy.value, enableInteroperability: false } }
      : policy,
  );

/** Behind a proxy for on-premises servers: the same world, asked with name and password. */
const onPremises =
  (behaviour: Behaviour, around: Partial<Surroundings> = {}): Break =>
  async ({ fronts }) => {
    const front = await fronts.open();
    front.answer(behaviour);
    const way = { kind: 'onPremises', url: front.url, password: 'a password' } as const;
    return { check: { way, attendees: [ROLE] }, around, undo: front.stop };
  };

const noSight = { sight: undefined as TenantSight | undefined };
const noWait = { sleep: async () => undefined };

/** Every leaf with the fault that it names. */
export const FAULTS: Readonly<Record<LeafCode, Break>> = {
  'CI-URL-MALFORMED': url('https://localhost/EWS/Services.wsdl'),
  'CI-URL-NOT-HTTPS': url('http://localhost/EWS/Exchange.asmx'),
  'CI-TOKEN-URL-WRONG': pasted({
    tokenEndpoint: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
  }),
  'CI-ROLE-NOT-ADDRESS': async () => ({ check: { roleAccounts: ['interop'] } }),
  'CI-NAME-UNKNOWN': async (world) => ({
    ...(await url('https://exchange.contoso.invalid/ews/exchange.asmx')(world)),
    around: { resolve: async () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })) },
  }),
  'CI-NAME-NO-ANSWER': async (world) => ({
    ...(await url('https://exchange.contoso.invalid/ews/exchange.asmx')(world)),
    around: { resolve: async () => Promise.reject(Object.assign(new Error('no'), { code: 'EAI_AGAIN' })) },
  }),
  'CI-TCP-REFUSED': async (world) =>
    await url(`https://localhost:${await closedPort()}/EWS/Exchange.asmx`)(world),
  'CI-TCP-SILENT': async (world) => {
    const port = await silentPort();
    const broken = await url(`https://localhost:${port.number}/EWS/Exchange.asmx`)(world);
    return { ...broken, around: { limitMs: 3_000 }, undo: port.stop };
  },
  'CI-TLS-NONE': async (world) => {
    const front = await openPlainFront();
    return { ...(await url(front.url)(world)), undo: front.stop };
  },
  'CI-TLS-HOST-NAME': listener('wrongHost'),
  'CI-TLS-EXPIRED': listener('expired'),
  'CI-TLS-NOT-YET-VALID': listener('notYetValid'),
  'CI-TLS-SELF-SIGNED': certificate('selfSigned'),
  'CI-TLS-UNTRUSTED': listener('untrusted'),
  'CI-TLS-ONLY-HERE': async ({ tenant }) => {
    const { ews, account, password } = tenant.sandbox.info.onPremises;
    return {
      check: { way: { kind: 'onPremises', url: ews, password }, roleAccounts: [account] },
      around: { publicRoots: () => createSecureContext({ ca: [...rootCertificates] }) },
    };
  },
  'CI-TLS-INSPECTED': async () => ({
    around: { publicRoots: () => createSecureContext({ ca: [...rootCertificates] }) },
  }),
  'CI-TLS-EXPIRES-SOON': async () => ({ around: { now: () => Date.now() + 80 * DAY_MS } }),
  'CI-HTTP-SILENT': exchange(() => undefined, { limitMs: 3_000 }),
  'CI-HTTP-CUT-OFF': exchange((_, response) => {
    response.writeHead(200, { ...XML, 'content-length': '1000' });
    response.write('<s:Envelope');
    setTimeout(() => response.destroy(), 50);
  }),
  'CI-HTTP-TOO-LARGE': fault('ewsHuge=9'),
  'CI-HTTP-REDIRECT': fault('ewsRedirect=9'),
  'CI-HTTP-NOT-FOUND': fault('ewsNotFound=9'),
  'CI-HTTP-REFUSED': exchange(reply(405, PAGE, HTML)),
  'CI-HTTP-SERVER-ERROR': fault('ewsServerError=9'),
  'CI-HTTP-NOT-EWS': fault('ewsHtml=9'),
  'CI-XML-BROKEN': fault('ewsEntities=9'),
  'CI-XML-NOT-EWS': fault('ewsWrongNamespace=9'),
  'CI-TOKEN-UNREACHABLE': async (world) =>
    await pasted({ tokenEndpoint: `https://localhost:${await closedPort()}/contoso.com/oauth2/v2.0/token` })(
      world,
    ),
  'CI-TOKEN-NOT-ENTRA': fault('tokenHtml=9'),
  'CI-TOKEN-BUSY': fault('throttle=100@POST /*/oauth2/v2.0/token', { around: noWait }),
  'CI-TOKEN-TENANT': async (world) =>
    await pasted({
      tokenEndpoint: `${world.tenant.sandbox.info.authority}/${randomUUID()}/oauth2/v2.0/token`,
    })(world),
  'CI-TOKEN-CLIENT-UNKNOWN': pasted({ clientId: randomUUID() }),
  'CI-TOKEN-NO-PRINCIPAL': async (world) => {
    const { clientId, secret, principalId } = await register(world.tenant);
    await world.tenant.graph('DELETE', `/servicePrincipals/${principalId}`);
    return await pasted({ clientId, secret })(world);
  },
  'CI-TOKEN-DISABLED': async ({ tenant, registration }) => {
    const path = `/servicePrincipals/${registration.principalId}`;
    await tenant.graph('PATCH', path, { body: { accountEnabled: false } });
    return { undo: () => tenant.graph('PATCH', path, { body: { accountEnabled: true } }) };
  },
  'CI-TOKEN-SECRET-WRONG': pasted({ secret: 'not-the-secret-at-all' }),
  'CI-TOKEN-SECRET-EXPIRED': async (world) => {
    const { tenant, registration } = world;
    const { body } = await tenant.graph('POST', `/applications/${registration.objectId}/addPassword`, {
      body: {
        passwordCredential: {
          displayName: 'short',
          endDateTime: new Date(Date.now() + DAY_MS).toISOString(),
        },
      },
    });
    await tenant.control({ clock: { advanceMs: 2 * DAY_MS } });
    return {
      ...(await pasted({ secret: body.secretText })(world)),
      undo: () => tenant.control({ clock: { set: new Date().toISOString() } }),
    };
  },
  'CI-TOKEN-API-UNKNOWN': pasted({ scope: 'https://exchange.contoso.invalid/.default' }),
  'CI-TOKEN-POLICY': fault('tokenRefused=9@53003'),
  'CI-TOKEN-REFUSED': pasted({ scope: 'https://outlook.office365.com/EWS.AccessAsUser.All' }),
  'CI-CONSENT-MISSING': async (world) => ({ undo: await withoutConsent(world) }),
  'CI-LOOK-UP-TOKEN-REFUSED': fault('ewsExpiredToken=9'),
  'CI-BASIC-REFUSED': async ({ tenant }) => {
    const { ews, account } = tenant.sandbox.info.onPremises;
    const way = { kind: 'onPremises', url: ews, password: 'another password' } as const;
    return { check: { way, roleAccounts: [account] } };
  },
  'CI-BASIC-NOT-OFFERED': onPremises(reply(401, '', { 'www-authenticate': 'Negotiate, NTLM' })),
  'CI-EWS-OFF': organisation({ EwsEnabled: false }, noSight),
  'CI-EWS-OFF-UNSET': async (world) => {
    const broken = await organisation({ EwsEnabled: null })(world);
    await world.tenant.control({ faults: ['ewsUnsetBlocks=1'] });
    return {
      undo: async () => {
        await world.tenant.control({ clearFaults: true });
        await broken.undo?.();
      },
    };
  },
  'CI-EWS-RETIRED': fault('ewsRetired=1', { check: { ewsPhase: 'off' } }),
  'CI-EWS-OFF-ORGANISATION': organisation({ EwsEnabled: false }),
  'CI-EWS-OFF-MAILBOX': async ({ port }) => {
    const set = (EwsEnabled: boolean | null) =>
      port.run({ cmdlet: 'Set-CASMailbox', parameters: { Identity: ROLE, EwsEnabled } });
    await set(false);
    return { undo: () => set(null) };
  },
  'CI-EWS-FRONTLINE-LICENCE': async (world) => {
    await licences(world, ['EXCHANGEDESKLESS'], ['ENTERPRISEPACK']);
    return { undo: () => licences(world, ['ENTERPRISEPACK'], ['EXCHANGEDESKLESS']) };
  },
  'CI-EWS-NOT-LISTED': organisation({ EwsAllowedAppIDs: randomUUID() }),
  'CI-EWS-LISTED-RECENTLY': async (world) => {
    const { tenant, registration } = world;
    const set = (EwsAllowedAppIDs: string) => invoke(world, 'Set-OrganizationConfig', { EwsAllowedAppIDs });
    await set(randomUUID());
    await tenant.control({ clock: { advanceMs: 600_000 }, faults: ['ewsPolicyDelay=300000'] });
    await set(registration.clientId);
    return {
      check: { listWrittenAt: Date.now() },
      undo: () => tenant.control({ faults: ['ewsPolicyDelay=0'] }),
    };
  },
  'CI-EWS-BLOCKED': organisation({ EwsAllowedAppIDs: randomUUID() }, noSight),
  'CI-EWS-CLIENT-POLICY': organisation({
    EwsApplicationAccessPolicy: 'EnforceBlockList',
    EwsBlockList: ['*'],
  }),
  'CI-EWS-FORBIDDEN': fault('ewsRestricted=9'),
  'CI-ROLE-MISSING': async () => ({ check: { roleAccounts: ['nobody@contoso.com'] } }),
  'CI-ROLE-UNLICENSED': async (world) => ({ check: { roleAccounts: [await unlicensed(world)] } }),
  'CI-SCOPE-WITHOUT-ROLE': async (world) => {
    const [person = ''] = world.people;
    return {
      check: { access: 'roleMailboxes', outside: world.people.slice(1, 2) },
      undo: await scoped(world, filterOf(person)),
    };
  },
  'CI-SCOPE-NOT-YET': async (world) => {
    const check = { access: 'roleMailboxes' } as const;
    const consent = await withoutConsent(world);
    await world.tenant.control({ faults: ['rbacCache=7200000'] });
    // Exchange remembers for two hours that the application may do nothing.
    const before = await verifyEndpoint({ ...world.check, ...check }, world.around);
    if (before.works) throw new Error('Exchange let the application in without any permission');
    const assignment = await assigned(world, filterOf(ROLE));
    return {
      check,
      undo: async () => {
        await world.tenant.control({ clearFaults: true });
        await assignment();
        await consent();
      },
    };
  },
  'CI-SCOPE-TOO-WIDE': async (world) => ({
    check: { access: 'roleMailboxes', outside: world.people.slice(1, 2) },
    undo: await scoped(world, `RecipientTypeDetails -eq 'UserMailbox'`),
  }),
  'CI-LOOK-UP-BUSY': fault('throttle=100@POST /EWS/Exchange.asmx', { around: noWait }),
  'CI-LOOK-UP-REFUSED': async ({ check }) => ({
    check: {
      window: { start: check.window.start, end: new Date(check.window.start.getTime() + 100 * DAY_MS) },
    },
  }),
  'CI-ATTENDEE-UNKNOWN': async () => ({ check: { attendees: ['nobody@contoso.com'] } }),
  'CI-ATTENDEE-UNLICENSED': async (world) => ({ check: { attendees: [await unlicensed(world)] } }),
  'CI-ATTENDEE-UNREACHABLE': async (world) => ({
    ...(await fault('attendeeError=1@ErrorFreeBusyGenerationFailed')(world)),
    check: { attendees: world.people.slice(0, 1) },
  }),
  'CI-CALENDAR-CLOSED': calendar('None'),
  'CI-CALENDAR-ON-PURPOSE': async (world) => {
    const excluded = new Map([[(world.people[0] ?? '').toLowerCase(), 'she wishes it']]);
    return await calendar('AvailabilityOnly', { excluded })(world);
  },
  'CI-CALENDAR-BUSY-ONLY': calendar('AvailabilityOnly'),
  'CI-GOOGLE-INTEROP-OFF': atGoogle((_, policies) => ({ policies: withoutInterop(policies) })),
  'CI-GOOGLE-CALENDAR-ON': atGoogle((person) => ({
    users: [{ primaryEmail: person, orgUnitPath: '/Calendar users' }],
  })),
  'CI-GOOGLE-UNMANAGED-ACCOUNT': atGoogle((person) => ({ unmanaged: [person] })),
};
