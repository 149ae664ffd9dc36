/**
 * The stack of the `preview` benchmark as somebody would write it with nothing but `@pulumi/azuread`: the same resources, no
 * configuration schema, no sign-in of its own, no checks.
 *
 * Run as `node plain-stack.js <up|preview>` in a project folder, with the engine's variables set.
 */
import * as azuread from '@pulumi/azuread';
import { LocalWorkspace, PulumiCommand } from '@pulumi/pulumi/automation/index.js';

const MICROSOFT_GRAPH = '00000003-0000-0000-c000-000000000000';

async function program(): Promise<Record<string, unknown>> {
  const graph = azuread.getServicePrincipalOutput({ clientId: MICROSOFT_GRAPH });
  const role = graph.apply((found) => found.appRoleIds['Calendars.Read'] ?? '');
  const caller = azuread.getClientConfigOutput({}).objectId;
  const application = new azuread.Application('interop', {
    displayName: 'Plain interop',
    owners: [caller],
    preventDuplicateNames: true,
    requiredResourceAccesses: [
      { resourceAppId: MICROSOFT_GRAPH, resourceAccesses: [{ id: role, type: 'Role' }] },
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
    resourceObjectId: graph.objectId,
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
