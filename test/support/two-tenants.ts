/**
 * A program of one's own on two tenants: both components with explicit providers, as a partner set-up would use them.
 *
 * Run as `node two-tenants.js <up|destroy>` in a project folder; TENANTS holds both tenants as JSON, and a variable for each its client's
 * secret. Prints the outputs.
 */
import * as azuread from '@pulumi/azuread';
import { LocalWorkspace, PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { InteropExchange } from '../../infra/exchange/interop-exchange.js';
import { ExchangeProvider } from '../../infra/exchange/resources.js';
import { lookUpDirectory } from '../../infra/identity/directory-look-up.js';
import { InteropApplication } from '../../infra/identity/interop-application.js';
import { entraPermissions } from '../../infra/identity/permissions.js';

/** What the program must know of each tenant. */
export interface TenantSettings {
  readonly name: string;
  readonly metadataHost: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** URL of its Exchange. */
  readonly exchange: string;
  /** The variable that holds its client's secret. */
  readonly secretVariable: string;
}

const tenants = JSON.parse(process.env.TENANTS ?? '[]') as readonly TenantSettings[];

async function declareTenant(tenant: TenantSettings): Promise<InteropApplication> {
  const application = await declareApplication(tenant);
  declareExchange(tenant, application);
  return application;
}

const ownerOf = ({ name }: TenantSettings) => `two-tenants/${name}`;

async function declareApplication(tenant: TenantSettings): Promise<InteropApplication> {
  const { name, metadataHost, tenantId, clientId, secretVariable } = tenant;
  const clientSecret = process.env[secretVariable] ?? '';
  const provider = new azuread.Provider(name, { metadataHost, tenantId, clientId, clientSecret });
  const permissions = entraPermissions({ protocol: 'ews', access: 'tenant', graphPermissions: [] });
  const directory = await lookUpDirectory({ permissions, owners: [] }, { provider });
  return new InteropApplication(
    name,
    {
      displayName: `Interop of ${name}`,
      tag: ownerOf(tenant),
      permissions,
      directory,
      slots: { a: { generation: 1, endDate: '2031-01-01T00:00:00Z' } },
      current: 'a',
    },
    { providers: { azuread: provider } },
  );
}

function declareExchange(tenant: TenantSettings, application: InteropApplication): void {
  const { name, metadataHost, tenantId, clientId, exchange, secretVariable } = tenant;
  const provider = new ExchangeProvider(`${name}-exchange`, {
    organization: tenantId,
    transport: 'rest',
    baseUrl: exchange,
    azuread: { metadataHost, tenantId, clientId },
    variables: { ARM_CLIENT_SECRET: secretVariable },
  });
  new InteropExchange(`${name}-interop`, {
    provider,
    application,
    owner: ownerOf(tenant),
    wishes: {
      roleMailboxes: [],
      roleAccounts: [],
      ewsAccess: { acknowledgeAllowList: true },
      scope: undefined,
      roomBooking: false,
      visibility: { level: 'LimitedDetails', scope: { all: true }, exclude: [], inlineLimit: 500 },
    },
    consents: [],
  });
}

const root = process.env.CLI_ROOT ?? '';
const stack = await LocalWorkspace.createOrSelectStack(
  {
    projectName: 'calendar-interop',
    stackName: 'partners',
    program: async () => {
      const declared = tenants.map(
        async (tenant) => [tenant.name, (await declareTenant(tenant)).clientId] as const,
      );
      return Object.fromEntries(await Promise.all(declared));
    },
  },
  { workDir: process.cwd(), pulumiCommand: await PulumiCommand.get(root === '' ? {} : { root }) },
);
await (process.argv[2] === 'destroy' ? stack.destroy() : stack.up());
process.stdout.write(JSON.stringify(await stack.outputs()));
