/** The demo's own Pulumi project: a temporary folder with a configuration and a backend. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import type { SandboxInfo } from '../../sandbox/index.js';
import { cacheFolder } from '../cache-folder.js';

/** A temporary project. `env` names its backend and passphrase. */
export interface DemoProject {
  readonly root: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Makes the folders; nothing in them is readable by others.
 *
 * @param env of the command: it says where the cache is
 */
export async function makeDemoProject(env: NodeJS.ProcessEnv): Promise<DemoProject> {
  const root = await mkdtemp(join(tmpdir(), 'calendar-interop-demo-'));
  const folder = join(root, 'project');
  const backend = join(root, 'backend');
  const pulumiHome = join(cacheFolder(env), 'pulumi-home');
  await Promise.all(
    [folder, backend, pulumiHome].map((path) => mkdir(path, { recursive: true, mode: 0o700 })),
  );
  await writeFile(
    join(folder, 'Pulumi.yaml'),
    stringify({ name: 'calendar-interop', runtime: 'nodejs', description: 'Made by calendar-interop demo' }),
  );
  return {
    root,
    folder,
    env: {
      PULUMI_BACKEND_URL: pathToFileURL(backend).href,
      PULUMI_CONFIG_PASSPHRASE: randomBytes(18).toString('base64url'),
      PULUMI_HOME: pulumiHome,
      // Accounts of sweeps are this demo's own, and go with it.
      XDG_STATE_HOME: join(root, 'state'),
    },
  };
}

/** Somebody of the sandbox's own seed whose calendar shows busy times only, as most do at first. */
const EXCLUDED = 'alexandros.papadopoulos.2@contoso.com';

/** Writes the stack `demo`: the guide's own case, one tenant over EWS. */
export async function writeDemoStack(project: DemoProject, tenant: SandboxInfo): Promise<void> {
  const deployer = tenant.clients.find((client) => client.name === 'deployer');
  const config = {
    'azuread:metadataHost': tenant.metadataHost,
    'azuread:tenantId': tenant.tenantId,
    'azuread:clientId': deployer?.clientId,
    'calendar-interop:tenant': tenant.domain,
    'calendar-interop:protocol': 'ews',
    'calendar-interop:registration': { displayName: 'Calendar Interop (demo)' },
    'calendar-interop:exchange': { url: tenant.exchange, ewsUrl: tenant.ews },
    'calendar-interop:ewsAccess': { acknowledgeAllowList: true },
    'calendar-interop:roleMailboxes': [{ address: 'interop@contoso.com' }],
    'calendar-interop:visibility': {
      scope: { recipientTypes: ['UserMailbox'] },
      exclude: [{ address: EXCLUDED, reason: 'works council' }],
    },
    'calendar-interop:endpoints': [
      {
        name: 'online',
        type: 'microsoft365-ews',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
  };
  await writeFile(join(project.folder, 'Pulumi.demo.yaml'), stringify({ config }), { mode: 0o600 });
}

/** Removes everything that {@link makeDemoProject} made, except the plugin cache, which later runs use. */
export async function removeDemoProject(project: DemoProject): Promise<void> {
  await rm(project.root, { recursive: true, force: true });
}
