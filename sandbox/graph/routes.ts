/**
 * Every route of Microsoft Graph that the sandbox knows, and the app roles that open it: the one table. Each serves v1.0 and beta.
 *
 * Roles follow Graph's reference, "Permissions" of each operation; where sources disagree the stricter one is taken.
 */
import type { GraphRole } from '../entra/first-party.js';
import type { Access } from './access.js';
import * as applications from './applications.js';
import * as assignments from './assignments.js';
import type { GraphAnswer, GraphContext } from './context.js';
import * as deletedItems from './deleted-items.js';
import * as federated from './federated-credentials.js';
import * as groups from './groups.js';
import * as licences from './licences.js';
import * as owners from './owners.js';
import * as passwords from './passwords.js';
import * as schedules from './schedules.js';
import * as principals from './service-principals.js';
import * as tenant from './tenant.js';
import * as users from './users.js';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** `{name}` takes one segment. */
  readonly path: string;
  readonly access: Access;
  readonly run: (context: GraphContext) => GraphAnswer;
}

const OWNED_BY: readonly GraphRole[] = ['Application.ReadWrite.OwnedBy'];
const DIRECTORY_READ: readonly GraphRole[] = ['Directory.Read.All', 'Directory.ReadWrite.All'];
const APPLICATION_READ: readonly GraphRole[] = [
  'Application.Read.All',
  'Application.ReadWrite.All',
  ...DIRECTORY_READ,
];

const ANY_TOKEN: Access = { anyOf: [] };
/** Lists show all applications to OwnedBy, too (Graph's permissions reference, Application.ReadWrite.OwnedBy, remarks). */
const LIST_APPLICATIONS: Access = { anyOf: [...APPLICATION_READ, ...OWNED_BY] };
const READ_APPLICATION: Access = { anyOf: APPLICATION_READ, ifOwner: OWNED_BY };
const WRITE_APPLICATION: Access = { anyOf: ['Application.ReadWrite.All'], ifOwner: OWNED_BY };
const READ_CONSENT: Access = { anyOf: APPLICATION_READ };
const WRITE_CONSENT: Access = { anyOf: ['AppRoleAssignment.ReadWrite.All'], alsoAnyOf: APPLICATION_READ };
const READ_USER: Access = { anyOf: ['User.Read.All', 'User.ReadWrite.All', ...DIRECTORY_READ] };
const WRITE_USER: Access = { anyOf: ['User.ReadWrite.All', 'Directory.ReadWrite.All'] };
const DELETE_USER: Access = { anyOf: ['User.ReadWrite.All'] };
const READ_GROUP: Access = { anyOf: ['Group.Read.All', 'Group.ReadWrite.All', ...DIRECTORY_READ] };
const WRITE_GROUP: Access = { anyOf: ['Group.ReadWrite.All', 'Directory.ReadWrite.All'] };
const DELETE_GROUP: Access = { anyOf: ['Group.ReadWrite.All'] };
const READ_MEMBERS: Access = {
  anyOf: [...READ_GROUP.anyOf, 'GroupMember.Read.All', 'GroupMember.ReadWrite.All'],
};
const WRITE_MEMBERS: Access = { anyOf: [...WRITE_GROUP.anyOf, 'GroupMember.ReadWrite.All'] };
const READ_DOMAINS: Access = { anyOf: ['Domain.Read.All', ...DIRECTORY_READ] };
const READ_ORGANIZATION: Access = { anyOf: ['Organization.Read.All', ...DIRECTORY_READ] };
const READ_SKUS: Access = {
  anyOf: ['LicenseAssignment.Read.All', 'LicenseAssignment.ReadWrite.All', ...READ_ORGANIZATION.anyOf],
};
const WRITE_LICENCES: Access = {
  anyOf: ['LicenseAssignment.ReadWrite.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'],
};
/** Calendars.ReadBasic is the least (Microsoft's reference; UNCONFIRMED for what Google needs). RBAC has no role of that name. */
const READ_SCHEDULE: Access = {
  anyOf: ['Calendars.ReadBasic.All', 'Calendars.Read', 'Calendars.ReadWrite'],
  ifScoped: ['Calendars.Read', 'Calendars.ReadWrite'],
};
const READ_OBJECTS: Access = { anyOf: DIRECTORY_READ };
const READ_ROLES: Access = {
  anyOf: ['RoleManagement.Read.Directory', 'RoleManagement.ReadWrite.Directory', ...DIRECTORY_READ],
};
const WRITE_ROLES: Access = { anyOf: ['RoleManagement.ReadWrite.Directory'] };
/** The kind of the deleted object narrows it further (deleted-items.ts). */
const READ_DELETED: Access = {
  anyOf: [
    ...APPLICATION_READ,
    'User.Read.All',
    'User.ReadWrite.All',
    'Group.Read.All',
    'Group.ReadWrite.All',
  ],
};
const WRITE_DELETED: Access = {
  anyOf: ['Application.ReadWrite.All', 'User.ReadWrite.All', 'Group.ReadWrite.All'],
};

function route(method: Route['method'], path: string, access: Access, run: Route['run']): Route {
  return { method, path, access, run };
}

const APPLICATION = '/applications/{id}';
const PRINCIPAL = '/servicePrincipals/{id}';
const CREDENTIALS = `${APPLICATION}/federatedIdentityCredentials`;
const ROLE_ASSIGNMENTS = '/roleManagement/directory/roleAssignments';

export const ROUTES: readonly Route[] = [
  route('GET', '/applications', LIST_APPLICATIONS, applications.listApplications),
  route('POST', '/applications', WRITE_APPLICATION, applications.createApplication),
  route('GET', APPLICATION, READ_APPLICATION, applications.getApplication),
  route('PATCH', APPLICATION, WRITE_APPLICATION, applications.updateApplication),
  route('DELETE', APPLICATION, WRITE_APPLICATION, applications.deleteApplication),
  route('GET', `${APPLICATION}/owners`, READ_APPLICATION, owners.listApplicationOwners),
  route('POST', `${APPLICATION}/owners/$ref`, WRITE_APPLICATION, owners.addApplicationOwner),
  route('DELETE', `${APPLICATION}/owners/{ownerId}/$ref`, WRITE_APPLICATION, owners.removeApplicationOwner),
  route('POST', `${APPLICATION}/addPassword`, WRITE_APPLICATION, passwords.addPassword),
  route('POST', `${APPLICATION}/removePassword`, WRITE_APPLICATION, passwords.removePassword),
  route('GET', CREDENTIALS, READ_APPLICATION, federated.listFederatedCredentials),
  route('POST', CREDENTIALS, WRITE_APPLICATION, federated.createFederatedCredential),
  route('GET', `${CREDENTIALS}/{credentialId}`, READ_APPLICATION, federated.getFederatedCredential),
  route('PATCH', `${CREDENTIALS}/{credentialId}`, WRITE_APPLICATION, federated.updateFederatedCredential),
  route('DELETE', `${CREDENTIALS}/{credentialId}`, WRITE_APPLICATION, federated.deleteFederatedCredential),

  route('GET', '/servicePrincipals', LIST_APPLICATIONS, principals.listPrincipals),
  route('POST', '/servicePrincipals', WRITE_APPLICATION, principals.createPrincipal),
  route('GET', PRINCIPAL, READ_APPLICATION, principals.getPrincipal),
  route('PATCH', PRINCIPAL, WRITE_APPLICATION, principals.updatePrincipal),
  route('DELETE', PRINCIPAL, WRITE_APPLICATION, principals.deletePrincipal),
  route('GET', `${PRINCIPAL}/owners`, READ_APPLICATION, owners.listPrincipalOwners),
  route('POST', `${PRINCIPAL}/owners/$ref`, WRITE_APPLICATION, owners.addPrincipalOwner),
  route('DELETE', `${PRINCIPAL}/owners/{ownerId}/$ref`, WRITE_APPLICATION, owners.removePrincipalOwner),
  route('GET', `${PRINCIPAL}/appRoleAssignments`, READ_CONSENT, assignments.listAssignments),
  route('GET', `${PRINCIPAL}/appRoleAssignedTo`, READ_CONSENT, assignments.listAssignedTo),
  route('POST', `${PRINCIPAL}/appRoleAssignedTo`, WRITE_CONSENT, assignments.createAssignedTo),
  route('GET', `${PRINCIPAL}/appRoleAssignedTo/{assignmentId}`, READ_CONSENT, assignments.getAssignedTo),
  route(
    'DELETE',
    `${PRINCIPAL}/appRoleAssignedTo/{assignmentId}`,
    WRITE_CONSENT,
    assignments.deleteAssignedTo,
  ),

  route('GET', '/users', READ_USER, users.listUsers),
  route('POST', '/users', WRITE_USER, users.createUser),
  route('GET', '/users/{id}', READ_USER, users.getUser),
  route('PATCH', '/users/{id}', WRITE_USER, users.updateUser),
  route('DELETE', '/users/{id}', DELETE_USER, users.deleteUser),
  route('GET', '/users/{id}/manager', READ_USER, users.getManager),
  route('PUT', '/users/{id}/manager/$ref', WRITE_USER, users.setManager),
  route('DELETE', '/users/{id}/manager/$ref', WRITE_USER, users.removeManager),
  route('POST', '/users/{id}/assignLicense', WRITE_LICENCES, licences.assignLicence),
  route('GET', '/users/{id}/licenseDetails', READ_USER, licences.listLicenceDetails),
  route('GET', '/subscribedSkus', READ_SKUS, licences.listSkus),
  route('GET', '/me', ANY_TOKEN, users.refuseMe),
  route('POST', '/me/calendar/getSchedule', ANY_TOKEN, users.refuseMe),
  route('POST', '/users/{id}/calendar/getSchedule', READ_SCHEDULE, schedules.getSchedule),

  route('GET', '/groups', READ_GROUP, groups.listGroups),
  route('POST', '/groups', WRITE_GROUP, groups.createGroup),
  route('GET', '/groups/{id}', READ_GROUP, groups.getGroup),
  route('PATCH', '/groups/{id}', WRITE_GROUP, groups.updateGroup),
  route('DELETE', '/groups/{id}', DELETE_GROUP, groups.deleteGroup),
  route('GET', '/groups/{id}/owners', READ_GROUP, groups.listGroupOwners),
  route('POST', '/groups/{id}/owners/$ref', WRITE_GROUP, groups.addGroupOwner),
  route('DELETE', '/groups/{id}/owners/{memberId}/$ref', WRITE_GROUP, groups.removeGroupOwner),
  route('GET', '/groups/{id}/members', READ_MEMBERS, groups.listGroupMembers),
  route('POST', '/groups/{id}/members/$ref', WRITE_MEMBERS, groups.addGroupMember),
  route('DELETE', '/groups/{id}/members/{memberId}/$ref', WRITE_MEMBERS, groups.removeGroupMember),
  route('GET', '/groups/{id}/memberOf', READ_MEMBERS, groups.listMemberOf),

  route('GET', '/domains', READ_DOMAINS, tenant.listDomains),
  route('GET', '/organization', READ_ORGANIZATION, tenant.listOrganization),
  route('GET', '/directoryObjects/{id}', READ_OBJECTS, tenant.getDirectoryObject),
  route('GET', '/directoryRoles', READ_ROLES, tenant.listDirectoryRoles),
  route('GET', '/directoryRoles/{id}', READ_ROLES, tenant.getDirectoryRole),
  route('GET', '/directoryRoles/{id}/members', READ_ROLES, tenant.listDirectoryRoleMembers),
  route('GET', '/roleManagement/directory/roleDefinitions', READ_ROLES, tenant.listRoleDefinitions),
  route('GET', ROLE_ASSIGNMENTS, READ_ROLES, tenant.listRoleAssignments),
  route('POST', ROLE_ASSIGNMENTS, WRITE_ROLES, tenant.createRoleAssignment),
  route('GET', `${ROLE_ASSIGNMENTS}/{id}`, READ_ROLES, tenant.getRoleAssignment),
  route('DELETE', `${ROLE_ASSIGNMENTS}/{id}`, WRITE_ROLES, tenant.deleteRoleAssignment),

  route('GET', '/directory/deletedItems/{id}', READ_DELETED, byTypeOrId),
  route('POST', '/directory/deletedItems/{id}/restore', WRITE_DELETED, deletedItems.restoreDeleted),
  route('DELETE', '/directory/deletedItems/{id}', WRITE_DELETED, deletedItems.purgeDeleted),
];

/** `…/microsoft.graph.application` lists, anything else is an id. */
function byTypeOrId(context: GraphContext): GraphAnswer {
  const type = context.params.id ?? '';
  return type.startsWith('microsoft.graph.')
    ? deletedItems.listDeleted({ ...context, params: { type } })
    : deletedItems.getDeleted(context);
}

export interface MatchedRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

const SEGMENTS = ROUTES.map((known) => ({ known, parts: known.path.slice(1).split('/') }));

/** The route for a method and the segments behind the version; undefined: there is none. */
export function matchRoute(method: string, segments: readonly string[]): MatchedRoute | undefined {
  const given = segments.flatMap(splitAlternateKey);
  for (const { known, parts } of SEGMENTS) {
    const params = known.method === method ? matchParts(parts, given) : undefined;
    if (params !== undefined) return { route: known, params };
  }
  return undefined;
}

function matchParts(parts: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (parts.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = given[index] ?? '';
    if (part.startsWith('{')) params[part.slice(1, -1)] = value;
    else if (part !== value) return undefined;
  }
  return params;
}

/** `applications(appId='…')` as two segments. Only these two kinds have the alternate key. */
function splitAlternateKey(segment: string): readonly string[] {
  const match = /^(applications|servicePrincipals)\(appId='((?:[^']|'')*)'\)$/.exec(segment);
  const [, set = '', appId = ''] = match ?? [];
  return match === null ? [segment] : [set, `(appId=${appId.replaceAll("''", "'")})`];
}
