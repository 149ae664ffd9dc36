/** ServicePrincipal: an application in this tenant (azuread-wire 3.5; internal/services/serviceprincipals). */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defineResource } from '../../../infra/exchange/provider/kernel/index.js';
import { untilConsistent } from '../consistency.js';
import { graphFor, type Tenant } from '../context.js';
import { type Graph, type GraphFailure, type JsonObject, odataText, path, unlessMissing } from '../graph.js';
import { addOwner, changeOwners, planOwners, readOwners, removeOwner } from '../owners.js';
import { afterCreate } from '../partial.js';
import { unsupported } from '../unsupported.js';
import {
  type Comparison,
  compareWithState,
  flag,
  guid,
  httpUrl,
  idParts,
  idsByValue,
  inputsFromState,
  objects,
  requiredText,
  text,
  texts,
} from '../values.js';

const inputs = z.object({
  accountEnabled: z.boolean().default(true),
  alternativeNames: z.array(z.string().min(1)).optional(),
  appRoleAssignmentRequired: z.boolean().optional(),
  clientId: guid,
  description: z.string().optional(),
  loginUrl: httpUrl.optional(),
  notes: z.string().optional(),
  notificationEmailAddresses: z.array(z.string().min(1)).optional(),
  owners: z.array(guid).optional(),
  preferredSingleSignOnMode: z.enum(['oidc', 'password', 'saml', 'notSupported']).optional(),
  tags: z.array(z.string().min(1)).optional(),
});
type Wanted = z.output<typeof inputs>;

const permission = z.record(z.string(), z.unknown());
const outputs = inputs.partial().extend({
  appRoleIds: z.record(z.string(), z.string()),
  appRoles: z.array(permission),
  applicationTenantId: z.string(),
  displayName: z.string(),
  homepageUrl: z.string(),
  logoutUrl: z.string(),
  oauth2PermissionScopeIds: z.record(z.string(), z.string()),
  oauth2PermissionScopes: z.array(permission),
  objectId: z.string(),
  redirectUris: z.array(z.string()),
  samlMetadataUrl: z.string(),
  servicePrincipalNames: z.array(z.string()),
  signInAudience: z.string(),
  type: z.string(),
});
type State = z.output<typeof outputs>;

const comparison: Comparison = {
  names: Object.keys(inputs.shape),
  defaults: { accountEnabled: true, appRoleAssignmentRequired: false },
  computed: ['tags'],
  unordered: ['alternativeNames', 'notificationEmailAddresses', 'owners', 'tags'],
};

const objectIdOf = (id: string) => idParts(id, '/servicePrincipals/<object id>')[0] ?? '';
const UNKNOWN_APPLICATION =
  /The appId '.+' of the service principal does not reference a valid application object/;
const OWN_TENANT_ONLY =
  /When using this permission, the backing application of the service principal being created must in the local tenant/;

export const servicePrincipal = defineResource<Tenant, typeof inputs, typeof outputs>({
  inputs,
  outputs,
  refused: unsupported('featureTags', 'features', 'samlSingleSignOn', 'useExisting'),
  replaceOn: ['clientId'],
  computedInputs: ['tags'],
  stables: [
    'applicationTenantId',
    'appRoleIds',
    'appRoles',
    'displayName',
    'homepageUrl',
    'logoutUrl',
    'oauth2PermissionScopeIds',
    'oauth2PermissionScopes',
    'objectId',
    'redirectUris',
    'samlMetadataUrl',
    'servicePrincipalNames',
    'signInAudience',
    'type',
  ],
  diff: ({ olds, news }) => compareWithState(comparison, olds, news),

  create: async (operation, wanted) => {
    const graph = graphFor(operation, 'create');
    await refuseExisting(graph, wanted.clientId);
    const owners = planOwners(operation.context.callerId, wanted.owners ?? []);
    const made = await graph.send({
      method: 'POST',
      path: '/servicePrincipals',
      body: {
        ...bodyOf(wanted),
        appId: wanted.clientId,
        description: `TERRAFORM_UPDATE_${randomUUID()}`,
        samlSingleSignOnSettings: {},
        'owners@odata.bind': owners.bound.map((owner) => graph.reference(owner)),
      },
      retryOn: isApplicationNotReplicatedYet,
    });
    const objectId = requiredText(made, 'id');
    const id = `/servicePrincipals/${objectId}`;
    operation.log.status('waiting until Entra knows the service principal everywhere');
    return await afterCreate(id, servicePrincipalState(made, undefined, undefined), async () => {
      const at = path`/servicePrincipals/${objectId}`;
      await graph.send({ method: 'PATCH', path: at, body: { description: wanted.description ?? null } });
      for (const owner of owners.later) await addOwner(graph, at, owner);
      if (!owners.isCallerWanted) await removeOwner(graph, at, operation.context.callerId);
      const state = await readState(graph, objectId);
      if (state === undefined) throw new Error(`the service principal ${id} vanished while it was made`);
      return { id, outputs: state };
    });
  },

  read: async (operation, { id, oldInputs }) => {
    const state = await readState(graphFor(operation, 'read'), objectIdOf(id));
    if (state === undefined) return undefined;
    return {
      id,
      outputs: state,
      inputs: inputsFromState(comparison, state, oldInputs) as z.input<typeof inputs>,
    };
  },

  update: async (operation, { id, olds }, wanted) => {
    const graph = graphFor(operation, 'update');
    const at = path`/servicePrincipals/${objectIdOf(id)}`;
    const body = {
      ...bodyOf({ ...wanted, tags: wanted.tags ?? olds.tags }),
      description: wanted.description ?? null,
    };
    await graph.send({ method: 'PATCH', path: at, body });
    const changes = compareWithState(comparison, olds, wanted);
    if (changes.some((change) => change.path.startsWith('owners'))) {
      await changeOwners(graph, at, wanted.owners ?? []);
    }
    const state = await readState(graph, objectIdOf(id));
    if (state === undefined) throw new Error(`the service principal ${id} does not exist any more`);
    return { outputs: state };
  },

  delete: async (operation, { id }) => {
    const graph = graphFor(operation, 'delete');
    const at = path`/servicePrincipals/${objectIdOf(id)}`;
    await graph.send({ method: 'DELETE', path: at });
    await untilConsistent('object', graph.signal, async () => (await graph.find({ path: at })) === undefined);
  },
});

async function refuseExisting(graph: Graph, clientId: string): Promise<void> {
  const [found] = await graph.list({
    path: '/servicePrincipals',
    query: { filter: `appId eq ${odataText(clientId)}` },
  });
  if (found === undefined) return;
  throw new Error(
    `a service principal of the application ${clientId} exists already (object id ${text(found, 'id') ?? '?'}): ` +
      'to manage it with Pulumi, import it',
  );
}

function isApplicationNotReplicatedYet(failure: GraphFailure): boolean {
  return (
    (failure.status === 400 && UNKNOWN_APPLICATION.test(failure.reason)) ||
    (failure.status === 403 && OWN_TENANT_ONLY.test(failure.reason))
  );
}

async function readState(graph: Graph, objectId: string): Promise<State | undefined> {
  const at = path`/servicePrincipals/${objectId}`;
  const found = await graph.find({ path: at });
  if (found === undefined) return undefined;
  const beta = await graph.send({
    method: 'GET',
    beta: true,
    path: at,
    query: { select: 'samlMetadataUrl' },
  });
  const owners = await unlessMissing(readOwners(graph, at));
  return owners === undefined ? undefined : servicePrincipalState(found, beta, owners);
}

/** Graph's service principal as the provider's, which resource and function share. */
export function servicePrincipalState(
  found: JsonObject,
  beta: JsonObject | undefined,
  owners: string[] | undefined,
): State {
  return {
    accountEnabled: flag(found, 'accountEnabled'),
    alternativeNames: texts(found, 'alternativeNames'),
    appRoleAssignmentRequired: flag(found, 'appRoleAssignmentRequired'),
    clientId: requiredText(found, 'appId'),
    description: text(found, 'description'),
    loginUrl: text(found, 'loginUrl'),
    notes: text(found, 'notes'),
    notificationEmailAddresses: texts(found, 'notificationEmailAddresses'),
    owners,
    preferredSingleSignOnMode: text(
      found,
      'preferredSingleSignOnMode',
    ) as Wanted['preferredSingleSignOnMode'],
    tags: texts(found, 'tags'),
    appRoleIds: idsByValue(objects(found, 'appRoles')),
    appRoles: objects(found, 'appRoles').map(appRole),
    applicationTenantId: text(found, 'appOwnerOrganizationId') ?? '',
    displayName: text(found, 'displayName') ?? '',
    homepageUrl: text(found, 'homepage') ?? '',
    logoutUrl: text(found, 'logoutUrl') ?? '',
    oauth2PermissionScopeIds: idsByValue(objects(found, 'oauth2PermissionScopes')),
    oauth2PermissionScopes: objects(found, 'oauth2PermissionScopes').map(permissionScope),
    objectId: requiredText(found, 'id'),
    redirectUris: texts(found, 'replyUrls'),
    samlMetadataUrl: text(beta, 'samlMetadataUrl') ?? '',
    servicePrincipalNames: texts(found, 'servicePrincipalNames'),
    signInAudience: text(found, 'signInAudience') ?? '',
    type: text(found, 'servicePrincipalType') ?? '',
  };
}

function appRole(role: JsonObject): Record<string, unknown> {
  return {
    allowedMemberTypes: texts(role, 'allowedMemberTypes'),
    description: text(role, 'description') ?? '',
    displayName: text(role, 'displayName') ?? '',
    enabled: flag(role, 'isEnabled'),
    id: requiredText(role, 'id'),
    value: text(role, 'value') ?? '',
  };
}

function permissionScope(scope: JsonObject): Record<string, unknown> {
  return {
    adminConsentDescription: text(scope, 'adminConsentDescription') ?? '',
    adminConsentDisplayName: text(scope, 'adminConsentDisplayName') ?? '',
    enabled: flag(scope, 'isEnabled'),
    id: requiredText(scope, 'id'),
    type: text(scope, 'type') ?? '',
    userConsentDescription: text(scope, 'userConsentDescription') ?? '',
    userConsentDisplayName: text(scope, 'userConsentDisplayName') ?? '',
    value: text(scope, 'value') ?? '',
  };
}

function bodyOf(wanted: Wanted | (Omit<Wanted, 'tags'> & { tags: string[] | undefined })): JsonObject {
  return {
    accountEnabled: wanted.accountEnabled,
    alternativeNames: wanted.alternativeNames ?? [],
    appRoleAssignmentRequired: wanted.appRoleAssignmentRequired ?? false,
    loginUrl: wanted.loginUrl ?? null,
    notes: wanted.notes ?? null,
    notificationEmailAddresses: wanted.notificationEmailAddresses ?? [],
    preferredSingleSignOnMode: wanted.preferredSingleSignOnMode ?? null,
    tags: wanted.tags ?? [],
  };
}
