/** The properties of applications, service principals and groups that were given none. */
import type { JsonObject } from '../json.js';

export function emptyApplication(): JsonObject {
  return {
    api: {
      acceptMappedClaims: null,
      knownClientApplications: [],
      oauth2PermissionScopes: [],
      preAuthorizedApplications: [],
      requestedAccessTokenVersion: null,
    },
    appRoles: [],
    applicationTemplateId: null,
    description: null,
    disabledByMicrosoftStatus: null,
    displayName: null,
    groupMembershipClaims: null,
    identifierUris: [],
    info: {
      logoUrl: null,
      marketingUrl: null,
      privacyStatementUrl: null,
      supportUrl: null,
      termsOfServiceUrl: null,
    },
    isDeviceOnlyAuthSupported: null,
    isFallbackPublicClient: null,
    notes: null,
    oauth2RequirePostResponse: false,
    optionalClaims: null,
    publicClient: { redirectUris: [] },
    requiredResourceAccess: [],
    serviceManagementReference: null,
    signInAudience: 'AzureADMyOrg',
    spa: { redirectUris: [] },
    tags: [],
    web: {
      homePageUrl: null,
      implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false },
      logoutUrl: null,
      redirectUris: [],
    },
  };
}

export function emptyServicePrincipal(): JsonObject {
  return {
    accountEnabled: true,
    alternativeNames: [],
    appRoleAssignmentRequired: false,
    description: null,
    loginUrl: null,
    notes: null,
    notificationEmailAddresses: [],
    preferredSingleSignOnMode: null,
    samlSingleSignOnSettings: null,
    tags: [],
  };
}

export function emptyGroup(): JsonObject {
  return {
    allowExternalSenders: false,
    autoSubscribeNewMembers: false,
    classification: null,
    description: null,
    displayName: null,
    groupTypes: [],
    hideFromAddressLists: false,
    hideFromOutlookClients: false,
    isAssignableToRole: null,
    mail: null,
    mailEnabled: false,
    mailNickname: null,
    membershipRule: null,
    membershipRuleProcessingState: null,
    proxyAddresses: [],
    resourceBehaviorOptions: [],
    resourceProvisioningOptions: [],
    securityEnabled: false,
    theme: null,
    visibility: null,
  };
}
