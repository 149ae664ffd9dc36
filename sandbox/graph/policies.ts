/** /policies: app management policies, the tenant's default one and those of single applications. */
import { type AppManagementPolicy, DEFAULT_POLICY_ID, durationOf } from '../entra/app-management-policies.js';
import type { JsonObject } from '../json.js';
import { entity, type GraphAnswer, type GraphContext, jsonBody, NO_CONTENT } from './context.js';
import { badRequest, conflict, notFound } from './errors.js';
import { answerEntity, answerList, listCandidates } from './lists.js';
import { namedApplication } from './references.js';
import {
  type Check,
  type EntitySchema,
  flag,
  list,
  mergeProperties,
  object,
  readEntity,
  text,
  time,
} from './schema.js';

const SET = 'policies/appManagementPolicies';
const TYPE = 'appManagementPolicy';

/** @throws GraphError 400 for what is no duration of days and smaller. */
const duration: Check = (value, path) => {
  if (value === null || (typeof value === 'string' && durationOf(value) !== undefined)) return value;
  throw badRequest(`Invalid value specified for property '${path}' of resource: a Duration is expected.`);
};

const RULE = {
  maxLifetime: duration,
  restrictForAppsCreatedAfterDateTime: time(),
  state: text({ oneOf: ['enabled', 'disabled'] }),
};

const RESTRICTIONS = object({
  passwordCredentials: list(
    object({
      ...RULE,
      restrictionType: text({
        nullable: false,
        oneOf: [
          'passwordAddition',
          'passwordLifetime',
          'symmetricKeyAddition',
          'symmetricKeyLifetime',
          'customPasswordAddition',
        ],
      }),
    }),
  ),
  keyCredentials: list(
    object({ ...RULE, restrictionType: text({ nullable: false, oneOf: ['asymmetricKeyLifetime'] }) }),
  ),
});

const COMMON = {
  displayName: text({ nullable: false, min: 1, max: 256 }),
  description: text({ max: 1024 }),
  isEnabled: flag({ nullable: false }),
};

const TENANT_SCHEMA: EntitySchema = {
  type: 'tenantAppManagementPolicy',
  requiredAtCreate: [],
  onlyAtCreate: [],
  readOnly: ['id'],
  bindings: [],
  properties: {
    ...COMMON,
    applicationRestrictions: RESTRICTIONS,
    servicePrincipalRestrictions: RESTRICTIONS,
  },
};

const OWN_SCHEMA: EntitySchema = {
  type: TYPE,
  requiredAtCreate: ['displayName', 'restrictions'],
  onlyAtCreate: [],
  readOnly: ['id'],
  bindings: [],
  properties: { ...COMMON, restrictions: RESTRICTIONS },
};

export function getDefaultPolicy(context: GraphContext): GraphAnswer {
  const view = { id: DEFAULT_POLICY_ID, ...context.directory.appPolicies.tenant };
  return answerEntity(context, 'policies/defaultAppManagementPolicy', 'tenantAppManagementPolicy', view);
}

export function updateDefaultPolicy(context: GraphContext): GraphAnswer {
  const { appPolicies } = context.directory;
  const { values } = readEntity(TENANT_SCHEMA, jsonBody(context), 'update');
  appPolicies.tenant = mergeProperties(appPolicies.tenant, values);
  return NO_CONTENT;
}

export function createPolicy(context: GraphContext): GraphAnswer {
  const { directory } = context;
  const { values } = readEntity(OWN_SCHEMA, jsonBody(context), 'create');
  const policy: AppManagementPolicy = {
    id: directory.random.nextUuid('app management policy'),
    properties: { description: null, isEnabled: false, ...values },
  };
  directory.appPolicies.own.set(policy.id, policy);
  return {
    status: 201,
    body: entity(context, `${SET}/$entity`, viewPolicy(policy)),
    location: `/${SET}/${policy.id}`,
  };
}

/** The policies of one application: none or one. */
export function listApplicationPolicies(context: GraphContext): GraphAnswer {
  const policy = context.directory.appPolicies.of(namedApplication(context));
  return answerList<AppManagementPolicy>(context, {
    set: 'appManagementPolicies',
    type: TYPE,
    fields: { scalars: [], lists: [] },
    candidates: listCandidates(policy === undefined ? [] : [policy]),
    view: viewPolicy,
  });
}

export function assignPolicy(context: GraphContext): GraphAnswer {
  const { appPolicies } = context.directory;
  const application = namedApplication(context);
  const url = jsonBody(context)['@odata.id'];
  const id = typeof url === 'string' ? (url.split('/').at(-1) ?? '') : '';
  if (!appPolicies.own.has(id)) throw notFound(id);
  if (appPolicies.assigned.has(application.id)) {
    throw conflict('An app management policy is assigned to this object already.');
  }
  appPolicies.assigned.set(application.id, id);
  return NO_CONTENT;
}

function viewPolicy({ id, properties }: AppManagementPolicy): JsonObject {
  return { id, ...properties };
}
