/** /servicePrincipals: what an application is in this tenant. */
import { emptyServicePrincipal } from '../entra/application-properties.js';
import type { ServicePrincipal } from '../entra/model.js';
import { textOf } from '../json.js';
import { PRINCIPAL_SCHEMA } from './application-schema.js';
import { entity, type GraphAnswer, type GraphContext, jsonBody, NO_CONTENT } from './context.js';
import { badRequest, conflict, denied } from './errors.js';
import { answerEntity, answerList, tableCandidates } from './lists.js';
import { newOwners } from './owners.js';
import { namedPrincipal } from './references.js';
import { mergeProperties, readEntity } from './schema.js';
import { viewPrincipal } from './views.js';

const SET = 'servicePrincipals';

export function listPrincipals(context: GraphContext): GraphAnswer {
  const { directory, version } = context;
  return answerList<ServicePrincipal>(context, {
    set: SET,
    type: 'servicePrincipal',
    fields: {
      scalars: [
        'accountEnabled',
        'appId',
        'appOwnerOrganizationId',
        'displayName',
        'id',
        'servicePrincipalType',
      ],
      lists: ['alternativeNames', 'servicePrincipalNames', 'tags'],
    },
    candidates: tableCandidates(directory.servicePrincipals, (principal) => directory.sees(principal)),
    view: (principal) => viewPrincipal(directory, principal, version),
  });
}

export function getPrincipal(context: GraphContext): GraphAnswer {
  const view = viewPrincipal(context.directory, namedPrincipal(context), context.version);
  return answerEntity(context, SET, 'servicePrincipal', view);
}

export function createPrincipal(context: GraphContext): GraphAnswer {
  const { directory, caller } = context;
  const { values, bindings } = readEntity(PRINCIPAL_SCHEMA, jsonBody(context), 'create');
  const { appId: wanted, ...rest } = values;
  const appId = textOf(wanted) ?? '';
  const application = directory.applicationByAppId(appId);
  if (directory.principalByAppId(appId) !== undefined) {
    throw conflict(
      'The service principal cannot be created, updated, or restored because the service principal name ' +
        `${appId} is already in use.`,
    );
  }
  if (application === undefined || !directory.sees(application)) {
    throw badRequest(
      `The appId '${appId}' of the service principal does not reference a valid application object.`,
      'NoBackingApplicationObject',
    );
  }
  if (context.ownedOnly && !application.owners.includes(caller.principalId)) throw denied();
  const tags = values.tags ?? application.properties.tags ?? [];
  const principal: ServicePrincipal = {
    ...directory.stamp(),
    kind: 'servicePrincipal',
    id: directory.random.nextUuid('service principal'),
    appId,
    owners: newOwners(context, bindings.owners ?? []),
    properties: mergeProperties(emptyServicePrincipal(), { ...rest, tags }),
  };
  directory.put(principal);
  return {
    status: 201,
    body: entity(context, `${SET}/$entity`, viewPrincipal(directory, principal, context.version)),
    location: `/${SET}/${principal.id}`,
  };
}

export function updatePrincipal(context: GraphContext): GraphAnswer {
  const principal = ownPrincipal(context);
  const { values } = readEntity(PRINCIPAL_SCHEMA, jsonBody(context), 'update');
  context.directory.put({ ...principal, properties: mergeProperties(principal.properties, values) });
  return NO_CONTENT;
}

export function deletePrincipal(context: GraphContext): GraphAnswer {
  context.directory.softDelete(ownPrincipal(context));
  return NO_CONTENT;
}

/** Microsoft's own are left alone. UNCONFIRMED: Graph's very answer to the attempt. */
function ownPrincipal(context: GraphContext): ServicePrincipal {
  const principal = namedPrincipal(context);
  if (principal.firstParty !== undefined) throw denied();
  return principal;
}
