/** Consents to application permissions, as Entra holds them. */
import type { GraphClient } from '../graph/client.js';
import { API_CLIENT_IDS, type Api } from './permissions.js';

/** A consent to one application permission. */
export interface Consent {
  readonly api: Api;
  /** Value of the permission, such as `full_access_as_app`. */
  readonly permission: string;
  readonly assignmentId: string;
  /** Id by which the azuread provider imports it. */
  readonly importId: string;
}

/** Name of a consent within one application. */
export function consentKey({ api, permission }: Pick<Consent, 'api' | 'permission'>): string {
  return `${api}/${permission}`;
}

/** All consents of a service principal to permissions of Exchange Online and Microsoft Graph. */
export async function findConsents(graph: GraphClient, principalId: string): Promise<readonly Consent[]> {
  const perApi = (Object.keys(API_CLIENT_IDS) as Api[]).map(async (api) => {
    const resource = await graph.findServicePrincipal(API_CLIENT_IDS[api]);
    if (resource === undefined) return [];
    const granted = await graph.listAppRoleAssignedTo(resource.id, principalId);
    return granted.map(({ id, appRoleId }) => ({
      api,
      permission: resource.appRoles.find((role) => role.id === appRoleId)?.value ?? appRoleId,
      assignmentId: id,
      importId: `/servicePrincipals/${resource.id}/appRoleAssignedTo/${id}`,
    }));
  });
  return (await Promise.all(perApi)).flat();
}

/** Import ids by {@link consentKey}. */
export function importIds(consents: readonly Consent[]): Readonly<Record<string, string>> {
  return Object.fromEntries(consents.map((consent) => [consentKey(consent), consent.importId]));
}
