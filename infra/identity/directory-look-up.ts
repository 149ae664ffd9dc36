/**
 * What must be known of the tenant before the identity can be declared: Microsoft's own APIs with their permissions, and who the
 * owners are.
 *
 * Looked up before anything is declared, with promises: a mistake then ends the program with all mistakes at once, instead of
 * failing in the middle of a run.
 */
import * as azuread from '@pulumi/azuread';
import type * as pulumi from '@pulumi/pulumi';
import { InteropError, type Problem } from '../errors.js';
import { API_CLIENT_IDS, type Api, type ApiPermissions } from './permissions.js';

/** One of Microsoft's APIs as it stands in the tenant. */
export interface ApiInTenant {
  /** Object id of its service principal. */
  readonly objectId: string;
  /** Ids of its application permissions, by value. */
  readonly roleIds: Readonly<Record<string, string>>;
}

/** What was looked up. */
export interface DirectoryFacts {
  readonly apis: ReadonlyMap<Api, ApiInTenant>;
  /** Object id of the principal that runs Pulumi. */
  readonly callerId: string;
  /** Object ids of the owners that were asked for. */
  readonly ownerIds: readonly string[];
}

/**
 * @param options `{provider}` for another tenant than the stack's
 * @throws InteropError of kind `configuration` with every permission and every owner that the tenant does not have
 */
export async function lookUpDirectory(
  wishes: { readonly permissions: readonly ApiPermissions[]; readonly owners: readonly string[] },
  options: pulumi.InvokeOptions = {},
): Promise<DirectoryFacts> {
  const [caller, apis, owners] = await Promise.all([
    azuread.getClientConfig(options),
    Promise.all(
      wishes.permissions.map(async (wish) => [wish.api, await lookUpApi(wish.api, options)] as const),
    ),
    Promise.all(wishes.owners.map((owner, index) => lookUpOwner(owner, index, options))),
  ]);
  const found = new Map(apis);
  const problems = [
    ...wishes.permissions.flatMap((wish) => missingPermissions(wish, found.get(wish.api))),
    ...owners.filter((owner) => typeof owner !== 'string'),
  ];
  if (problems.length > 0) throw notInTenant(problems);
  return {
    apis: found,
    callerId: caller.objectId,
    ownerIds: owners.filter((owner) => typeof owner === 'string'),
  };
}

/** First-party service principals are only looked up: one that is managed is deleted on destroy, Microsoft's own included. */
async function lookUpApi(api: Api, options: pulumi.InvokeOptions): Promise<ApiInTenant> {
  const { objectId, appRoleIds } = await azuread.getServicePrincipal(
    { clientId: API_CLIENT_IDS[api] },
    options,
  );
  return { objectId, roleIds: appRoleIds };
}

async function lookUpOwner(
  owner: string,
  index: number,
  options: pulumi.InvokeOptions,
): Promise<string | Problem> {
  if (!owner.includes('@')) return owner;
  try {
    return (await azuread.getUser({ userPrincipalName: owner }, options)).objectId;
  } catch (error) {
    return {
      where: `calendar-interop:registration.owners[${index}]`,
      what: `could not be looked up: ${error instanceof Error ? error.message : String(error)}`,
      found: JSON.stringify(owner),
      allowed: 'the user principal name of a user in this tenant, or an object id',
    };
  }
}

function missingPermissions(wish: ApiPermissions, api: ApiInTenant | undefined): readonly Problem[] {
  const known = Object.keys(api?.roleIds ?? {}).sort();
  return wish.permissions
    .filter((permission) => !known.includes(permission))
    .map((permission) => ({
      where: 'calendar-interop:registration.graphPermissions',
      what: `${wish.api} has no such application permission in this tenant`,
      found: JSON.stringify(permission),
      allowed: known.join(', '),
    }));
}

function notInTenant(problems: readonly Problem[]): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary: 'the configuration names what the tenant does not have',
    problems,
    next: ["correct the stack's file Pulumi.<stack>.yaml and run the command again"],
  });
}
