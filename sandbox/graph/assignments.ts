/** App role assignments: consent to application permissions. */
import type { AppRoleAssignment, ServicePrincipal } from '../entra/model.js';
import { all } from '../entra/table.js';
import type { JsonObject } from '../json.js';
import { entity, type GraphAnswer, type GraphContext, jsonBody, NO_CONTENT, param } from './context.js';
import { badRequest, notEmulated, notFound } from './errors.js';
import { answerEntity, answerList, listCandidates } from './lists.js';
import { namedPrincipal } from './references.js';
import { type EntitySchema, guid, readEntity } from './schema.js';
import { viewAssignment } from './views.js';

const TYPE = 'appRoleAssignment';

const SCHEMA: EntitySchema = {
  type: TYPE,
  requiredAtCreate: ['appRoleId', 'principalId', 'resourceId'],
  onlyAtCreate: [],
  readOnly: ['id', 'createdDateTime', 'principalDisplayName', 'principalType', 'resourceDisplayName'],
  bindings: [],
  properties: { appRoleId: guid(), principalId: guid(), resourceId: guid() },
};

/** Whom a resource lets in. */
export function listAssignedTo(context: GraphContext): GraphAnswer {
  const { id } = namedPrincipal(context);
  return answer(context, 'appRoleAssignedTo', (grant) => grant.resourceId === id);
}

/** What a principal may do. */
export function listAssignments(context: GraphContext): GraphAnswer {
  const { id } = namedPrincipal(context);
  return answer(context, 'appRoleAssignments', (grant) => grant.principalId === id);
}

function answer(
  context: GraphContext,
  name: string,
  matches: (grant: AppRoleAssignment) => boolean,
): GraphAnswer {
  const { directory } = context;
  const grants = [...all(directory.assignments)].filter((grant) => matches(grant) && directory.sees(grant));
  return answerList<AppRoleAssignment>(context, {
    set: `servicePrincipals('${param(context, 'id')}')/${name}`,
    type: TYPE,
    // Graph filters these lists by no property that the sandbox has a use for.
    fields: { scalars: [], lists: [] },
    candidates: listCandidates(grants),
    view: (grant) => viewAssignment(directory, grant),
  });
}

export function getAssignedTo(context: GraphContext): GraphAnswer {
  const grant = named(context, namedPrincipal(context));
  return answerEntity(context, 'appRoleAssignments', TYPE, viewAssignment(context.directory, grant));
}

export function createAssignedTo(context: GraphContext): GraphAnswer {
  const { directory } = context;
  const resource = namedPrincipal(context);
  const { values } = readEntity(SCHEMA, jsonBody(context), 'create');
  const principal = principalOf(context, values);
  if (values.resourceId !== resource.id) {
    throw badRequest('The resourceId must be the id of the service principal in the path.');
  }
  const appRoleId = String(values.appRoleId);
  if (!directory.appRolesOf(resource).some((role) => role.id === appRoleId)) {
    throw badRequest(`Permission being assigned was not found on application '${resource.appId}'.`);
  }
  const twin = [...all(directory.assignments)].find(
    (grant) =>
      grant.resourceId === resource.id && grant.principalId === principal.id && grant.appRoleId === appRoleId,
  );
  // UNCONFIRMED: the wording.
  if (twin !== undefined) throw badRequest('Permission being assigned already exists on the object');
  const grant: AppRoleAssignment = {
    ...directory.stamp(),
    kind: 'appRoleAssignment',
    id: directory.random.nextToken('app role assignment'),
    appRoleId,
    principalId: principal.id,
    resourceId: resource.id,
  };
  directory.assignments.put(grant);
  return {
    status: 201,
    body: entity(context, 'appRoleAssignments/$entity', viewAssignment(directory, grant)),
    location: `/servicePrincipals/${resource.id}/appRoleAssignedTo/${grant.id}`,
  };
}

function principalOf(context: GraphContext, values: JsonObject): ServicePrincipal {
  const { directory } = context;
  const id = String(values.principalId);
  const kind = directory.find(id)?.kind;
  if (kind === 'user' || kind === 'group') throw notEmulated(`app role assignments of a ${kind}`);
  const principal = directory.servicePrincipals.get(id);
  if (principal === undefined || !directory.sees(principal))
    throw badRequest('Not a valid reference update.');
  return principal;
}

export function deleteAssignedTo(context: GraphContext): GraphAnswer {
  context.directory.assignments.delete(named(context, namedPrincipal(context)).id);
  return NO_CONTENT;
}

function named(context: GraphContext, resource: ServicePrincipal): AppRoleAssignment {
  const id = param(context, 'assignmentId');
  const found = context.directory.assignments.get(id);
  if (found === undefined || found.resourceId !== resource.id || !context.directory.sees(found))
    throw notFound(id);
  return found;
}
