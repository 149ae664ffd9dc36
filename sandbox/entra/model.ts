/** What the directory holds. Graph's properties stay in `properties`, in Graph's own form; the rest is what they rest upon. */
import type { JsonObject } from '../json.js';

/** Times in milliseconds of the sandbox's clock. */
export interface Stored {
  readonly id: string;
  readonly createdAt: number;
  /** Until then reads do not see it (fault replicationDelay). */
  readonly visibleAt: number;
}

export interface PasswordCredential {
  readonly keyId: string;
  readonly displayName: string | null;
  /** As Graph shows it: UTC, no fraction unless there is one. */
  readonly startDateTime: string;
  readonly endDateTime: string;
  /** The first three characters of the secret. */
  readonly hint: string;
  /** SHA-256 of the secret, in hex: the secret itself is not kept. */
  readonly secretHash: string;
  readonly visibleAt: number;
}

export interface KeyCredential {
  readonly keyId: string;
  readonly displayName: string | null;
  readonly startDateTime: string;
  readonly endDateTime: string;
  /** Base64 of the certificate's DER. */
  readonly key: string;
  /** Upper-case hex, SHA-1: what Graph calls customKeyIdentifier. */
  readonly thumbprint: string;
}

export interface FederatedCredential extends Stored {
  readonly name: string;
  readonly description: string | null;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

export interface Application extends Stored {
  readonly kind: 'application';
  readonly appId: string;
  readonly properties: JsonObject;
  readonly passwords: readonly PasswordCredential[];
  readonly keys: readonly KeyCredential[];
  readonly federated: readonly FederatedCredential[];
  readonly owners: readonly string[];
}

export interface ServicePrincipal extends Stored {
  readonly kind: 'servicePrincipal';
  readonly appId: string;
  readonly properties: JsonObject;
  readonly owners: readonly string[];
  /** Present where the application is Microsoft's: it is not in this tenant. */
  readonly firstParty?: FirstPartyApplication | undefined;
}

/** What a first-party service principal shows of an application that lives elsewhere. */
export interface FirstPartyApplication {
  readonly displayName: string;
  readonly ownerTenantId: string;
  readonly servicePrincipalNames: readonly string[];
  readonly appRoles: readonly AppRole[];
}

export interface AppRole {
  readonly id: string;
  readonly value: string;
  readonly displayName: string;
}

export interface AppRoleAssignment extends Stored {
  readonly kind: 'appRoleAssignment';
  readonly appRoleId: string;
  readonly principalId: string;
  readonly resourceId: string;
}

export interface User extends Stored {
  readonly kind: 'user';
  readonly properties: JsonObject;
  readonly manager: string | null;
}

export interface Group extends Stored {
  readonly kind: 'group';
  readonly properties: JsonObject;
  readonly owners: readonly string[];
  readonly members: readonly string[];
}

export interface RoleDefinition {
  readonly id: string;
  readonly displayName: string;
  readonly description: string;
}

/** A directory role that somebody holds, for the whole tenant. */
export interface RoleAssignment extends Stored {
  readonly kind: 'roleAssignment';
  readonly roleDefinitionId: string;
  readonly principalId: string;
}

export interface Domain {
  readonly id: string;
  readonly isDefault: boolean;
  readonly isInitial: boolean;
  readonly isVerified: boolean;
}

/** What can be found by its object id alone, and be an owner or a member. */
export type DirectoryObject = Application | ServicePrincipal | User | Group;

/** A soft-deleted object, with the time of its deletion. */
export interface DeletedObject {
  readonly object: DirectoryObject;
  readonly deletedAt: number;
}
