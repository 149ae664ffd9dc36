/** Pulumi's tokens for the azuread resources of the program. */
export const AZUREAD_TYPES = {
  application: 'azuread:index/application:Application',
  servicePrincipal: 'azuread:index/servicePrincipal:ServicePrincipal',
  consent: 'azuread:index/appRoleAssignment:AppRoleAssignment',
  secret: 'azuread:index/applicationPassword:ApplicationPassword',
} as const;
