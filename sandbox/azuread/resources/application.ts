/** Application: an app registration (azuread-wire 3.1; terraform-provider-azuread internal/services/applications). */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defineResource, type Operation } from '../../../infra/exchange/provider/kernel/index.js';
import { untilConsistent } from '../consistency.js';
import { graphFor, type Tenant } from '../context.js';
import { type Graph, type GraphFailure, type JsonObject, path, unlessMissing } from '../graph.js';
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
  nested,
  objects,
  requiredText,
  text,
  texts,
} from '../values.js';

const redirects = z.strictObject({ redirectUris: z.array(z.string()).optional() });

export const applicationInputs = z.object({
  description: z.string().max(1024).optional(),
  deviceOnlyAuthEnabled: z.boolean().optional(),
  displayName: z.string().min(1),
  fallbackPublicClientEnabled: z.boolean().optional(),
  groupMembershipClaims: z
    .array(z.enum(['None', 'SecurityGroup', 'DirectoryRole', 'ApplicationGroup', 'All']))
    .optional(),
  identifierUris: z.array(z.string().min(1)).optional(),
  marketingUrl: httpUrl.optional(),
  notes: z.string().optional(),
  oauth2PostResponseRequired: z.boolean().optional(),
  owners: z.array(guid).max(100).optional(),
  preventDuplicateNames: z.boolean().optional(),
  privacyStatementUrl: httpUrl.optional(),
  publicClient: redirects.optional(),
  requiredResourceAccesses: z
    .array(
      z.strictObject({
        resourceAppId: guid,
        resourceAccesses: z.array(z.strictObject({ id: guid, type: z.enum(['Role', 'Scope']) })).min(1),
      }),
    )
    .optional(),
  serviceManagementReference: z.string().optional(),
  signInAudience: z
    .enum([
      'AzureADMyOrg',
      'AzureADMultipleOrgs',
      'AzureADandPersonalMicrosoftAccount',
      'PersonalMicrosoftAccount',
    ])
    .default('AzureADMyOrg'),
  singlePageApplication: redirects.optional(),
  supportUrl: httpUrl.optional(),
  tags: z.array(z.string().min(1)).optional(),
  termsOfServiceUrl: httpUrl.optional(),
  web: z
    .strictObject({
      homepageUrl: httpUrl.optional(),
      implicitGrant: z
        .strictObject({
          accessTokenIssuanceEnabled: z.boolean().optional(),
          idTokenIssuanceEnabled: z.boolean().optional(),
        })
        .optional(),
      logoutUrl: z.string().optional(),
      redirectUris: z.array(z.string()).optional(),
    })
    .optional(),
});
type Wanted = z.output<typeof applicationInputs>;

const outputs = applicationInputs.partial().extend({
  appRoleIds: z.record(z.string(), z.string()),
  clientId: z.string(),
  disabledByMicrosoft: z.string(),
  logoUrl: z.string(),
  oauth2PermissionScopeIds: z.record(z.string(), z.string()),
  objectId: z.string(),
  publisherDomain: z.string(),
  templateId: z.string(),
});
type State = z.output<typeof outputs>;
/** What Graph does not hold. */
interface Known {
  readonly preventDuplicateNames?: boolean | undefined;
}

const comparison: Comparison = {
  names: Object.keys(applicationInputs.shape),
  defaults: {
    signInAudience: 'AzureADMyOrg',
    deviceOnlyAuthEnabled: false,
    fallbackPublicClientEnabled: false,
    oauth2PostResponseRequired: false,
    preventDuplicateNames: false,
  },
  computed: ['tags'],
  unordered: ['owners', 'tags', 'identifierUris', 'groupMembershipClaims', 'requiredResourceAccesses'],
};

const ID_FORM = '/applications/<object id>';
const objectIdOf = (id: string) => idParts(id, ID_FORM)[0] ?? '';

export const application = defineResource<Tenant, typeof applicationInputs, typeof outputs>({
  inputs: applicationInputs,
  outputs,
  refused: unsupported(
    'api',
    'appRoles',
    'featureTags',
    'logoImage',
    'optionalClaims',
    'password',
    'templateId',
  ),
  computedInputs: ['tags'],
  stables: [
    'appRoleIds',
    'clientId',
    'disabledByMicrosoft',
    'logoUrl',
    'oauth2PermissionScopeIds',
    'objectId',
    'publisherDomain',
    'templateId',
  ],
  diff: ({ olds, news }) => compareWithState(comparison, olds, news),

  preview: async (operation, { existing, inputs }) => {
    const { displayName, preventDuplicateNames } = inputs;
    const isNew = typeof displayName === 'string' && displayName !== existing?.olds.displayName;
    if (isNew && preventDuplicateNames === true)
      await refuseDuplicate(graphFor(operation, 'read'), displayName);
    return {};
  },

  create: async (operation, inputs) => {
    const graph = graphFor(operation, 'create');
    if (inputs.preventDuplicateNames === true) await refuseDuplicate(graph, inputs.displayName);
    const owners = planOwners(operation.context.callerId, inputs.owners ?? []);
    const made = await graph.send({
      method: 'POST',
      path: '/applications',
      body: {
        ...wholeBody(inputs),
        'owners@odata.bind': owners.bound.map((owner) => graph.reference(owner)),
      },
    });
    const id = `/applications/${requiredText(made, 'id')}`;
    operation.log.status('waiting until Entra knows the registration everywhere');
    return await afterCreate(id, stateOf(made, undefined, undefined, inputs), async () => {
      await finishCreate(operation, graph, id, inputs, owners);
      const outputs = await readState(graph, objectIdOf(id), inputs);
      if (outputs === undefined) throw new Error(`the application ${id} vanished while it was made`);
      return { id, outputs };
    });
  },

  read: async (operation, { id, olds, oldInputs }) => {
    const outputs = await readState(graphFor(operation, 'read'), objectIdOf(id), olds);
    if (outputs === undefined) return undefined;
    const inputs = inputsFromState(comparison, outputs, oldInputs) as z.input<typeof applicationInputs>;
    return { id, outputs, inputs };
  },

  update: async (operation, { id, olds }, inputs) => {
    const graph = graphFor(operation, 'update');
    const objectId = objectIdOf(id);
    const isRenamed = inputs.displayName !== olds.displayName;
    if (inputs.preventDuplicateNames === true && isRenamed)
      await refuseDuplicate(graph, inputs.displayName, objectId);
    const wanted = { ...inputs, tags: inputs.tags ?? olds.tags };
    const changed = new Set(
      compareWithState(comparison, olds, inputs).map(({ path: at }) => at.split(/[.[]/)[0] ?? ''),
    );
    await operation.context.locks.with(objectId, async () => {
      await graph.send({
        method: 'PATCH',
        path: path`/applications/${objectId}`,
        body: changedBody(wanted, changed),
      });
      if (changed.has('oauth2PostResponseRequired')) await patchPostResponse(graph, objectId, inputs);
      if (changed.has('owners'))
        await changeOwners(graph, path`/applications/${objectId}`, inputs.owners ?? []);
    });
    const outputs = await readState(graph, objectId, inputs);
    if (outputs === undefined) throw new Error(`the application ${id} does not exist any more`);
    return { outputs };
  },

  delete: async (operation, { id }) => {
    const graph = graphFor(operation, 'delete');
    const at = path`/applications/${objectIdOf(id)}`;
    await graph.send({ method: 'DELETE', path: at });
    await untilConsistent('object', graph.signal, async () => (await graph.find({ path: at })) === undefined);
  },
});

/** Quotes are not doubled in the official filter; here they are, because the sandbox is strict about what it parses. */
async function refuseDuplicate(graph: Graph, displayName: string, except?: string): Promise<void> {
  const filter = `displayName eq '${displayName.replaceAll("'", "''")}'`;
  const found = await graph.list({ path: '/applications', query: { filter } });
  const other = found.find((candidate) => candidate.displayName === displayName && candidate.id !== except);
  if (other === undefined) return;
  throw new Error(
    `existing application with name ${JSON.stringify(displayName)} (object id ${text(other, 'id') ?? '?'}) was found, and ` +
      'preventDuplicateNames is true: import it, or choose another name',
  );
}

async function finishCreate(
  operation: Operation<Tenant>,
  graph: Graph,
  id: string,
  inputs: Wanted,
  owners: ReturnType<typeof planOwners>,
): Promise<void> {
  const at = path`/applications/${objectIdOf(id)}`;
  // Two renames prove that the registration can be changed, which means that it is known everywhere.
  for (const displayName of [`TERRAFORM_UPDATE_${randomUUID()}`, inputs.displayName]) {
    await graph.send({ method: 'PATCH', path: at, body: { displayName }, retryOn: isNotReplicatedYet });
  }
  if (inputs.oauth2PostResponseRequired === true) await patchPostResponse(graph, objectIdOf(id), inputs);
  for (const owner of owners.later) await addOwner(graph, at, owner, true);
  if (!owners.isCallerWanted) await removeOwner(graph, at, operation.context.callerId);
}

function isNotReplicatedYet(failure: GraphFailure): boolean {
  const isRolesText = failure.reason.includes(
    'Permission (scope or role) cannot be deleted or updated unless disabled first',
  );
  return failure.status === 404 || failure.status === 409 || (failure.status === 400 && isRolesText);
}

async function patchPostResponse(graph: Graph, objectId: string, inputs: Wanted): Promise<void> {
  await graph.send({
    method: 'PATCH',
    beta: true,
    path: path`/applications/${objectId}`,
    body: { oauth2RequirePostResponse: inputs.oauth2PostResponseRequired ?? false },
    retryOn: isNotReplicatedYet,
  });
}

async function readState(graph: Graph, objectId: string, known: Known): Promise<State | undefined> {
  const at = path`/applications/${objectId}`;
  const found = await graph.find({ path: at });
  if (found === undefined) return undefined;
  const beta = await graph.send({
    method: 'GET',
    beta: true,
    path: at,
    query: { select: 'oauth2RequirePostResponse' },
  });
  const owners = await unlessMissing(readOwners(graph, at));
  return owners === undefined
    ? undefined
    : stateOf(found, flag(beta, 'oauth2RequirePostResponse'), owners, known);
}

function stateOf(
  found: JsonObject,
  oauth2PostResponseRequired: boolean | undefined,
  owners: string[] | undefined,
  known: Known,
): State {
  const info = nested(found, 'info');
  const web = nested(found, 'web');
  const grants = nested(web, 'implicitGrantSettings');
  return {
    description: text(found, 'description'),
    deviceOnlyAuthEnabled: flag(found, 'isDeviceOnlyAuthSupported'),
    displayName: text(found, 'displayName'),
    fallbackPublicClientEnabled: flag(found, 'isFallbackPublicClient'),
    groupMembershipClaims: claimsOf(found),
    identifierUris: texts(found, 'identifierUris'),
    marketingUrl: text(info, 'marketingUrl'),
    notes: text(found, 'notes'),
    oauth2PostResponseRequired,
    owners,
    preventDuplicateNames: known.preventDuplicateNames ?? false,
    privacyStatementUrl: text(info, 'privacyStatementUrl'),
    publicClient: { redirectUris: texts(nested(found, 'publicClient'), 'redirectUris') },
    requiredResourceAccesses: resourceAccessesOf(found),
    serviceManagementReference: text(found, 'serviceManagementReference'),
    signInAudience: text(found, 'signInAudience') as Wanted['signInAudience'],
    singlePageApplication: { redirectUris: texts(nested(found, 'spa'), 'redirectUris') },
    supportUrl: text(info, 'supportUrl'),
    tags: texts(found, 'tags'),
    termsOfServiceUrl: text(info, 'termsOfServiceUrl'),
    web: {
      homepageUrl: text(web, 'homePageUrl'),
      implicitGrant: {
        accessTokenIssuanceEnabled: flag(grants, 'enableAccessTokenIssuance'),
        idTokenIssuanceEnabled: flag(grants, 'enableIdTokenIssuance'),
      },
      logoutUrl: text(web, 'logoutUrl'),
      redirectUris: texts(web, 'redirectUris'),
    },
    appRoleIds: idsByValue(objects(found, 'appRoles')),
    clientId: requiredText(found, 'appId'),
    disabledByMicrosoft: text(found, 'disabledByMicrosoftStatus') ?? '',
    logoUrl: text(info, 'logoUrl') ?? '',
    oauth2PermissionScopeIds: idsByValue(objects(nested(found, 'api'), 'oauth2PermissionScopes')),
    objectId: requiredText(found, 'id'),
    publisherDomain: text(found, 'publisherDomain') ?? '',
    templateId: text(found, 'applicationTemplateId') ?? '',
  };
}

function claimsOf(found: JsonObject): Wanted['groupMembershipClaims'] {
  const claims = (text(found, 'groupMembershipClaims') ?? '').split(',').map((claim) => claim.trim());
  return claims.filter((claim) => claim !== '').sort() as Wanted['groupMembershipClaims'];
}

function resourceAccessesOf(found: JsonObject): NonNullable<Wanted['requiredResourceAccesses']> {
  return objects(found, 'requiredResourceAccess')
    .map((entry) => ({
      resourceAppId: requiredText(entry, 'resourceAppId'),
      resourceAccesses: objects(entry, 'resourceAccess')
        .map((access) => ({
          id: requiredText(access, 'id'),
          type: requiredText(access, 'type') as 'Role' | 'Scope',
        }))
        .sort((left, right) => left.id.localeCompare(right.id)),
    }))
    .sort((left, right) => left.resourceAppId.localeCompare(right.resourceAppId));
}

function scalars(inputs: Wanted): JsonObject {
  const grants = inputs.web?.implicitGrant;
  return {
    displayName: inputs.displayName,
    description: inputs.description ?? null,
    groupMembershipClaims: inputs.groupMembershipClaims?.join(',') ?? null,
    notes: inputs.notes ?? null,
    serviceManagementReference: inputs.serviceManagementReference ?? null,
    signInAudience: inputs.signInAudience,
    info: {
      marketingUrl: inputs.marketingUrl ?? null,
      privacyStatementUrl: inputs.privacyStatementUrl ?? null,
      supportUrl: inputs.supportUrl ?? null,
      termsOfServiceUrl: inputs.termsOfServiceUrl ?? null,
    },
    isDeviceOnlyAuthSupported: inputs.deviceOnlyAuthEnabled ?? false,
    isFallbackPublicClient: inputs.fallbackPublicClientEnabled ?? false,
    publicClient: { redirectUris: inputs.publicClient?.redirectUris ?? [] },
    spa: { redirectUris: inputs.singlePageApplication?.redirectUris ?? [] },
    web: {
      homePageUrl: inputs.web?.homepageUrl ?? null,
      logoutUrl: inputs.web?.logoutUrl ?? null,
      redirectUris: inputs.web?.redirectUris ?? [],
      implicitGrantSettings: {
        enableAccessTokenIssuance: grants?.accessTokenIssuanceEnabled ?? false,
        enableIdTokenIssuance: grants?.idTokenIssuanceEnabled ?? false,
      },
    },
    tags: inputs.tags ?? [],
  };
}

function resourceAccessBody(inputs: Wanted): JsonObject[] {
  return (inputs.requiredResourceAccesses ?? []).map((entry) => ({
    resourceAppId: entry.resourceAppId,
    resourceAccess: entry.resourceAccesses.map(({ id, type }) => ({ id, type })),
  }));
}

/** The body of a create. */
function wholeBody(inputs: Wanted): JsonObject {
  return {
    ...scalars(inputs),
    api: {
      acceptMappedClaims: false,
      knownClientApplications: [],
      oauth2PermissionScopes: [],
      requestedAccessTokenVersion: 1,
    },
    appRoles: [],
    identifierUris: inputs.identifierUris ?? [],
    optionalClaims: {},
    requiredResourceAccess: resourceAccessBody(inputs),
  };
}

/** The body of an update: all scalars, and of the lists those that changed. */
function changedBody(inputs: Wanted, changed: ReadonlySet<string>): JsonObject {
  return {
    ...scalars(inputs),
    ...(changed.has('identifierUris') ? { identifierUris: inputs.identifierUris ?? [] } : {}),
    ...(changed.has('requiredResourceAccesses')
      ? { requiredResourceAccess: resourceAccessBody(inputs) }
      : {}),
  };
}
