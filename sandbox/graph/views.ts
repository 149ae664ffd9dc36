/** Directory objects as Graph shows them. */
import { isoSeconds } from '../clock.js';
import type { Directory } from '../entra/directory.js';
import type {
  Application,
  AppRoleAssignment,
  DirectoryObject,
  FederatedCredential,
  Group,
  PasswordCredential,
  ServicePrincipal,
  User,
} from '../entra/model.js';
import { isJsonObject, type Json, type JsonObject, objectsOf, textsOf } from '../json.js';

type Version = 'v1.0' | 'beta';

export function viewApplication(directory: Directory, application: Application): JsonObject {
  const domain = directory.tenant.domains.find((candidate) => candidate.isDefault);
  return {
    id: application.id,
    deletedDateTime: null,
    appId: application.appId,
    createdDateTime: isoSeconds(application.createdAt),
    publisherDomain: domain?.id ?? null,
    verifiedPublisher: { addedDateTime: null, displayName: null, verifiedPublisherId: null },
    keyCredentials: application.keys.map((key) => ({
      customKeyIdentifier: key.thumbprint,
      displayName: key.displayName,
      endDateTime: key.endDateTime,
      // Shown only by a request of its own kind in Graph.
      key: null,
      keyId: key.keyId,
      startDateTime: key.startDateTime,
      type: 'AsymmetricX509Cert',
      usage: 'Verify',
    })),
    passwordCredentials: application.passwords
      .filter((password) => directory.sees(password))
      .map((password) => viewPassword(password)),
    ...application.properties,
  };
}

/** With `secretText` it is the one answer that shows the secret. */
export function viewPassword(password: PasswordCredential, secretText: string | null = null): JsonObject {
  return {
    customKeyIdentifier: null,
    displayName: password.displayName,
    endDateTime: password.endDateTime,
    hint: password.hint,
    keyId: password.keyId,
    secretText,
    startDateTime: password.startDateTime,
  };
}

export function viewFederated(credential: FederatedCredential): JsonObject {
  return {
    id: credential.id,
    name: credential.name,
    issuer: credential.issuer,
    subject: credential.subject,
    description: credential.description,
    audiences: credential.audiences,
  };
}

/** What belongs to the application is shown as it is there now. */
export function viewPrincipal(
  directory: Directory,
  principal: ServicePrincipal,
  version: Version = 'v1.0',
): JsonObject {
  const application = directory.applicationByAppId(principal.appId)?.properties ?? {};
  const web = isJsonObject(application.web) ? application.web : {};
  const api = isJsonObject(application.api) ? application.api : {};
  const redirects = ['web', 'spa', 'publicClient'].flatMap((platform) => {
    const settings = application[platform];
    return isJsonObject(settings) ? textsOf(settings.redirectUris) : [];
  });
  const name = directory.nameOf(principal);
  return {
    id: principal.id,
    deletedDateTime: null,
    appDescription: application.description ?? null,
    appDisplayName: name,
    appId: principal.appId,
    appOwnerOrganizationId: principal.firstParty?.ownerTenantId ?? directory.tenant.id,
    appRoles: principal.firstParty?.appRoles.map(viewFirstPartyRole) ?? objectsOf(application.appRoles),
    applicationTemplateId: null,
    createdDateTime: isoSeconds(principal.createdAt),
    disabledByMicrosoftStatus: null,
    displayName: name,
    homepage: web.homePageUrl ?? null,
    keyCredentials: [],
    logoutUrl: web.logoutUrl ?? null,
    oauth2PermissionScopes: objectsOf(api.oauth2PermissionScopes),
    passwordCredentials: [],
    replyUrls: redirects,
    servicePrincipalNames: directory.namesOf(principal),
    servicePrincipalType: 'Application',
    signInAudience: application.signInAudience ?? 'AzureADMultipleOrgs',
    ...(version === 'beta' ? { samlMetadataUrl: null } : {}),
    ...principal.properties,
  };
}

function viewFirstPartyRole(role: { id: string; value: string; displayName: string }): JsonObject {
  return {
    allowedMemberTypes: ['Application'],
    description: role.displayName,
    displayName: role.displayName,
    id: role.id,
    isEnabled: true,
    origin: 'Application',
    value: role.value,
  };
}

export function viewAssignment(directory: Directory, assignment: AppRoleAssignment): JsonObject {
  const principal = directory.servicePrincipals.get(assignment.principalId);
  const resource = directory.servicePrincipals.get(assignment.resourceId);
  return {
    id: assignment.id,
    deletedDateTime: null,
    appRoleId: assignment.appRoleId,
    createdDateTime: isoSeconds(assignment.createdAt),
    principalDisplayName: principal === undefined ? null : directory.nameOf(principal),
    principalId: assignment.principalId,
    principalType: 'ServicePrincipal',
    resourceDisplayName: resource === undefined ? null : directory.nameOf(resource),
    resourceId: assignment.resourceId,
  };
}

/** What v1.0 shows of a user unless `$select` asks for more. */
const USER_DEFAULTS = [
  'businessPhones',
  'displayName',
  'givenName',
  'id',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
];

/** All of a user. */
export function viewUser(user: User): JsonObject {
  return {
    id: user.id,
    deletedDateTime: null,
    createdDateTime: isoSeconds(user.createdAt),
    ...user.properties,
  };
}

/** What Graph shows of a user that nothing was selected of. */
export function defaultProperties(user: JsonObject, version: Version): JsonObject {
  if (version === 'beta') return user;
  return Object.fromEntries(
    Object.entries(user).filter(([name]) => name === '@odata.type' || USER_DEFAULTS.includes(name)),
  );
}

export function viewGroup(group: Group): JsonObject {
  return {
    id: group.id,
    deletedDateTime: null,
    createdDateTime: isoSeconds(group.createdAt),
    ...group.properties,
  };
}

/** An object in a list of mixed kinds, which clients tell apart by `@odata.type`. */
export function viewMixed(directory: Directory, object: DirectoryObject): JsonObject {
  return { '@odata.type': `#microsoft.graph.${object.kind}`, ...viewObject(directory, object) };
}

export function viewObject(directory: Directory, object: DirectoryObject): JsonObject {
  switch (object.kind) {
    case 'application':
      return viewApplication(directory, object);
    case 'servicePrincipal':
      return viewPrincipal(directory, object);
    case 'user':
      return viewUser(object);
    case 'group':
      return viewGroup(object);
  }
}

/** The view with the time of deletion. */
export function deletedView(view: JsonObject, deletedAt: number): JsonObject {
  const shown: Record<string, Json> = { ...view };
  shown.deletedDateTime = isoSeconds(deletedAt);
  return shown;
}
