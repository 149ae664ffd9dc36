/** The properties that applications and service principals may be given (Graph's reference, resource types of the same names). */
import { anyObject, type EntitySchema, flag, guid, integer, list, object, text, time } from './schema.js';

const URL_LIST = list(text({ nullable: false, max: 256, min: 1 }));
const TAGS = list(text({ nullable: false, max: 256, min: 1 }));

const APP_ROLE = object({
  allowedMemberTypes: list(text({ nullable: false, oneOf: ['User', 'Application'] })),
  description: text(),
  displayName: text({ max: 100 }),
  id: guid(),
  isEnabled: flag({ nullable: false }),
  origin: text(),
  value: text({ max: 250 }),
});

const PERMISSION_SCOPE = object({
  adminConsentDescription: text(),
  adminConsentDisplayName: text(),
  id: guid(),
  isEnabled: flag({ nullable: false }),
  origin: text(),
  type: text({ oneOf: ['User', 'Admin'] }),
  userConsentDescription: text(),
  userConsentDisplayName: text(),
  value: text({ max: 250 }),
});

export const PASSWORD_PROPERTIES = {
  customKeyIdentifier: text(),
  displayName: text({ max: 90 }),
  endDateTime: time(),
  startDateTime: time(),
} as const;

const KEY_CREDENTIAL = object({
  customKeyIdentifier: text(),
  displayName: text({ max: 90 }),
  endDateTime: time(),
  key: text(),
  keyId: guid(),
  startDateTime: time(),
  type: text({ nullable: false, oneOf: ['AsymmetricX509Cert'] }),
  usage: text({ nullable: false, oneOf: ['Verify'] }),
});

export const APPLICATION_SCHEMA: EntitySchema = {
  type: 'application',
  requiredAtCreate: ['displayName'],
  onlyAtCreate: ['passwordCredentials'],
  readOnly: [
    'id',
    'appId',
    'applicationTemplateId',
    'createdDateTime',
    'deletedDateTime',
    'disabledByMicrosoftStatus',
    'publisherDomain',
    'verifiedPublisher',
  ],
  bindings: ['owners'],
  properties: {
    api: object({
      acceptMappedClaims: flag(),
      knownClientApplications: list(guid()),
      oauth2PermissionScopes: list(PERMISSION_SCOPE),
      preAuthorizedApplications: list(anyObject()),
      requestedAccessTokenVersion: integer(1, 2),
    }),
    appRoles: list(APP_ROLE),
    description: text({ max: 1024 }),
    displayName: text({ nullable: false, min: 1, max: 256 }),
    groupMembershipClaims: text(),
    identifierUris: list(text({ nullable: false, min: 1, max: 255 })),
    info: object({
      logoUrl: text(),
      marketingUrl: text(),
      privacyStatementUrl: text(),
      supportUrl: text(),
      termsOfServiceUrl: text(),
    }),
    isDeviceOnlyAuthSupported: flag(),
    isFallbackPublicClient: flag(),
    keyCredentials: list(KEY_CREDENTIAL),
    notes: text(),
    oauth2RequirePostResponse: flag({ nullable: false }),
    optionalClaims: anyObject(),
    passwordCredentials: list(object(PASSWORD_PROPERTIES), { max: 1 }),
    publicClient: object({ redirectUris: URL_LIST }),
    requiredResourceAccess: list(
      object({
        resourceAppId: guid(),
        resourceAccess: list(
          object({ id: guid(), type: text({ nullable: false, oneOf: ['Role', 'Scope'] }) }),
        ),
      }),
      { max: 50 },
    ),
    serviceManagementReference: text(),
    signInAudience: text({
      nullable: false,
      oneOf: [
        'AzureADMyOrg',
        'AzureADMultipleOrgs',
        'AzureADandPersonalMicrosoftAccount',
        'PersonalMicrosoftAccount',
      ],
    }),
    spa: object({ redirectUris: URL_LIST }),
    tags: TAGS,
    web: object({
      homePageUrl: text(),
      implicitGrantSettings: object({ enableAccessTokenIssuance: flag(), enableIdTokenIssuance: flag() }),
      logoutUrl: text(),
      redirectUris: URL_LIST,
    }),
  },
};

export const PRINCIPAL_SCHEMA: EntitySchema = {
  type: 'servicePrincipal',
  requiredAtCreate: ['appId'],
  onlyAtCreate: ['appId'],
  readOnly: [
    'id',
    'appDisplayName',
    'appOwnerOrganizationId',
    'createdDateTime',
    'deletedDateTime',
    'displayName',
    'oauth2PermissionScopes',
    'samlMetadataUrl',
    'servicePrincipalType',
    'signInAudience',
  ],
  bindings: ['owners'],
  properties: {
    accountEnabled: flag({ nullable: false }),
    alternativeNames: list(text({ nullable: false })),
    appId: guid(),
    appRoleAssignmentRequired: flag({ nullable: false }),
    description: text({ max: 1024 }),
    loginUrl: text(),
    notes: text(),
    notificationEmailAddresses: list(text({ nullable: false })),
    preferredSingleSignOnMode: text({ oneOf: ['notSupported', 'oidc', 'password', 'saml'] }),
    samlSingleSignOnSettings: object({ relayState: text() }),
    tags: TAGS,
  },
};

export const FEDERATED_SCHEMA: EntitySchema = {
  type: 'federatedIdentityCredential',
  requiredAtCreate: ['name', 'issuer', 'subject', 'audiences'],
  onlyAtCreate: ['name'],
  readOnly: ['id'],
  bindings: [],
  properties: {
    audiences: list(text({ nullable: false, min: 1, max: 600 }), { max: 1 }),
    description: text({ max: 600 }),
    issuer: text({ nullable: false, min: 1, max: 600 }),
    name: text({ nullable: false, max: 120, pattern: /^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/ }),
    subject: text({ nullable: false, min: 1, max: 600 }),
  },
};
