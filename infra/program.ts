/**
 * The Pulumi program: what shall be true, top to bottom as in Google's guide.
 *
 * It runs under plain `pulumi up` (through index.ts) and inline in our own commands alike.
 */
import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';
import { parseStackConfig, type StackConfig } from './config.js';
import type { Endpoint } from './endpoints/google-forms.js';
import { InteropError } from './errors.js';
import type { ConsentFound } from './exchange/application-scope/index.js';
import { exchangeWishes, InteropExchange, type InteropExchangeArgs } from './exchange/interop-exchange.js';
import { ExchangeProvider } from './exchange/resources.js';
import { refuseSharedAddresses } from './exchange/role-mailboxes/naming.js';
import type { GraphClient } from './graph/client.js';
import type { Cloud } from './graph/cloud.js';
import {
  ADOPTED_OUTPUT,
  type AdoptedRegistration,
  keepAdoption,
  rememberAdoption,
} from './identity/adoption.js';
import { findConsents } from './identity/consents.js';
import { type DirectoryFacts, lookUpDirectory } from './identity/directory-look-up.js';
import { InteropApplication, type TakenUp } from './identity/interop-application.js';
import { type ApiPermissions, entraPermissions } from './identity/permissions.js';
import { registrationTag } from './identity/registration-tag.js';
import { RotationLedger } from './identity/rotation-ledger.js';
import type { Ledger } from './rotation/ledger.js';

/** What our own commands know beyond the stack's configuration. */
export interface ProgramOptions {
  /** Used where the configuration holds no ledger yet: a first one that a preview may show before it is written. */
  readonly ledger?: Ledger | undefined;
  /** What an interrupted run made and the state does not know. */
  readonly takeUp?: TakenUp | undefined;
  /** A sweep over the calendars that is wanted now, whatever the tenant's size: any text that differs from the last one. */
  readonly sweep?: string | undefined;
  /** Variables that the azuread provider would sign in with; the process's own unless given. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/**
 * Declares everything for the selected stack.
 *
 * @returns the stack's outputs: clientId, tenantId, tokenEndpoint, ewsUrl, endpoints, secretSlots, registration, exchange (where
 * anything of Exchange is kept) and, only when `secret.stackOutput` asks for it, clientSecret.
 * @throws InteropError of kind `configuration` with all mistakes of the configuration.
 */
export async function interopProgram(options: ProgramOptions = {}): Promise<Record<string, unknown>> {
  const raw = rawConfiguration();
  const config = parseStackConfig(raw.ours, raw.azuread);
  const ledger = config.rotation ?? options.ledger ?? missingLedger();
  const surroundings = await surroundingsOf(config, raw.azuread, options);
  const guard = new RotationLedger({ ledger, stack: pulumi.getStack() });
  const application = declareApplication(config, ledger, guard, surroundings, options);
  // A secret must not wait for calendars, nor for an outage of Exchange.
  const skipLook = ledger.pending !== undefined || options.takeUp !== undefined;
  const { sweep } = options;
  const exchange = await declareExchange(config, application, surroundings, { sweep, skipLook });
  return stackOutputs(config, surroundings, application, exchange);
}

/** What the declarations need besides the configuration. */
interface Surroundings {
  readonly cloud: Cloud;
  readonly tenantId: string;
  /** The azuread provider's settings. */
  readonly azuread: Readonly<Record<string, unknown>>;
  readonly permissions: readonly ApiPermissions[];
  readonly directory: DirectoryFacts;
  readonly adopt: AdoptedRegistration | undefined;
  /** The stack's outputs of its last run; undefined ones were never written. */
  readonly last: LastOutputs;
  readonly graph: () => Promise<GraphClient>;
  readonly owner: string;
}

type LastOutputs = (name: string) => Promise<unknown>;

async function surroundingsOf(
  config: StackConfig,
  azuread: Record<string, unknown>,
  options: ProgramOptions,
): Promise<Surroundings> {
  const env = options.env ?? process.env;
  const permissions = entraPermissions({
    protocol: config.protocol,
    access: config.access,
    graphPermissions: config.registration.graphPermissions,
  });
  // An adopted registration keeps its owners.
  const owners = config.registration.adopt === undefined ? config.registration.owners : [];
  const { cloudOfProvider, graphClientOfProvider } = await import('./graph/provider-cloud.js');
  const last = lastOutputs();
  // Nothing else is asked of the engine meanwhile: a file backend reads the last outputs from the file that it writes to with every
  // resource, default providers included, and finds it empty in that moment (seen with Pulumi 3.259).
  const [cloud, remembered] = await Promise.all([cloudOfProvider(azuread, env), last(ADOPTED_OUTPUT)]);
  refuseSharedAddresses(config.roleMailboxes, groupsOf(await last(EXCHANGE_OUTPUT)));
  const graph = async () => await graphClientOfProvider(azuread, env, cloud);
  // Each waits for another process or server, so they wait together.
  const [directory, adopt] = await Promise.all([
    lookUpDirectory({ permissions, owners }),
    adoptionOf(config, remembered, graph),
  ]);
  return {
    cloud: withExchangeAddresses(cloud, config),
    tenantId: String(azuread.tenantId),
    azuread,
    permissions,
    directory,
    adopt,
    last,
    graph,
    owner: registrationTag(pulumi.getProject(), pulumi.getStack()),
  };
}

/** The stack's own last outputs; asked for only where something must be remembered. */
function lastOutputs(): LastOutputs {
  let own: pulumi.StackReference | undefined;
  return async (name) => {
    own ??= new pulumi.StackReference(
      `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
    );
    return (await own.getOutputDetails(name)).value;
  };
}

async function adoptionOf(
  { registration }: StackConfig,
  remembered: unknown,
  graph: () => Promise<GraphClient>,
): Promise<AdoptedRegistration | undefined> {
  keepAdoption(registration.adopt, remembered);
  if (registration.adopt === undefined) return undefined;
  return await rememberAdoption(registration.adopt, remembered, graph);
}

/** Our own provider. It signs in when a resource first asks something of the tenant. */
function declareOwnProvider(config: StackConfig, { azuread }: Surroundings): ExchangeProvider {
  const { transport, url: baseUrl } = config.exchange;
  return new ExchangeProvider('exchange', { organization: config.tenant, transport, baseUrl, azuread });
}

function declareApplication(
  config: StackConfig,
  ledger: Ledger,
  guard: RotationLedger,
  { permissions, directory, adopt, owner }: Surroundings,
  options: ProgramOptions,
): InteropApplication {
  return new InteropApplication('interop', {
    displayName: config.registration.displayName,
    tag: owner,
    permissions,
    directory,
    slots: ledger.slots,
    current: ledger.current,
    guard,
    adopt,
    takeUp: options.takeUp,
  });
}

async function declareExchange(
  config: StackConfig,
  application: InteropApplication,
  surroundings: Surroundings,
  calendars: Pick<InteropExchangeArgs, 'sweep' | 'skipLook'>,
): Promise<InteropExchange | undefined> {
  const wishes = exchangeWishes(config);
  if (wishes === undefined) return undefined;
  const { clientId, servicePrincipalId, displayName } = application;
  return new InteropExchange('exchange', {
    provider: declareOwnProvider(config, surroundings),
    application: { clientId, servicePrincipalId, displayName },
    owner: surroundings.owner,
    wishes,
    consents: wishes.scope === undefined ? [] : await consentsOf(surroundings),
    ...calendars,
  });
}

/** Name of the stack output that tells what is kept of Exchange. */
const EXCHANGE_OUTPUT = 'exchange';

/** Addresses of the role mailboxes by group, as the last run told them; none where it told nothing that can be read. */
function groupsOf(exchange: unknown): readonly (readonly string[])[] {
  const parsed = z.object({ roleMailboxes: z.array(z.array(z.string())) }).safeParse(exchange);
  return parsed.success ? parsed.data.roleMailboxes : [];
}

/** Consents of the application that this stack has made or adopted; before that there are none. */
async function consentsOf({ last, adopt, graph, cloud }: Surroundings): Promise<readonly ConsentFound[]> {
  const clientId = adopt?.clientId ?? (await last('clientId'));
  if (typeof clientId !== 'string') return [];
  const client = await graph();
  const principal = await client.findServicePrincipal(clientId);
  if (principal === undefined) return [];
  const own = await last(CONSENTS_OUTPUT);
  return (await findConsents(client, principal.id)).map(({ api, permission, assignmentId, importId }) => ({
    api,
    permission,
    assignmentId,
    url: `${cloud.graph}/v1.0${importId}`,
    owned: Array.isArray(own) && own.includes(assignmentId),
  }));
}

/** Name of the stack output that tells which consents are the stack's own. */
const CONSENTS_OUTPUT = 'consents';

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

/** Clouds that the provider's environment does not name say in the configuration where their Exchange is. */
function withExchangeAddresses(cloud: Cloud, { exchange }: StackConfig): Cloud {
  return { ...cloud, exchange: exchange.url ?? cloud.exchange, ews: exchange.ewsUrl ?? cloud.ews };
}

function stackOutputs(
  config: StackConfig,
  { cloud, tenantId, adopt }: Surroundings,
  application: InteropApplication,
  exchange: InteropExchange | undefined,
): Record<string, unknown> {
  const outputs: Record<string, unknown> = {
    clientId: application.clientId,
    tenantId,
    tokenEndpoint: `${cloud.authority}/${config.tenant}/oauth2/v2.0/token`,
    ewsUrl: cloud.ews,
    endpoints: config.endpoints.map((endpoint: Endpoint) => ({ ...endpoint })),
    secretSlots: application.secretSlots,
    registration: { objectId: application.objectId, displayName: application.displayName },
    [CONSENTS_OUTPUT]: application.consentIds,
  };
  if (exchange !== undefined) outputs.exchange = exchange.summary;
  if (adopt !== undefined) outputs[ADOPTED_OUTPUT] = adopt;
  if (config.secret.stackOutput) outputs.clientSecret = application.currentSecret;
  return outputs;
}
