/** /applications: registrations. */
import { X509Certificate } from 'node:crypto';
import { emptyApplication } from '../entra/application-properties.js';
import type { Application, KeyCredential } from '../entra/model.js';
import { all } from '../entra/table.js';
import { isJsonObject, type Json, type JsonObject, objectsOf, textOf, textsOf } from '../json.js';
import { APPLICATION_SCHEMA } from './application-schema.js';
import { entity, type GraphAnswer, type GraphContext, jsonBody, NO_CONTENT } from './context.js';
import { badRequest } from './errors.js';
import { answerEntity, answerList, tableCandidates } from './lists.js';
import { newOwners } from './owners.js';
import { makePassword } from './passwords.js';
import { namedApplication } from './references.js';
import { mergeProperties, readEntity } from './schema.js';
import { viewApplication, viewPassword } from './views.js';

const SET = 'applications';

export function listApplications(context: GraphContext): GraphAnswer {
  const { directory } = context;
  return answerList<Application>(context, {
    set: SET,
    type: 'application',
    fields: {
      scalars: ['appId', 'applicationTemplateId', 'displayName', 'id', 'publisherDomain', 'signInAudience'],
      lists: ['identifierUris', 'tags'],
    },
    candidates: tableCandidates(directory.applications, (application) => directory.sees(application)),
    view: (application) => viewApplication(directory, application),
  });
}

export function getApplication(context: GraphContext): GraphAnswer {
  const view = viewApplication(context.directory, namedApplication(context));
  return answerEntity(context, SET, 'application', view);
}

export function createApplication(context: GraphContext): GraphAnswer {
  const { directory } = context;
  const { values, bindings } = readEntity(APPLICATION_SCHEMA, jsonBody(context), 'create');
  const { passwordCredentials, keyCredentials, ...rest } = values;
  const properties = mergeProperties(emptyApplication(), rest);
  const appId = directory.random.nextUuid('application appId');
  const owners = newOwners(context, bindings.owners ?? []);
  checkUris(context, properties, appId, undefined);
  const made = { ...directory.stamp(), id: directory.random.nextUuid('application') };
  const passwords = objectsOf(passwordCredentials).map((wish) => makePassword(context, made, wish));
  const application: Application = {
    ...made,
    kind: 'application',
    appId,
    owners,
    passwords: passwords.map(({ credential }) => credential),
    keys: readKeys(context, keyCredentials, []),
    federated: [],
    properties,
  };
  directory.put(application);
  const shown = passwords.map(({ secret, credential }) => viewPassword(credential, secret));
  const body = { ...viewApplication(directory, application), passwordCredentials: shown };
  return {
    status: 201,
    body: entity(context, `${SET}/$entity`, body),
    location: `/${SET}/${application.id}`,
  };
}

export function updateApplication(context: GraphContext): GraphAnswer {
  const application = namedApplication(context);
  const { values } = readEntity(APPLICATION_SCHEMA, jsonBody(context), 'update');
  const { keyCredentials, ...rest } = values;
  const properties = mergeProperties(application.properties, rest);
  checkUris(context, properties, application.appId, application.id);
  checkEntitlements(application.properties, properties);
  const keys =
    keyCredentials === undefined ? application.keys : readKeys(context, keyCredentials, application.keys);
  context.directory.put({ ...application, properties, keys });
  return NO_CONTENT;
}

export function deleteApplication(context: GraphContext): GraphAnswer {
  context.directory.softDelete(namedApplication(context));
  return NO_CONTENT;
}

/** Identifier URIs are unique in the tenant, and of a verified domain or `api://<appId>`. */
function checkUris(
  context: GraphContext,
  properties: JsonObject,
  appId: string,
  ownId: string | undefined,
): void {
  const { applications, tenant } = context.directory;
  const domains = tenant.domains.filter((domain) => domain.isVerified).map((domain) => domain.id);
  for (const uri of textsOf(properties.identifierUris)) {
    const host = /^(?:https?|api):\/\/([^/]+)/.exec(uri)?.[1]?.toLowerCase() ?? '';
    const isOwn = host === appId || host === tenant.id;
    if (!isOwn && !domains.some((domain) => host === domain || host.endsWith(`.${domain}`))) {
      throw badRequest(
        `Values of identifierUris property must use a verified domain of the organization or its subdomain: '${uri}'`,
        'HostNameNotOnVerifiedDomain',
      );
    }
    for (const other of all(applications)) {
      if (other.id !== ownId && textsOf(other.properties.identifierUris).includes(uri)) {
        throw badRequest(
          'Another object with the same value for property identifierUris already exists.',
          'Request_MultipleObjectsWithSameKeyValue',
        );
      }
    }
  }
}

/** An app role or a scope is disabled before it is changed or removed. */
function checkEntitlements(before: JsonObject, after: JsonObject): void {
  const entitlements = (properties: JsonObject) => {
    const api = isJsonObject(properties.api) ? properties.api : {};
    return [...objectsOf(properties.appRoles), ...objectsOf(api.oauth2PermissionScopes)];
  };
  const later = new Map(entitlements(after).map((entry) => [entry.id, entry]));
  for (const entry of entitlements(before)) {
    const now = later.get(entry.id ?? null);
    const isSame = now !== undefined && JSON.stringify({ ...now, isEnabled: true }) === JSON.stringify(entry);
    if (entry.isEnabled === true && !isSame) {
      throw badRequest(
        'Permission (scope or role) cannot be deleted or updated unless disabled first.',
        'CannotDeleteOrUpdateEnabledEntitlement',
      );
    }
  }
}

/** The certificates that the list names: known ones by `keyId`, fresh ones with their DER in `key`. */
function readKeys(
  context: GraphContext,
  wishes: Json | undefined,
  known: readonly KeyCredential[],
): readonly KeyCredential[] {
  return objectsOf(wishes).map((wish) => {
    const existing = known.find((key) => key.keyId === wish.keyId);
    if (existing !== undefined && (wish.key ?? null) === null) return existing;
    const key = textOf(wish.key);
    const certificate = key === undefined ? undefined : parseCertificate(key);
    if (key === undefined || certificate === undefined) {
      throw badRequest(
        'The value for the property key of keyCredentials is invalid.',
        'KeyCredentialsInvalid',
      );
    }
    const start = textOf(wish.startDateTime) ?? new Date(certificate.validFrom).toISOString();
    const end = textOf(wish.endDateTime) ?? new Date(certificate.validTo).toISOString();
    if (Date.parse(end) > Date.parse(certificate.validTo)) {
      throw badRequest('Key credential end date is invalid.', 'KeyCredentialsInvalidEndDate');
    }
    return {
      keyId: textOf(wish.keyId) ?? context.directory.random.nextUuid('certificate key id'),
      displayName: textOf(wish.displayName) ?? certificate.subject,
      startDateTime: start.replace('.000Z', 'Z'),
      endDateTime: end.replace('.000Z', 'Z'),
      key,
      thumbprint: certificate.fingerprint.replaceAll(':', ''),
    };
  });
}

function parseCertificate(key: string): X509Certificate | undefined {
  try {
    return new X509Certificate(Buffer.from(key, 'base64'));
  } catch {
    return undefined;
  }
}
