/**
 * The Entra side as one component: registration, service principal, consent, and the secret slots that the ledger names.
 */
import * as azuread from '@pulumi/azuread';
import * as pulumi from '@pulumi/pulumi';
import { SLOTS, type SlotName, secretName } from '../rotation/ledger.js';
import type { AdoptedRegistration } from './adoption.js';
import { consentKey } from './consents.js';
import type { ApiInTenant, DirectoryFacts } from './directory-look-up.js';
import { API_CLIENT_IDS, type Api, type ApiPermissions } from './permissions.js';

/** A secret that shall exist. `endDate` is RFC 3339 in UTC; a new `generation` makes a new secret. */
export interface SecretSlot {
  readonly generation: number;
  readonly endDate: string;
}

export interface InteropApplicationArgs {
  /** Display name of the registration; no other registration in the tenant may have it. Unused where one is adopted. */
  readonly displayName: string;
  /** Tag by which the registration is found again (registration-tag.ts). */
  readonly tag: string;
  /** Application permissions to declare and to consent to. */
  readonly permissions: readonly ApiPermissions[];
  /** What {@link lookUpDirectory} found for these permissions and for the owners, in the same tenant. */
  readonly directory: DirectoryFacts;
  /** The secrets that the ledger says shall exist: at most two. */
  readonly slots: Readonly<Partial<Record<SlotName, SecretSlot | undefined>>>;
  /** The slot whose secret Google holds. */
  readonly current: SlotName;
  /** An existing registration to take over instead of creating one. */
  readonly adopt?: AdoptedRegistration | undefined;
  /** What must have gone well before a secret is made or removed: the guard against a stale ledger. */
  readonly guard?: pulumi.Resource | undefined;
  /** What an interrupted run of this stack made and the state does not know. */
  readonly takeUp?: TakenUp | undefined;
}

/**
 * Resources of this stack's own that are in Entra and not in the state, as import ids. They are imported as they are, half-made
 * perhaps; the next run, without this, makes them as declared.
 */
export interface TakenUp {
  readonly application?: string | undefined;
  readonly servicePrincipal?: string | undefined;
  /** By {@link consentKey}. */
  readonly consents: Readonly<Record<string, string>>;
}

/** What can be told of a secret without telling it. */
export interface SecretSlotOutput {
  readonly name: string;
  readonly keyId: string;
  readonly endDate: string;
}

/**
 * All properties of a registration that the provider knows. An adopted one keeps them: nothing of somebody else's registration may
 * be lost; one that is taken up is imported with the properties that it has.
 */
const APPLICATION_PROPERTIES = [
  'api',
  'appRoles',
  'description',
  'deviceOnlyAuthEnabled',
  'displayName',
  'fallbackPublicClientEnabled',
  'featureTags',
  'groupMembershipClaims',
  'identifierUris',
  'logoImage',
  'marketingUrl',
  'notes',
  'oauth2PostResponseRequired',
  'optionalClaims',
  'owners',
  'password',
  'preventDuplicateNames',
  'privacyStatementUrl',
  'publicClient',
  'requiredResourceAccesses',
  'serviceManagementReference',
  'signInAudience',
  'singlePageApplication',
  'supportUrl',
  'tags',
  'termsOfServiceUrl',
  'web',
] as const;

/** The same of a service principal. */
const PRINCIPAL_PROPERTIES = [
  'accountEnabled',
  'alternativeNames',
  'appRoleAssignmentRequired',
  'description',
  'featureTags',
  'features',
  'loginUrl',
  'notes',
  'notificationEmailAddresses',
  'owners',
  'preferredSingleSignOnMode',
  'samlSingleSignOn',
  'tags',
] as const;

/** Portal's mark of an application that shows under "Enterprise applications" (terraform-provider-azuread, feature_tags). */
const ENTERPRISE_APPLICATION_TAG = 'WindowsAzureActiveDirectoryIntegratedApp';

/** How long Entra may take to let a fresh registration be seen everywhere; the provider's own 5 to 10 minutes were too short at times. */
const REPLICATION_TIMEOUT = '15m';

/**
 * Registration, service principal, consent and secrets of one tenant. Pass `{providers: {azuread}}` to work on another tenant
 * than the stack's.
 */
export class InteropApplication extends pulumi.ComponentResource {
  readonly clientId: pulumi.Output<string>;
  readonly objectId: pulumi.Output<string>;
  readonly displayName: pulumi.Output<string>;
  readonly servicePrincipalId: pulumi.Output<string>;
  /** Ids of the app role assignments that are this stack's consents. */
  readonly consentIds: pulumi.Output<readonly string[]>;
  /** Key ids and expiry of the slots in use. */
  readonly secretSlots: pulumi.Output<Partial<Record<SlotName, SecretSlotOutput>>>;
  /** The secret of the current slot, marked as a secret. */
  readonly currentSecret: pulumi.Output<string>;

  constructor(name: string, args: InteropApplicationArgs, options?: pulumi.ComponentResourceOptions) {
    super('calendar-interop:identity:InteropApplication', name, {}, options);
    const application = this.#declareRegistration(name, args);
    const principal = this.#declareServicePrincipal(name, args, application);
    const consents = this.#declareConsent(name, args, principal);
    const secrets = this.#declareSecrets(name, args, application);

    this.clientId = application.clientId;
    this.objectId = application.objectId;
    this.displayName = application.displayName;
    this.servicePrincipalId = principal.objectId;
    this.consentIds = pulumi.all(consents.map(({ id }) => id)).apply((ids) => ids.map(lastSegment));
    this.secretSlots = describeSecrets(args, secrets);
    this.currentSecret = currentSecretOf(args, secrets);
    this.registerOutputs({ clientId: this.clientId, objectId: this.objectId, secretSlots: this.secretSlots });
  }

  #declareRegistration(name: string, args: InteropApplicationArgs): azuread.Application {
    if (args.adopt !== undefined) {
      // Under another name than one that is made: it can never be taken for that one.
      return new azuread.Application(
        `${name}-adopted`,
        { displayName: args.adopt.displayName },
        {
          parent: this,
          import: `/applications/${args.adopt.objectId}`,
          ignoreChanges: [...APPLICATION_PROPERTIES],
          retainOnDelete: true,
        },
      );
    }
    return new azuread.Application(
      name,
      {
        displayName: args.displayName,
        owners: ownerIds(args.directory),
        preventDuplicateNames: true,
        requiredResourceAccesses: args.permissions.map((wish) => ({
          resourceAppId: API_CLIENT_IDS[wish.api],
          resourceAccesses: wish.permissions.map((permission) => ({
            id: roleIdOf(args.directory, wish.api, permission),
            type: 'Role',
          })),
        })),
        signInAudience: 'AzureADMyOrg',
        tags: [args.tag],
      },
      {
        parent: this,
        customTimeouts: { create: REPLICATION_TIMEOUT },
        ...importAsItIs(args.takeUp?.application, APPLICATION_PROPERTIES),
      },
    );
  }

  #declareServicePrincipal(
    name: string,
    args: InteropApplicationArgs,
    application: azuread.Application,
  ): azuread.ServicePrincipal {
    const found = args.adopt?.servicePrincipalId;
    if (found !== undefined) {
      return new azuread.ServicePrincipal(
        `${name}-adopted`,
        { clientId: application.clientId },
        {
          parent: this,
          import: `/servicePrincipals/${found}`,
          ignoreChanges: [...PRINCIPAL_PROPERTIES],
          retainOnDelete: true,
        },
      );
    }
    return new azuread.ServicePrincipal(
      name,
      {
        clientId: application.clientId,
        owners: [args.directory.callerId],
        tags: [ENTERPRISE_APPLICATION_TAG, args.tag],
      },
      {
        parent: this,
        customTimeouts: { create: REPLICATION_TIMEOUT },
        ...importAsItIs(args.takeUp?.servicePrincipal, PRINCIPAL_PROPERTIES),
      },
    );
  }

  /** An assignment of an application permission *is* admin consent (terraform-provider-azuread, app_role_assignment). */
  #declareConsent(
    name: string,
    args: InteropApplicationArgs,
    principal: azuread.ServicePrincipal,
  ): readonly azuread.AppRoleAssignment[] {
    const consents: azuread.AppRoleAssignment[] = [];
    for (const { api, permissions } of args.permissions) {
      for (const permission of permissions) {
        const existing = args.adopt?.consents[consentKey({ api, permission })];
        const consent = new azuread.AppRoleAssignment(
          `${name}-${permission}`,
          {
            appRoleId: roleIdOf(args.directory, api, permission),
            principalObjectId: principal.objectId,
            resourceObjectId: apiIn(args.directory, api).objectId,
          },
          {
            parent: this,
            customTimeouts: { create: REPLICATION_TIMEOUT },
            ...importAsItIs(args.takeUp?.consents[consentKey({ api, permission })], []),
            ...(existing === undefined ? {} : { import: existing, retainOnDelete: true }),
          },
        );
        consents.push(consent);
      }
    }
    return consents;
  }

  #declareSecrets(
    name: string,
    args: InteropApplicationArgs,
    application: azuread.Application,
  ): Partial<Record<SlotName, azuread.ApplicationPassword>> {
    const secrets: Partial<Record<SlotName, azuread.ApplicationPassword>> = {};
    for (const slot of SLOTS) {
      const wish = args.slots[slot];
      if (wish === undefined) continue;
      secrets[slot] = new azuread.ApplicationPassword(
        `${name}-secret-${slot}`,
        {
          applicationId: application.id,
          displayName: secretName(slot, wish.generation),
          endDate: wish.endDate,
          rotateWhenChanged: { generation: String(wish.generation) },
        },
        // Pulumi creates before it deletes: without this a slot would hold two secrets for a moment, and the tenant three.
        {
          parent: this,
          deleteBeforeReplace: true,
          additionalSecretOutputs: ['value'],
          ...(args.guard === undefined ? {} : { dependsOn: args.guard }),
        },
      );
    }
    return secrets;
  }
}

/** Options that import what exists without comparing it with what is declared; none where there is nothing to import. */
function importAsItIs(id: string | undefined, properties: readonly string[]): pulumi.CustomResourceOptions {
  return id === undefined ? {} : { import: id, ignoreChanges: [...properties] };
}

/** The principal that runs Pulumi stays an owner: under Application.ReadWrite.OwnedBy it would lock itself out otherwise. */
function ownerIds(directory: DirectoryFacts): string[] {
  return [...new Set([directory.callerId, ...directory.ownerIds])];
}

function apiIn(directory: DirectoryFacts, api: Api): ApiInTenant {
  const found = directory.apis.get(api);
  if (found === undefined) throw new Error(`the API ${api} was not looked up`);
  return found;
}

function roleIdOf(directory: DirectoryFacts, api: Api, permission: string): string {
  const id = apiIn(directory, api).roleIds[permission];
  if (id === undefined) throw new Error(`the permission ${permission} was not looked up`);
  return id;
}

/** The provider's ids are paths: `/servicePrincipals/<id>/appRoleAssignedTo/<id>`. */
function lastSegment(id: string | undefined): string {
  return id?.slice(id.lastIndexOf('/') + 1) ?? '';
}

function describeSecrets(
  args: InteropApplicationArgs,
  secrets: Partial<Record<SlotName, azuread.ApplicationPassword>>,
): pulumi.Output<Partial<Record<SlotName, SecretSlotOutput>>> {
  const described: Partial<Record<SlotName, pulumi.Output<SecretSlotOutput>>> = {};
  for (const slot of SLOTS) {
    const secret = secrets[slot];
    const wish = args.slots[slot];
    if (secret === undefined || wish === undefined) continue;
    described[slot] = secret.keyId.apply((keyId) => ({
      name: secretName(slot, wish.generation),
      keyId,
      endDate: wish.endDate,
    }));
  }
  return pulumi.output(described) as pulumi.Output<Partial<Record<SlotName, SecretSlotOutput>>>;
}

function currentSecretOf(
  args: InteropApplicationArgs,
  secrets: Partial<Record<SlotName, azuread.ApplicationPassword>>,
): pulumi.Output<string> {
  const current = secrets[args.current];
  if (current === undefined)
    throw new Error(`the ledger calls slot ${args.current} current, but the slot is empty`);
  return pulumi.secret(current.value);
}
