import { parseStackConfig } from '../../infra/config.js';
import { roleAccountChecks } from '../../infra/preflight/role-accounts.js';
import { MemoryPort, notFound, workOn } from '../support/memory-port.js';

const CONFIG = parseStackConfig({
  tenant: 'contoso.onmicrosoft.com',
  protocol: 'graph',
  endpoints: [
    {
      name: 'online',
      type: 'microsoft365-graph',
      domains: ['contoso.com'],
      roleAccounts: ['interop@contoso.com', 'rooms@contoso.com'],
    },
    {
      name: 'plant',
      type: 'onPremises',
      domains: ['plant.contoso.com'],
      roleAccounts: ['interop@plant.contoso.com'],
      url: 'https://mail.plant.contoso.com/ews/exchange.asmx',
    },
  ],
  roleMailboxes: [{ address: 'rooms@contoso.com' }],
});

test('an address that is not the primary one is a fault; one that up makes is none; those on-premises are not asked for', async () => {
  const port = new MemoryPort({
    'Get-Mailbox': ({ Identity = '' }) => {
      if (Identity !== 'interop@contoso.com') throw notFound('Get-Mailbox', Identity);
      return [
        {
          Guid: '11111111-2222-4333-8444-555555555555',
          ExternalDirectoryObjectId: '11111111-2222-4333-8444-666666666666',
          PrimarySmtpAddress: 'calendar.interop@contoso.com',
          RecipientTypeDetails: 'UserMailbox',
        },
      ];
    },
  });
  expect(await roleAccountChecks(workOn(port), CONFIG)).toMatchObject([
    {
      id: 'exchange.role-account-interop@contoso.com',
      state: 'fault',
      found: 'calendar.interop@contoso.com',
      next: 'set roleAccounts in calendar-interop:endpoints to calendar.interop@contoso.com',
    },
    { id: 'exchange.role-account-rooms@contoso.com', state: 'ok', found: 'no such mailbox yet' },
  ]);
});
