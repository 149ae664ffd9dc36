/**
 * The Pulumi program: what shall be true, top to bottom as in Google's guide.
 *
 * It runs under plain `pulumi up` (through index.ts) and inline in our own commands alike.
 */
import * as pulumi from '@pulumi/pulumi';
import { parseStackConfig, type StackConfig } from './config.js';
import type { Endpoint } from './endpoints/google-forms.js';
import { InteropError } from './errors.js';
import type { Cloud } from './graph/cloud.js';
import { ADOPTED_OUTPUT, type AdoptedRegistration, rememberAdoption } from './identity/adoption.js';
import { lookUpDirectory } from './identity/directory-look-up.js';
import { InteropApplication, type TakenUp } from './identity/interop-application.js';
import { entraPermissions } from './identity/permissions.js';
import { registrationTag } from './identity/registration-tag.js';
import type { Ledger } from './rotation/ledger.js';

/** What our own commands know beyond the stack's configuration. */
export interface ProgramOptions {
  /** Used where the configuration holds no ledger yet: a first one that a preview may show before it is written. */
  readonly ledger?: Ledger | undefined;
  /** What an interrupted run made and the state does not know. */
  readonly takeUp?: TakenUp | undefined;
  /** Variables that the azuread provider would sign in with; the process's own unless given. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * Declares everything for the selected stack.
 *
 * @returns the stack's outputs: clientId, tenantId, tokenEndpoint, ewsUrl, endpoints, secretSlots, registration and, only
 * when `secret.stackOutput` asks for it, clientSecret.
 * @throws InteropError of kind `configuration` with all mistakes of the configuration.
 */
export async function interopProgram(options: ProgramOptions = {}): Promise<Record<string, unknown>> {
  const raw = rawConfiguration();
  const config = parseStackConfig(raw.ours, raw.azuread);
  const ledger = config.rotation ?? options.ledger ?? missingLedger();
  const permissions = entraPermissions({
    protocol: config.protocol,
    access: config.access,
    graphPermissions: config.registration.graphPermissions,
  });
  const env = options.env ?? process.env;
  const cloud = withExchangeAddresses(await cloudOf(raw.azuread, env), config);
  const adopt = await adoptionOf(config, raw.azuread, env, cloud, permissions);

  const application = new InteropApplication('interop', {
    displayName: config.registration.displayName,
    tag: registrationTag(pulumi.getProject(), pulumi.getStack()),
    permissions,
    directory: await lookUpDirectory({ permissions, owners: ownersToMake(config) }),
    slots: ledger.slots,
    current: ledger.current,
    adopt,
    takeUp: options.takeUp,
  });
  return stackOutputs(config, { cloud, tenantId: String(raw.azuread.tenantId) }, application, adopt);
}

/** The configuration as Pulumi hands it to the program, by namespace, unknown keys included. */
function rawConfiguration(): { ours: Record<string, unknown>; azuread: Record<string, unknown> } {
  const all = Object.entries(pulumi.runtime.allConfig());
  const of = (namespace: string) =>
    Object.fromEntries(
      all
        .filter(([key]) => key.startsWith(`${namespace}:`))
        .map(([key, value]) => [key.slice(namespace.length + 1), value] as const),
    );
  return { ours: of('calendar-interop'), azuread: of('azuread') };
}

function missingLedger(): never {
  const stack = pulumi.getStack();
  throw new InteropError({
    kind: 'configuration',
    summary: `the stack ${stack} has no rotation ledger yet`,
    problems: [
      {
        where: 'calendar-interop:rotation',
        what: 'the ledger names the secret that Google holds, so it must exist before the first `pulumi up`',
        found: 'nothing',
        allowed: 'a ledger made by `rotation init`',
      },
    ],
    next: [`npx calendar-interop rotation init --stack ${stack}`],
  });
}

/** Only a cloud that is named by its metadata host costs a request here. */
/** Clouds that the provider's environment does not name say in the configuration where their Exchange is. */
function withExchangeAddresses(cloud: Cloud, { exchange }: StackConfig): Cloud {
  return { ...cloud, exchange: exchange.url ?? cloud.exchange, ews: exchange.ewsUrl ?? cloud.ews };
}

async function cloudOf(azuread: Record<string, unknown>, env: NodeJS.ProcessEnv): Promise<Cloud> {
  const { cloudOfProvider } = await import('./graph/provider-cloud.js');
  return await cloudOfProvider(azuread, env);
}

async function adoptionOf(
  config: StackConfig,
  azuread: Record<string, unknown>,
  env: NodeJS.ProcessEnv,
  cloud: Cloud,
  permissions: ReturnType<typeof entraPermissions>,
): Promise<AdoptedRegistration | undefined> {
  const clientId = config.registration.adopt;
  if (clientId === undefined) return undefined;
  return await rememberAdoption(clientId, permissions, async () => {
    const { graphClientOfProvider } = await import('./graph/provider-cloud.js');
    return await graphClientOfProvider(azuread, env, cloud);
  });
}

/** An adopted registration keeps its owners. */
function ownersToMake({ registration }: StackConfig): readonly string[] {
  return registration.adopt === undefined ? registration.owners : [];
}

function stackOutputs(
  config: StackConfig,
  { cloud, tenantId }: { readonly cloud: Cloud; readonly tenantId: string },
  application: InteropApplication,
  adopt: AdoptedRegistration | undefined,
): Record<string, unknown> {
  const outputs: Record<string, unknown> = {
    clientId: application.clientId,
    tenantId,
    tokenEndpoint: `${cloud.authority}/${config.tenant}/oauth2/v2.0/token`,
    ewsUrl: cloud.ews,
    endpoints: config.endpoints.map((endpoint: Endpoint) => ({ ...endpoint })),
    secretSlots: application.secretSlots,
    registration: { objectId: application.objectId, displayName: application.displayName },
  };
  if (adopt !== undefined) outputs[ADOPTED_OUTPUT] = adopt;
  if (config.secret.stackOutput) outputs.clientSecret = application.currentSecret;
  return outputs;
}
