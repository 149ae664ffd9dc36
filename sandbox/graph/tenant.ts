/** The tenant itself, its domains, its directory roles, and objects by id alone. */
import type { Tenant } from '../entra/directory.js';
import type { Domain, RoleAssignment, RoleDefinition } from '../entra/model.js';
import { all } from '../entra/table.js';
import type { JsonObject } from '../json.js';
import { entity, type GraphAnswer, type GraphContext, jsonBody, NO_CONTENT, param } from './context.js';
import { badRequest, conflict, notFound } from './errors.js';
import { answerEntity, answerList, answerMixedList, listCandidates } from './lists.js';
import { readSelectQuery, selectProperties } from './odata/query.js';
import { visibleObject } from './references.js';
import { type EntitySchema, guid, readEntity, text } from './schema.js';
import { viewMixed } from './views.js';

const NO_FIELDS = { scalars: [], lists: [] };

export function listDomains(context: GraphContext): GraphAnswer {
  return answerList<Domain>(context, {
    set: 'domains',
    type: 'domain',
    fields: NO_FIELDS,
    candidates: listCandidates(context.directory.tenant.domains),
    view: (domain) => ({
      id: domain.id,
      authenticationType: 'Managed',
      isAdminManaged: true,
      isDefault: domain.isDefault,
      isInitial: domain.isInitial,
      isRoot: true,
      isVerified: domain.isVerified,
      passwordNotificationWindowInDays: null,
      passwordValidityPeriodInDays: null,
      supportedServices: domain.isVerified ? ['Email', 'OfficeCommunicationsOnline'] : [],
    }),
  });
}

export function listOrganization(context: GraphContext): GraphAnswer {
  const { tenant } = context.directory;
  return answerList<Tenant>(context, {
    set: 'organization',
    type: 'organization',
    fields: NO_FIELDS,
    candidates: listCandidates([tenant]),
    view: () => ({
      id: tenant.id,
      countryLetterCode: 'DE',
      displayName: tenant.displayName,
      preferredLanguage: 'de',
      tenantType: 'AAD',
      verifiedDomains: tenant.domains
        .filter((domain) => domain.isVerified)
        .map((domain) => ({
          capabilities: 'Email, OfficeCommunicationsOnline',
          isDefault: domain.isDefault,
          isInitial: domain.isInitial,
          name: domain.id,
          type: 'Managed',
        })),
    }),
  });
}

export function getDirectoryObject(context: GraphContext): GraphAnswer {
  const object = visibleObject(context.directory, param(context, 'id').toLowerCase());
  const view = viewMixed(context.directory, object);
  const selected = selectProperties(view, readSelectQuery(context.request), 'directoryObject');
  return { status: 200, body: entity(context, 'directoryObjects/$entity', selected) };
}

/** Activated roles: each definition counts as activated, and its instance has an id of its own. */
function directoryRoleId(context: GraphContext, role: RoleDefinition): string {
  return context.directory.random.uuid(`directory role ${role.id}`);
}

function viewDirectoryRole(context: GraphContext, role: RoleDefinition): JsonObject {
  return {
    id: directoryRoleId(context, role),
    deletedDateTime: null,
    description: role.description,
    displayName: role.displayName,
    roleTemplateId: role.id,
  };
}

export function listDirectoryRoles(context: GraphContext): GraphAnswer {
  return answerList<RoleDefinition>(context, {
    set: 'directoryRoles',
    type: 'directoryRole',
    fields: { scalars: ['displayName', 'roleTemplateId'], lists: [] },
    candidates: listCandidates(context.directory.roleDefinitions),
    view: (role) => viewDirectoryRole(context, role),
  });
}

export function getDirectoryRole(context: GraphContext): GraphAnswer {
  return answerEntity(
    context,
    'directoryRoles',
    'directoryRole',
    viewDirectoryRole(context, namedRole(context)),
  );
}

export function listDirectoryRoleMembers(context: GraphContext): GraphAnswer {
  const role = namedRole(context);
  const holders = [...all(context.directory.roleAssignments)].filter(
    (grant) => grant.roleDefinitionId === role.id && context.directory.sees(grant),
  );
  return answerMixedList(
    context,
    holders.map((grant) => grant.principalId),
  );
}

function namedRole(context: GraphContext): RoleDefinition {
  const id = param(context, 'id');
  const found = context.directory.roleDefinitions.find((role) => directoryRoleId(context, role) === id);
  if (found === undefined) throw notFound(id);
  return found;
}

export function listRoleDefinitions(context: GraphContext): GraphAnswer {
  return answerList<RoleDefinition>(context, {
    set: 'roleManagement/directory/roleDefinitions',
    type: 'unifiedRoleDefinition',
    fields: { scalars: ['displayName', 'id'], lists: [] },
    candidates: listCandidates(context.directory.roleDefinitions),
    view: (role) => ({
      id: role.id,
      description: role.description,
      displayName: role.displayName,
      isBuiltIn: true,
      isEnabled: true,
      templateId: role.id,
    }),
  });
}

const ROLE_ASSIGNMENTS = 'roleManagement/directory/roleAssignments';
const ROLE_ASSIGNMENT = 'unifiedRoleAssignment';

const ROLE_ASSIGNMENT_SCHEMA: EntitySchema = {
  type: ROLE_ASSIGNMENT,
  requiredAtCreate: ['directoryScopeId', 'principalId', 'roleDefinitionId'],
  onlyAtCreate: [],
  readOnly: ['id'],
  bindings: [],
  properties: { directoryScopeId: text({ oneOf: ['/'] }), principalId: guid(), roleDefinitionId: guid() },
};

function viewRoleAssignment(grant: RoleAssignment): JsonObject {
  return {
    id: grant.id,
    directoryScopeId: '/',
    principalId: grant.principalId,
    roleDefinitionId: grant.roleDefinitionId,
  };
}

export function listRoleAssignments(context: GraphContext): GraphAnswer {
  const { directory } = context;
  return answerList<RoleAssignment>(context, {
    set: ROLE_ASSIGNMENTS,
    type: ROLE_ASSIGNMENT,
    fields: { scalars: ['principalId', 'roleDefinitionId'], lists: [] },
    candidates: listCandidates([...all(directory.roleAssignments)].filter((grant) => directory.sees(grant))),
    view: viewRoleAssignment,
  });
}

export function getRoleAssignment(context: GraphContext): GraphAnswer {
  return answerEntity(context, ROLE_ASSIGNMENTS, ROLE_ASSIGNMENT, viewRoleAssignment(namedGrant(context)));
}

export function createRoleAssignment(context: GraphContext): GraphAnswer {
  const { directory } = context;
  const { values } = readEntity(ROLE_ASSIGNMENT_SCHEMA, jsonBody(context), 'create');
  const principalId = visibleObject(directory, String(values.principalId)).id;
  const roleDefinitionId = String(values.roleDefinitionId);
  if (!directory.roleDefinitions.some((role) => role.id === roleDefinitionId)) {
    throw badRequest('Role definition is not found.');
  }
  const twin = [...all(directory.roleAssignments)].some(
    (grant) => grant.principalId === principalId && grant.roleDefinitionId === roleDefinitionId,
  );
  if (twin)
    throw conflict('A conflicting object with one or more of the specified property values is present.');
  const grant: RoleAssignment = {
    ...directory.stamp(),
    kind: 'roleAssignment',
    id: directory.random.nextToken('role assignment'),
    principalId,
    roleDefinitionId,
  };
  directory.roleAssignments.put(grant);
  return {
    status: 201,
    body: entity(context, `${ROLE_ASSIGNMENTS}/$entity`, viewRoleAssignment(grant)),
    location: `/${ROLE_ASSIGNMENTS}/${grant.id}`,
  };
}

export function deleteRoleAssignment(context: GraphContext): GraphAnswer {
  context.directory.roleAssignments.delete(namedGrant(context).id);
  return NO_CONTENT;
}

function namedGrant(context: GraphContext): RoleAssignment {
  const id = param(context, 'id');
  const found = context.directory.roleAssignments.get(id);
  if (found === undefined || !context.directory.sees(found)) throw notFound(id);
  return found;
}
