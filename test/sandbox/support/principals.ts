/** Things in the directory that tests need: made by the admin, through Graph like everything else. */
import { GRAPH_APP_ID } from '../../../sandbox/entra/first-party.js';
import type { TestSandbox } from '../../support/sandbox.js';

export interface MadeApplication {
  readonly id: string;
  readonly appId: string;
}

/** A client that can sign in: application, service principal, secret, and app roles of Graph. */
export interface MadeClient extends MadeApplication {
  readonly principalId: string;
  readonly secret: string;
  readonly keyId: string;
}

let counter = 0;
/** A name that no other test of the file has. */
export function freshName(what: string): string {
  counter += 1;
  return `${what} ${counter}`;
}

/** Makes an answer's failure the test's. */
export async function must<T>(answer: Promise<{ readonly status: number; readonly body: T }>): Promise<T> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}

export async function makeApplication(
  tenant: TestSandbox,
  body: Readonly<Record<string, unknown>> = {},
  as = 'admin',
): Promise<MadeApplication> {
  return await must(
    tenant.graph('POST', '/applications', { as, body: { displayName: freshName('app'), ...body } }),
  );
}

export async function makePrincipal(
  tenant: TestSandbox,
  appId: string,
  body: Readonly<Record<string, unknown>> = {},
  as = 'admin',
): Promise<{ readonly id: string }> {
  return await must(tenant.graph('POST', '/servicePrincipals', { as, body: { appId, ...body } }));
}

/** The service principal of a first-party API: its object id and its app roles' ids by value. */
export async function lookUpApi(tenant: TestSandbox, appId: string = GRAPH_APP_ID) {
  const found = await must(tenant.graph('GET', `/servicePrincipals(appId='${appId}')`));
  const roles = found.appRoles as { id: string; value: string }[];
  return {
    id: found.id as string,
    roleId: (value: string) => roles.find((role) => role.value === value)?.id ?? `no role ${value}`,
  };
}

export async function grant(
  tenant: TestSandbox,
  principalId: string,
  role: string,
  apiAppId: string = GRAPH_APP_ID,
): Promise<{ readonly id: string; readonly resourceId: string }> {
  const api = await lookUpApi(tenant, apiAppId);
  return await must(
    tenant.graph('POST', `/servicePrincipals/${api.id}/appRoleAssignedTo`, {
      body: { principalId, resourceId: api.id, appRoleId: api.roleId(role) },
    }),
  );
}

export async function makeClient(tenant: TestSandbox, roles: readonly string[] = []): Promise<MadeClient> {
  const application = await makeApplication(tenant);
  const principal = await makePrincipal(tenant, application.appId);
  for (const role of roles) await grant(tenant, principal.id, role);
  const password = await must(
    tenant.graph('POST', `/applications/${application.id}/addPassword`, {
      body: { passwordCredential: { displayName: 'test' } },
    }),
  );
  return {
    id: application.id,
    appId: application.appId,
    principalId: principal.id,
    secret: password.secretText,
    keyId: password.keyId,
  };
}

/** The form of a token request by secret. */
export function secretForm(
  tenant: TestSandbox,
  client: { readonly appId: string; readonly secret: string },
  changes: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    grant_type: 'client_credentials',
    client_id: client.appId,
    client_secret: client.secret,
    scope: `${tenant.sandbox.info.graph}/.default`,
    ...changes,
  };
}

export async function tokenOf(tenant: TestSandbox, client: MadeClient): Promise<string> {
  return (await must(tenant.tokenRequest(secretForm(tenant, client)))).access_token;
}
