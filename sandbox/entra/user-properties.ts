/** The properties of a user that has none. */
import type { JsonObject } from '../json.js';

/** Every property that the sandbox keeps of a user, empty. */
export function emptyUser(): JsonObject {
  return {
    accountEnabled: true,
    ageGroup: null,
    assignedLicenses: [],
    businessPhones: [],
    city: null,
    companyName: null,
    consentProvidedForMinor: null,
    country: null,
    department: null,
    displayName: null,
    employeeHireDate: null,
    employeeId: null,
    employeeOrgData: null,
    employeeType: null,
    externalUserState: null,
    faxNumber: null,
    givenName: null,
    jobTitle: null,
    mail: null,
    mailNickname: null,
    mobilePhone: null,
    officeLocation: null,
    onPremisesImmutableId: null,
    onPremisesSyncEnabled: null,
    otherMails: [],
    passwordPolicies: null,
    postalCode: null,
    preferredLanguage: null,
    proxyAddresses: [],
    showInAddressList: null,
    state: null,
    streetAddress: null,
    surname: null,
    usageLocation: null,
    userPrincipalName: null,
    userType: 'Member',
  };
}
