/** What Microsoft Graph answers, as far as it is used here (learn.microsoft.com/graph/api/resources). */
import { z } from 'zod';

/** An app registration. */
export const applicationSchema = z.object({
  id: z.string().min(1),
  appId: z.string().min(1),
  displayName: z
    .string()
    .nullish()
    .transform((name) => name ?? ''),
  createdDateTime: z.string().nullish(),
  tags: z
    .array(z.string())
    .nullish()
    .transform((tags) => tags ?? []),
  passwordCredentials: z
    .array(
      z.object({
        keyId: z.string().min(1),
        displayName: z.string().nullish(),
        startDateTime: z.string().nullish(),
        endDateTime: z.string().nullish(),
      }),
    )
    .nullish()
    .transform((credentials) => credentials ?? []),
});

/** The service principal of an application, with the app roles that its API offers. */
export const servicePrincipalSchema = z.object({
  id: z.string().min(1),
  appId: z.string().min(1),
  displayName: z
    .string()
    .nullish()
    .transform((name) => name ?? ''),
  appRoles: z
    .array(z.object({ id: z.string().min(1), value: z.string().nullish() }))
    .nullish()
    .transform((roles) => roles ?? []),
});

/** An app role that was granted: a consent. */
export const appRoleAssignmentSchema = z.object({
  id: z.string().min(1),
  appRoleId: z.string().min(1),
  principalId: z.string().min(1),
  resourceId: z.string().min(1),
});

/** The last sign-in of one credential. The type of a key is `clientSecret` or `secret`, as the documentation has it both ways. */
export const credentialSignInSchema = z.object({
  appId: z.string().nullish(),
  keyId: z.string().min(1),
  keyType: z.string().nullish(),
  createdDateTime: z.string().nullish(),
  signInActivity: z.object({ lastSignInDateTime: z.string().nullish() }).nullish(),
});

const restrictionsSchema = z
  .object({
    passwordCredentials: z
      .array(
        z.object({
          restrictionType: z.string(),
          state: z.string().nullish(),
          /** ISO 8601 duration. */
          maxLifetime: z.string().nullish(),
          restrictForAppsCreatedAfterDateTime: z.string().nullish(),
        }),
      )
      .nullish(),
  })
  .nullish();

/** What the tenant allows applications unless they have a policy of their own. */
export const tenantAppManagementPolicySchema = z.object({
  displayName: z.string().nullish(),
  isEnabled: z.boolean().nullish(),
  applicationRestrictions: restrictionsSchema,
});

/** What the tenant allows single applications. */
export const appManagementPolicySchema = z.object({
  displayName: z.string().nullish(),
  isEnabled: z.boolean().nullish(),
  restrictions: restrictionsSchema,
});

export type CredentialSignIn = Readonly<z.output<typeof credentialSignInSchema>>;
export type TenantAppManagementPolicy = Readonly<z.output<typeof tenantAppManagementPolicySchema>>;
export type AppManagementPolicy = Readonly<z.output<typeof appManagementPolicySchema>>;
export type Application = Readonly<z.output<typeof applicationSchema>>;
export type ServicePrincipal = Readonly<z.output<typeof servicePrincipalSchema>>;
export type AppRoleAssignment = Readonly<z.output<typeof appRoleAssignmentSchema>>;

/** One page of a list. */
export const pageSchema = z.object({
  value: z.array(z.unknown()),
  '@odata.nextLink': z.string().optional(),
});
