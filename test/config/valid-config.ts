/** A configuration without mistakes, as a stack's file holds it; `change` replaces top-level keys, undefined removes one. */
export function validConfig(change: Record<string, unknown> = {}): Record<string, unknown> {
  const base = {
    tenant: 'contoso.onmicrosoft.com',
    protocol: 'ews',
    endpoints: [
      {
        name: 'online',
        type: 'microsoft365-ews',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
  };
  return Object.fromEntries(
    Object.entries({ ...base, ...change }).filter(([, value]) => value !== undefined),
  );
}

/** One endpoint without mistakes, changed as asked. */
export function endpoint(change: Record<string, unknown> = {}): Record<string, unknown> {
  const base = {
    name: 'online',
    type: 'microsoft365-ews',
    domains: ['contoso.com'],
    roleAccounts: ['interop@contoso.com'],
  };
  return Object.fromEntries(
    Object.entries({ ...base, ...change }).filter(([, value]) => value !== undefined),
  );
}
