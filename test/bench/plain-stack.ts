/**
 * The stack of the `preview` benchmark as somebody would write it with nothing but `@pulumi/azuread`: the same resources, no
 * configuration schema, no sign-in of its own, no checks.
 *
 * Run as `node plain-stack.js <up|preview>` in a project folder, with the engine's variables set.
 */
import * as azuread from '@pulumi/azuread';
import { LocalWorkspace, PulumiCommand } from '@pulumi/pulumi/automation/index.js';

const EXCHANGE_ONLINE = '00000002-0000-0ff1-ce00-000000000000';

async function program(): Promise<Record<string, unknown>> {
  const exchange = azuread.getServicePrincipalOutput({ clientId: EXCHANGE_ONLINE });
  const role = exchange.apply((found) => found.appRoleIds.full_access_as_app ?? '');
  const caller = azuread.getClientConfigOutput({}).objectId;
  const application = new azuread.Application('interop', {
    displayName: 'Plain interop',
    owners: [caller],
    preventDuplicateNames: true,
    requiredResourceAccesses: [
      { resourceAppId: EXCHANGE_ONLINE, resourceAccesses: [{ id: role, type: 'Role' }] },
    ],
    signInAudience: 'AzureADMyOrg',
    tags: ['plain'],
  });
  const principal = new azuread.ServicePrincipal('interop', {
    clientId: application.clientId,
    owners: [caller],
    tags: ['plain'],
  });
  new azuread.AppRoleAssignment('interop', {
    appRoleId: role,
    principalObjectId: principal.objectId,
    resourceObjectId: exchange.objectId,
  });
  const secret = new azuread.ApplicationPassword('interop', {
    applicationId: application.id,
    displayName: 'plain',
    endDate: process.env.PLAIN_END_DATE ?? '',
  });
  return { clientId: application.clientId, keyId: secret.keyId };
}

const [run = ''] = process.argv.slice(2);
const ROOT = process.env.PLAIN_CLI_ROOT ?? '';
const stack = await LocalWorkspace.createOrSelectStack(
  { projectName: 'calendar-interop', stackName: 'plain', program },
  {
    workDir: process.cwd(),
    pulumiCommand: await PulumiCommand.get(ROOT === '' ? {} : { root: ROOT }),
  },
);
await (run === 'up' ? stack.up() : stack.preview());
