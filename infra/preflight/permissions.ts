/** What the signed-in principal may do: application permissions and directory roles, as its tokens say. Pure. */
import type { StackConfig } from '../config.js';
import { readClaims, type TokenClaims } from '../graph/token-claims.js';
import { entraPermissions } from '../identity/permissions.js';
import { type Check, fault, fine, notChecked } from './checks.js';

/** Template ids of the directory roles that matter (learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference). */
const ROLES = {
  globalAdministrator: '62e90394-69f5-4237-9190-012177145e10',
  applicationAdministrator: '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3',
  cloudApplicationAdministrator: '158c047a-c907-4556-b7ef-446551a6b5f7',
} as const;

/** Something that the program does in Graph. Of `anyOf` one is enough, least first. */
interface Need {
  readonly id: string;
  readonly what: string;
  readonly anyOf: readonly string[];
  /** Directory roles of a person that do as well. */
  readonly roles: readonly string[];
}

const { globalAdministrator, applicationAdministrator, cloudApplicationAdministrator } = ROLES;
const APPLICATION_ROLES = [applicationAdministrator, cloudApplicationAdministrator, globalAdministrator];

/** Sources: learn.microsoft.com/graph/permissions-reference and the API pages of the calls. */
function graphNeeds(config: StackConfig): readonly Need[] {
  const consents = entraPermissions({
    protocol: config.protocol,
    access: config.access,
    graphPermissions: config.registration.graphPermissions,
  });
  const needs: (Need | false)[] = [
    {
      id: 'registration',
      what: 'make and change the registration',
      anyOf: ['Application.ReadWrite.OwnedBy', 'Application.ReadWrite.All'],
      roles: APPLICATION_ROLES,
    },
    {
      id: 'look-up',
      what: 'look registrations up',
      anyOf: ['Application.Read.All', 'Application.ReadWrite.All', 'Directory.Read.All'],
      roles: APPLICATION_ROLES,
    },
    consents.length > 0 && {
      id: 'consent',
      what: 'give admin consent',
      anyOf: ['AppRoleAssignment.ReadWrite.All'],
      // Consent to permissions of Graph takes more than an Application Administrator.
      roles: [globalAdministrator],
    },
    config.registration.owners.some((owner) => owner.includes('@')) && {
      id: 'owners',
      what: 'find owners by name',
      anyOf: ['User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All'],
      roles: APPLICATION_ROLES,
    },
    config.roleMailboxes.length > 0 && {
      id: 'users',
      what: 'make role mailboxes',
      anyOf: ['User.ReadWrite.All', 'Directory.ReadWrite.All'],
      roles: [globalAdministrator],
    },
    config.roleMailboxes.length > 0 && {
      id: 'licences',
      what: "read the tenant's licences",
      anyOf: ['LicenseAssignment.Read.All', 'Organization.Read.All', 'Directory.Read.All'],
      roles: [globalAdministrator],
    },
  ];
  return needs.filter((need) => need !== false);
}

/** What a token for Graph says about what is needed there. */
export function graphPermissionChecks(config: StackConfig, token: string): readonly Check[] {
  const claims = readClaims(token);
  if (claims === undefined)
    return [notChecked('permissions.graph', 'what the sign-in may do: its token cannot be read')];
  return graphNeeds(config).map((need) => needCheck(need, claims));
}

function needCheck(need: Need, claims: TokenClaims): Check {
  const id: Check['id'] = `permissions.graph-${need.id}`;
  const what = `the sign-in may ${need.what}`;
  const held = need.anyOf.find((permission) => claims.roles.includes(permission));
  if (held !== undefined) return fine(id, what, held);
  // A person's token: what the client may ask for, together with what the person may do.
  if (claims.scp !== undefined) {
    const { wids = [] } = claims;
    const role = need.roles.find((wanted) => wids.includes(wanted));
    if (role !== undefined) return fine(id, what, roleName(role));
    return notChecked(id, `whether the person who is signed in may ${need.what}`, {
      found: `${wids.length} other directory roles in the token`,
      allowed: need.roles.map(roleName).join(', '),
    });
  }
  const [least = ''] = need.anyOf;
  return fault(id, `the sign-in may not ${need.what}`, {
    found: claims.roles.length === 0 ? 'no application permission' : claims.roles.join(', '),
    allowed: need.anyOf.join(' or '),
    next: `grant ${least} to the principal that deploys, with admin consent; it counts from its next token on`,
  });
}

/** What a token for Exchange says of the way in. Which cmdlets it opens is Exchange's own word, see exchange-roles.ts. */
export function exchangePermissionChecks(token: string): readonly Check[] {
  const claims = readClaims(token);
  if (claims === undefined) {
    return [
      notChecked('permissions.exchange', 'what the sign-in may do in Exchange: its token cannot be read'),
    ];
  }
  const isPerson = claims.scp !== undefined;
  if (isPerson || claims.roles.includes('Exchange.ManageAsApp')) {
    return [
      fine(
        'permissions.exchange',
        'the sign-in may run cmdlets in Exchange',
        isPerson ? 'as a person' : 'Exchange.ManageAsApp',
      ),
    ];
  }
  return [
    fault('permissions.exchange', 'the sign-in may not run cmdlets in Exchange', {
      found: claims.roles.length === 0 ? 'no application permission' : claims.roles.join(', '),
      allowed: 'Exchange.ManageAsApp of Office 365 Exchange Online',
      next: 'grant Exchange.ManageAsApp to the principal that deploys, with admin consent; it counts from its next token on',
    }),
  ];
}

const ROLE_NAMES: Readonly<Record<string, string>> = {
  [ROLES.globalAdministrator]: 'Global Administrator',
  [ROLES.applicationAdministrator]: 'Application Administrator',
  [ROLES.cloudApplicationAdministrator]: 'Cloud Application Administrator',
};

function roleName(id: string): string {
  return ROLE_NAMES[id] ?? id;
}
