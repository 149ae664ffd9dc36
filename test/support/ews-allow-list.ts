/** What somebody else does to the EWS allow list of an emulated organisation. */
import type { TestSandbox } from './sandbox.js';
import { openSandboxPort } from './sandbox-port.js';

/** Writes another application into the list, over those in it. */
export async function listAnotherApplication(tenant: TestSandbox): Promise<void> {
  const port = openSandboxPort(tenant);
  try {
    const parameters = { EwsAllowedAppIDs: '99999999-9999-4999-8999-999999999999' };
    await port.run({ cmdlet: 'Set-OrganizationConfig', parameters });
  } finally {
    await port.close();
  }
}
