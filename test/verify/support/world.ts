/**
 * A tenant in which a look-up works: the sandbox with a registration, its consent, its secret, and the allow list. Tests break one
 * thing of it.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { CmdletPort } from '../../../infra/exchange/transport/port.js';
import { readTrust } from '../../../infra/graph/trust.js';
import { API_CLIENT_IDS } from '../../../infra/identity/permissions.js';
import {
  type EndpointCheck,
  GOOGLE_NOT_CHECKED,
  internet,
  type Surroundings,
  type TenantSight,
  windowFrom,
} from '../../../infra/verify/index.js';
import { openTenantSight } from '../../../infra/verify/tenant-sight.js';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.js';
import { openSandboxDirectory, openSandboxPort, realWork } from '../../support/sandbox-port.js';
import { type FrontAuthority, makeFrontAuthority } from './front.js';

export const ROLE = 'interop@contoso.com';

export interface Registration {
  readonly objectId: string;
  readonly clientId: string;
  readonly principalId: string;
  readonly secret: string;
}

export interface World {
  readonly tenant: TestSandbox;
  readonly registration: Registration;
  readonly port: CmdletPort;
  /** Addresses of seeded user mailboxes, the role account not among them. */
  readonly people: readonly string[];
  /** The network with the sandbox's authority as a public one. */
  readonly around: Surroundings;
  /** Opens servers that stand in front of the tenant; their authority is trusted, too. */
  readonly fronts: FrontAuthority;
  /** An administrator's sight of the tenant as it is now. */
  look(): TenantSight;
  /** A check that finds nothing; without an administrator. */
  readonly check: EndpointCheck;
  dispose(): Promise<void>;
}

export async function makeWorld(options: { readonly mailboxes?: number } = {}): Promise<World> {
  const tenant = await startTestSandbox({ mailboxes: options.mailboxes ?? 12 });
  const { info } = tenant.sandbox;
  const port = openSandboxPort(tenant);
  const registration = await register(tenant);
  await grant(tenant, registration, 'exchangeOnline', 'full_access_as_app');
  await port.run({
    cmdlet: 'Set-OrganizationConfig',
    parameters: { EwsEnabled: true, EwsAllowedAppIDs: registration.clientId },
  });
  const { rows } = await port.run({
    cmdlet: 'Get-Mailbox',
    parameters: { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' },
  });
  const people = rows.map((row) => row.PrimarySmtpAddress).filter((address) => address !== ROLE);
  const fronts = await makeFrontAuthority();
  const folder = await mkdtemp(join(tmpdir(), 'verify-test-'));
  const around = await surroundings(join(folder, 'ca.pem'), [await readFile(info.caFile, 'utf8'), fronts.ca]);
  const [first = '', second = ''] = people;
  for (const person of [first, second]) await setRight(port, person, 'LimitedDetails');
  const check: EndpointCheck = {
    name: 'online',
    way: {
      kind: 'ews',
      url: info.ews,
      credentials: {
        tokenEndpoint: `${info.authority}/${info.domain}/oauth2/v2.0/token`,
        clientId: registration.clientId,
        secret: registration.secret,
        scope: 'https://outlook.office365.com/.default',
      },
    },
    roleAccounts: [ROLE],
    attendees: [first, second],
    window: windowFrom(Date.now(), 7),
    access: 'tenant',
    outside: [],
    graphPermissions: ['Calendars.Read'],
    listWrittenAt: undefined,
    ewsPhase: 'blocking',
    expectDetails: true,
    excluded: new Map(),
    sight: undefined,
    google: GOOGLE_NOT_CHECKED,
    facts: { stack: 'test' },
  };
  return {
    tenant,
    registration,
    port,
    people,
    around,
    fronts,
    look: () =>
      openTenantSight({
        work: realWork(port),
        directory: openSandboxDirectory(tenant, 'admin'),
        blind: () => undefined,
      }),
    check,
    dispose: async () => {
      await rm(folder, { recursive: true, force: true });
      await port.close();
      await tenant.dispose();
    },
  };
}

/** The network of this machine with these authorities for public ones. */
async function surroundings(file: string, authorities: readonly string[]): Promise<Surroundings> {
  await writeFile(file, authorities.join('\n'));
  const env = { SSL_CERT_FILE: file };
  return {
    ...internet({ trust: readTrust(env), env, signal: new AbortController().signal }),
    limitMs: 5_000,
    publicRoots: () => createSecureContext({ ca: [...authorities] }),
  };
}

export async function register(tenant: TestSandbox): Promise<Registration> {
  const { body: application } = await tenant.graph('POST', '/applications', {
    body: { displayName: 'Interop under test' },
  });
  const { body: password } = await tenant.graph('POST', `/applications/${application.id}/addPassword`, {
    body: { passwordCredential: { displayName: 'interop-a-g1' } },
  });
  const { body: principal } = await tenant.graph('POST', '/servicePrincipals', {
    body: { appId: application.appId },
  });
  return {
    objectId: application.id,
    clientId: application.appId,
    principalId: principal.id,
    secret: password.secretText,
  };
}

/** Consents to an application permission, and answers with the id of the assignment and of its API. */
export async function grant(
  tenant: TestSandbox,
  { principalId }: Pick<Registration, 'principalId'>,
  api: keyof typeof API_CLIENT_IDS,
  permission: string,
): Promise<{ readonly id: string; readonly resourceId: string }> {
  const found = await tenant.graph('GET', `/servicePrincipals?$filter=appId eq '${API_CLIENT_IDS[api]}'`);
  const resource = found.body.value[0];
  const role = resource.appRoles.find((candidate: { value: string }) => candidate.value === permission);
  const { body } = await tenant.graph('POST', `/servicePrincipals/${resource.id}/appRoleAssignedTo`, {
    body: { principalId, resourceId: resource.id, appRoleId: role.id },
  });
  return { id: body.id, resourceId: resource.id };
}

/** Gives `Default` a right on somebody's default calendar. */
export async function setRight(
  port: CmdletPort,
  address: string,
  right: 'None' | 'AvailabilityOnly' | 'LimitedDetails',
): Promise<void> {
  const { rows } = await port.run({
    cmdlet: 'Get-MailboxFolderStatistics',
    parameters: { Identity: address, FolderScope: 'Calendar' },
    anchor: address,
  });
  const calendar = rows.find(({ FolderType }) => FolderType === 'Calendar');
  await port.run({
    cmdlet: 'Set-MailboxFolderPermission',
    parameters: { Identity: `${address}:${calendar?.FolderId}`, User: 'Default', AccessRights: [right] },
    anchor: address,
  });
}
