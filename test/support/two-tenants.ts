/**
 * A program of one's own on two tenants: the component with explicit providers, as a partner set-up would use it.
 *
 * Run as `node two-tenants.js <up|destroy>` in a project folder; TENANTS holds both tenants as JSON. Prints the outputs.
 */
import * as azuread from '@pulumi/azuread';
import { LocalWorkspace, PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { lookUpDirectory } from '../../infra/identity/directory-look-up.js';
import { InteropApplication } from '../../infra/identity/interop-application.js';
import { entraPermissions } from '../../infra/identity/permissions.js';

/** What the program must know of each tenant. */
export interface TenantSettings {
  readonly name: string;
  readonly metadataHost: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const tenants = JSON.parse(process.env.TENANTS ?? '[]') as readonly TenantSettings[];

async function declareTenant({ name, ...settings }: TenantSettings): Promise<InteropApplication> {
  const provider = new azuread.Provider(name, settings);
  const permissions = entraPermissions({ protocol: 'ews', access: 'tenant', graphPermissions: [] });
  const directory = await lookUpDirectory({ permissions, owners: [] }, { provider });
  return new InteropApplication(
    name,
    {
      displayName: `Interop of ${name}`,
      tag: `two-tenants/${name}`,
      permissions,
      directory,
      slots: { a: { generation: 1, endDate: '2031-01-01T00:00:00Z' } },
      current: 'a',
    },
    { providers: { azuread: provider } },
  );
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
