/**
 * Taking over a registration that somebody made by hand: what was there before is imported and outlives `destroy`.
 */
import * as pulumi from '@pulumi/pulumi';
import { InteropError } from '../errors.js';
import type { GraphClient } from '../graph/client.js';
import { API_CLIENT_IDS, type Api, type ApiPermissions } from './permissions.js';

/** What stood in the tenant when the registration was adopted. Kept as a stack output, so that later runs remember it. */
export interface AdoptedRegistration {
  readonly clientId: string;
  readonly objectId: string;
  readonly displayName: string;
  readonly servicePrincipalId?: string | undefined;
  /** Import ids of consents that were there already, by {@link consentKey}. */
  readonly consents: Readonly<Record<string, string>>;
}

/** Key of a consent in {@link AdoptedRegistration.consents}. */
export function consentKey(api: Api, permission: string): string {
  return `${api}/${permission}`;
}

/** Name of the stack output that remembers an adoption. */
export const ADOPTED_OUTPUT = 'adopted';

/**
 * What stood in the tenant when this stack adopted `clientId`: remembered from the stack's own last outputs or, the first
 * time, looked up. The memory is what keeps `destroy` from removing a grant that was there before us.
 *
 * @throws InteropError of kind `configuration` when there is no such registration in the tenant.
 */
export async function rememberAdoption(
  clientId: string,
  wanted: readonly ApiPermissions[],
  graph: () => Promise<GraphClient>,
): Promise<AdoptedRegistration> {
  const own = new pulumi.StackReference(
    `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  );
  const { value } = await own.getOutputDetails(ADOPTED_OUTPUT);
  const remembered = value as AdoptedRegistration | undefined;
  if (remembered?.clientId === clientId) return remembered;
  return await lookUpAdoption(clientId, wanted, await graph());
}

async function lookUpAdoption(
  clientId: string,
  wanted: readonly ApiPermissions[],
  graph: GraphClient,
): Promise<AdoptedRegistration> {
  const application = await graph.getApplication({ appId: clientId });
  if (application === undefined) {
    throw new InteropError({
      kind: 'configuration',
      summary: 'the registration to adopt does not exist in the tenant',
      problems: [
        {
          where: 'calendar-interop:registration.adopt',
          what: 'no app registration has this client id',
          found: clientId,
          allowed: 'the application (client) id of a registration in this tenant, or no `adopt` at all',
        },
      ],
      next: ['az ad app list --show-mine --query "[].{name:displayName, clientId:appId}"'],
    });
  }
  const principal = await graph.findServicePrincipal(clientId);
  return {
    clientId,
    objectId: application.id,
    displayName: application.displayName,
    servicePrincipalId: principal?.id,
    consents: principal === undefined ? {} : await findConsents(graph, principal.id, wanted),
  };
}

async function findConsents(
  graph: GraphClient,
  principalId: string,
  wanted: readonly ApiPermissions[],
): Promise<Record<string, string>> {
  const consents: Record<string, string> = {};
  for (const { api, permissions } of wanted) {
    const resource = await graph.findServicePrincipal(API_CLIENT_IDS[api]);
    if (resource === undefined) continue;
    const granted = await graph.listAppRoleAssignedTo(resource.id, principalId);
    for (const permission of permissions) {
      const role = resource.appRoles.find((candidate) => candidate.value === permission);
      const assignment = granted.find((candidate) => candidate.appRoleId === role?.id);
      if (assignment === undefined) continue;
      consents[consentKey(api, permission)] =
        `/servicePrincipals/${resource.id}/appRoleAssignedTo/${assignment.id}`;
    }
  }
  return consents;
}
