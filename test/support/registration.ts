/** The registration that a stack under test makes, as Graph shows it to an administrator. */
import type { TestSandbox } from './sandbox.js';

export interface Registration {
  readonly id: string;
  readonly appId: string;
  readonly passwordCredentials: readonly { readonly keyId: string; readonly displayName: string }[];
}

/** @throws Error where there is none, and where there are several */
export async function registrationIn(tenant: TestSandbox): Promise<Registration> {
  const { body } = await tenant.graph<{ value: Registration[] }>(
    'GET',
    "/applications?$filter=displayName eq 'Interop under test'",
  );
  const [found, ...others] = body.value;
  if (found === undefined || others.length > 0) throw new Error(`${body.value.length} registrations`);
  return found;
}

/** Names of its secrets, in order. */
export async function secretNamesIn(tenant: TestSandbox): Promise<readonly string[]> {
  const { passwordCredentials } = await registrationIn(tenant);
  return passwordCredentials.map(({ displayName }) => displayName).sort();
}
