/** The tenant as it is at the start: the same for the same seed. */
import { isoSeconds } from '../clock.js';
import type { SandboxClient } from '../options.js';
import { SeededRandom } from '../random.js';
import { emptyApplication, emptyGroup, emptyServicePrincipal } from './application-properties.js';
import { Directory, type DirectoryTime } from './directory.js';
import {
  EXCHANGE_APP_ID,
  type ExchangeRole,
  FIRST_PARTY,
  GRAPH_APP_ID,
  GRAPH_ROLE_VALUES,
  type GraphRole,
} from './first-party.js';
import { licenceOf, SEEDED_PRODUCT } from './licences.js';
import type { Domain, RoleDefinition, User } from './model.js';
import { makeSecret, twoYearsAfter } from './secrets.js';
import { UserTable } from './seeded-users.js';
import { emptyUser } from './user-properties.js';

export const DOMAIN = 'contoso.com';
/** The role account of the examples. */
export const ROLE_ACCOUNT = `interop@${DOMAIN}`;
const INITIAL_DOMAIN = 'contoso.onmicrosoft.com';

const DOMAINS: readonly Domain[] = [
  { id: DOMAIN, isDefault: true, isInitial: false, isVerified: true },
  { id: INITIAL_DOMAIN, isDefault: false, isInitial: true, isVerified: true },
  { id: 'unverified.contoso.com', isDefault: false, isInitial: false, isVerified: false },
];

/** Template ids of built-in roles (Microsoft Entra built-in roles reference). */
const ROLE_DEFINITIONS: readonly RoleDefinition[] = [
  {
    id: '62e90394-69f5-4237-9190-012177145e10',
    displayName: 'Global Administrator',
    description:
      'Can manage all aspects of Microsoft Entra ID and Microsoft services that use its identities.',
  },
  {
    id: '29232cdf-9323-42fd-ade2-1d097af3e4de',
    displayName: 'Exchange Administrator',
    description: 'Can manage all aspects of the Exchange product.',
  },
  {
    id: '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3',
    displayName: 'Application Administrator',
    description: 'Can create and manage all aspects of app registrations and enterprise apps.',
  },
  {
    id: '88d8e3e3-8f55-4a1e-953a-9b9898b8876b',
    displayName: 'Directory Readers',
    description: 'Can read basic directory information.',
  },
];
const EXCHANGE_ADMINISTRATOR = '29232cdf-9323-42fd-ade2-1d097af3e4de';

interface SeedClient {
  readonly graph: readonly GraphRole[];
  readonly exchange: readonly ExchangeRole[];
}

/** Who may sign in. `deployer` has what the program needs and no more. */
const CLIENTS: Readonly<Record<string, SeedClient>> = {
  deployer: {
    graph: [
      'Application.ReadWrite.OwnedBy',
      'Application.Read.All',
      'AppRoleAssignment.ReadWrite.All',
      'User.Read.All',
      // Role mailboxes: users, and licences that are left.
      'User.ReadWrite.All',
      'Organization.Read.All',
    ],
    exchange: ['Exchange.ManageAsApp', 'Exchange.ManageAsAppV2'],
  },
  admin: {
    graph: GRAPH_ROLE_VALUES.filter((role) => role !== 'Application.ReadWrite.OwnedBy'),
    exchange: ['Exchange.ManageAsApp'],
  },
  'exchange-admin': {
    graph: ['User.ReadWrite.All', 'Organization.Read.All', 'Application.Read.All', 'Group.ReadWrite.All'],
    exchange: ['Exchange.ManageAsApp', 'Exchange.ManageAsAppV2'],
  },
  reader: { graph: ['Application.Read.All'], exchange: [] },
};

const GROUP_NAMES = ['Sales', 'Room planners – Zürich', "Chief's Office"];
const MEMBERS_PER_GROUP = 20;

/** The tenant and who may sign in to it. Secrets of the clients stand nowhere else. */
export function seedTenant(options: {
  readonly seed: number;
  readonly mailboxes: number;
  readonly time: DirectoryTime;
}): { readonly directory: Directory; readonly clients: readonly SandboxClient[] } {
  const random = new SeededRandom(options.seed);
  const createdAt = options.time.now();
  const users = new UserTable({ random, count: options.mailboxes, domain: DOMAIN, createdAt });
  const tenant = { id: random.uuid('tenant'), displayName: 'Contoso', domains: DOMAINS };
  const directory = new Directory(tenant, users, ROLE_DEFINITIONS, random, options.time);
  for (const appId of Object.keys(FIRST_PARTY)) seedFirstParty(directory, appId, createdAt);
  const clients = Object.entries(CLIENTS).map(([name, client]) =>
    seedClient(directory, name, client, createdAt),
  );
  users.put(interopUser(random, createdAt));
  seedGroups(directory, createdAt);
  return { directory, clients };
}

function seedFirstParty(directory: Directory, appId: string, createdAt: number): void {
  directory.servicePrincipals.put({
    kind: 'servicePrincipal',
    id: directory.random.uuid(`service principal ${appId}`),
    appId,
    createdAt,
    visibleAt: createdAt,
    owners: [],
    firstParty: FIRST_PARTY[appId],
    properties: emptyServicePrincipal(),
  });
}

function seedClient(directory: Directory, name: string, roles: SeedClient, createdAt: number): SandboxClient {
  const { random } = directory;
  const appId = random.uuid(`client id ${name}`);
  const seen = { createdAt, visibleAt: createdAt };
  const { secret, credential } = makeSecret(random, {
    displayName: 'seeded',
    start: isoSeconds(createdAt),
    end: twoYearsAfter(createdAt),
    visibleAt: createdAt,
  });
  directory.applications.put({
    ...seen,
    kind: 'application',
    id: random.uuid(`application ${name}`),
    appId,
    passwords: [credential],
    keys: [],
    federated: [],
    owners: [],
    properties: { ...emptyApplication(), displayName: `sandbox ${name}` },
  });
  const principalId = random.uuid(`service principal ${name}`);
  directory.servicePrincipals.put({
    ...seen,
    kind: 'servicePrincipal',
    id: principalId,
    appId,
    owners: [],
    properties: emptyServicePrincipal(),
  });
  const granted = [
    ...roles.graph.map((role) => [GRAPH_APP_ID, role] as const),
    ...roles.exchange.map((role) => [EXCHANGE_APP_ID, role] as const),
  ];
  for (const [resourceAppId, role] of granted) grant(directory, principalId, resourceAppId, role, createdAt);
  if (roles.exchange.includes('Exchange.ManageAsApp')) {
    directory.roleAssignments.put({
      ...seen,
      kind: 'roleAssignment',
      id: random.nextToken('role assignment'),
      roleDefinitionId: EXCHANGE_ADMINISTRATOR,
      principalId,
    });
  }
  return { name, clientId: appId, clientSecret: secret, roles: granted.map(([, role]) => role) };
}

function grant(
  directory: Directory,
  principalId: string,
  resourceAppId: string,
  role: string,
  createdAt: number,
): void {
  const resource = directory.principalByAppId(resourceAppId);
  const appRole = resource?.firstParty?.appRoles.find((candidate) => candidate.value === role);
  if (resource === undefined || appRole === undefined) throw new Error(`no app role ${role} to seed`);
  directory.assignments.put({
    kind: 'appRoleAssignment',
    id: directory.random.nextToken('app role assignment'),
    createdAt,
    visibleAt: createdAt,
    appRoleId: appRole.id,
    principalId,
    resourceId: resource.id,
  });
}

function interopUser(random: SeededRandom, createdAt: number): User {
  return {
    kind: 'user',
    id: random.uuid('interop user'),
    createdAt,
    visibleAt: createdAt,
    manager: null,
    properties: {
      ...emptyUser(),
      assignedLicenses: [licenceOf(SEEDED_PRODUCT.skuId)],
      displayName: 'Calendar Interop',
      mail: ROLE_ACCOUNT,
      mailNickname: 'interop',
      proxyAddresses: [`SMTP:${ROLE_ACCOUNT}`],
      usageLocation: 'DE',
      userPrincipalName: ROLE_ACCOUNT,
    },
  };
}

function seedGroups(directory: Directory, createdAt: number): void {
  const members: string[] = [];
  for (const [, user] of directory.users.after(0)) {
    members.push(user.id);
    if (members.length === MEMBERS_PER_GROUP) break;
  }
  GROUP_NAMES.forEach((displayName, number) => {
    directory.groups.put({
      kind: 'group',
      id: directory.random.uuid(`group ${number}`),
      createdAt,
      visibleAt: createdAt,
      owners: [],
      members: members.filter((_, index) => index % GROUP_NAMES.length === number),
      properties: {
        ...emptyGroup(),
        displayName,
        mailNickname: `group-${number}`,
        securityEnabled: true,
      },
    });
  });
}
