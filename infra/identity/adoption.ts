/**
 * Taking over a registration that somebody made by hand: what was there before is imported and outlives `destroy`.
 */
import * as pulumi from '@pulumi/pulumi';
import { InteropError } from '../errors.js';
import type { GraphClient } from '../graph/client.js';
import { findConsents, importIds } from './consents.js';

/** What stood in the tenant when the registration was adopted. Kept as a stack output, so that later runs remember it. */
export interface AdoptedRegistration {
  readonly clientId: string;
  readonly objectId: string;
  readonly displayName: string;
  readonly servicePrincipalId?: string | undefined;
  /** Import ids of consents that were there already, by {@link consentKey}. */
  readonly consents: Readonly<Record<string, string>>;
}

/** Name of the stack output that remembers an adoption. */
export const ADOPTED_OUTPUT = 'adopted';

const MEMORY_NAME = 'adopted-';

/** Whether a resource of a state is what {@link rememberAdoption} keeps; the rotation ledger lies in a Stash, too. */
export function isAdoptionMemory(urn: string): boolean {
  return urn.includes(`::pulumi:index:Stash::${MEMORY_NAME}`);
}

/**
 * What stood in the tenant when this stack adopted `clientId`: remembered or, the first time, looked up. The memory is what keeps
 * `destroy` from removing what was there before us, and from keeping what was not.
 *
 * It is a resource of its own, saved before anything is made: after a first run that failed, what that run had made would else
 * pass for what was there before.
 *
 * @param remembered the stack's last output {@link ADOPTED_OUTPUT}
 * @throws InteropError of kind `configuration` when there is no such registration in the tenant.
 */
export async function rememberAdoption(
  clientId: string,
  remembered: unknown,
  graph: () => Promise<GraphClient>,
): Promise<AdoptedRegistration> {
  const known = adoptionIn(remembered);
  const input = known?.clientId === clientId ? known : await lookUpAdoption(clientId, await graph());
  const memory = new pulumi.Stash(`${MEMORY_NAME}${clientId}`, { input });
  // A preview saves nothing, so it has nothing to wait for.
  if (pulumi.runtime.isDryRun()) return input;
  return await new Promise((resolve) => memory.output.apply(resolve));
}

/**
 * Refuses to let go of an adopted registration: it would be renamed, and later deleted, as if this stack had made it, and the
 * secret that Google holds would go with it.
 *
 * @param adopt `registration.adopt` of the configuration
 * @throws InteropError of kind `configuration` when another registration, or none, is adopted than in the last run
 */
export function keepAdoption(adopt: string | undefined, remembered: unknown): void {
  const known = adoptionIn(remembered);
  if (known === undefined || known.clientId === adopt) return;
  throw new InteropError({
    kind: 'configuration',
    summary: 'this stack has adopted a registration, and the configuration no longer says so',
    problems: [
      {
        where: 'calendar-interop:registration.adopt',
        what: 'must stay as it was while the stack is up; the secret that Google holds is on that registration',
        found: adopt ?? 'nothing',
        allowed: known.clientId,
      },
    ],
    next: [
      `pulumi config set --path calendar-interop:registration.adopt ${known.clientId}`,
      'or, to begin anew without it: calendar-interop destroy, which leaves the adopted registration as it was',
    ],
  });
}

function adoptionIn(output: unknown): AdoptedRegistration | undefined {
  return typeof output === 'object' && output !== null ? (output as AdoptedRegistration) : undefined;
}

async function lookUpAdoption(clientId: string, graph: GraphClient): Promise<AdoptedRegistration> {
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
    consents: principal === undefined ? {} : importIds(await findConsents(graph, principal.id)),
  };
}
