import { stackConfigSchema } from '../../infra/config/schema.js';
import { configurationAdvice, parseStackConfig, STACK_CONFIG_KEYS } from '../../infra/config.js';
import { initialLedger } from '../../infra/rotation/ledger.js';
import { endpoint, validConfig } from './valid-config.js';

const TENANT_ID = '11111111-2222-3333-4444-555555555555';

test('the least configuration gets every default', () => {
  expect(parseStackConfig(validConfig())).toEqual({
    tenant: 'contoso.onmicrosoft.com',
    protocol: 'ews',
    access: 'tenant',
    registration: {
      displayName: 'Google Calendar Interop',
      owners: [],
      graphPermissions: ['Calendars.Read'],
    },
    secret: { lifetimeDays: 180, leadDays: 30, quietDays: 7, stackOutput: false },
    endpoints: [
      {
        name: 'online',
        type: 'microsoft365-ews',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
    eventDetails: true,
    roomBooking: false,
    roleMailboxes: [],
    ewsAccess: { manage: true, acknowledgeAllowList: false },
    exchange: { transport: 'rest' },
  });
});

test('values as Pulumi hands them to a program mean the same as those in the file', () => {
  const typed = validConfig({
    secret: { lifetimeDays: 90, leadDays: 20, quietDays: 14, stackOutput: true },
    eventDetails: false,
    roomBooking: true,
    rotation: initialLedger({ now: new Date('2026-11-24T00:00:00Z'), lifetimeDays: 180 }),
    visibility: { scope: { all: true }, inlineLimit: 10 },
  });
  const asText = Object.fromEntries(
    Object.entries(typed).map(([key, value]) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
  expect(parseStackConfig(asText)).toEqual(parseStackConfig(typed));
});

test('numbers and flags may be text, as pulumi config set writes them', () => {
  const config = parseStackConfig(
    validConfig({
      secret: { lifetimeDays: '365', leadDays: '60', quietDays: '10', stackOutput: 'true' },
      eventDetails: 'false',
      visibility: { scope: { all: 'true' }, inlineLimit: '7' },
    }),
  );
  expect(config.secret).toEqual({ lifetimeDays: 365, leadDays: 60, quietDays: 10, stackOutput: true });
  expect(config.eventDetails).toBe(false);
  expect(config.visibility).toMatchObject({ scope: { all: true }, inlineLimit: 7 });
});

test('a key without a value counts as not written, at any depth', () => {
  expect(
    parseStackConfig(
      validConfig({ access: '', visibility: null, registration: { owners: null, displayName: null } }),
    ),
  ).toEqual(parseStackConfig(validConfig()));
});

test('domains are compared and handed on in lower case and punycode, the part before the @ stays', () => {
  const config = parseStackConfig(
    validConfig({
      endpoints: [endpoint({ domains: ['BÜCHER.example'], roleAccounts: ['Inter.Op@bücher.Example'] })],
    }),
  );
  expect(config.endpoints[0]).toMatchObject({
    domains: ['xn--bcher-kva.example'],
    roleAccounts: ['Inter.Op@xn--bcher-kva.example'],
  });
});

test('ids are brought to lower case', () => {
  const config = parseStackConfig(
    validConfig({
      tenant: 'AAAAAAAA-2222-3333-4444-555555555555',
      registration: {
        adopt: 'BBBBBBBB-2222-3333-4444-555555555555',
        owners: [TENANT_ID, 'Ann_x.com#EXT#@Contoso.com'],
      },
    }),
  );
  expect(config.tenant).toBe('aaaaaaaa-2222-3333-4444-555555555555');
  expect(config.registration).toMatchObject({
    adopt: 'bbbbbbbb-2222-3333-4444-555555555555',
    owners: [TENANT_ID, 'Ann_x.com#EXT#@contoso.com'],
  });
});

test('on-premises endpoints alone need no protocol, and one that is given has no effect', () => {
  const onPremises = endpoint({ type: 'onPremises', url: 'https://MAIL.contoso.com/EWS/Exchange.asmx' });
  for (const protocol of [undefined, 'ews', 'graph']) {
    const config = parseStackConfig(validConfig({ protocol, endpoints: [onPremises] }));
    expect(config.protocol).toBeUndefined();
    expect(config.endpoints[0]?.url).toBe('https://mail.contoso.com/EWS/Exchange.asmx');
  }
});

test('protocol both goes with every type of endpoint', () => {
  const endpoints = [
    endpoint({ type: 'microsoft365-graph' }),
    endpoint({ name: 'old', domains: ['fabrikam.com'], roleAccounts: ['i@fabrikam.com'] }),
  ];
  expect(parseStackConfig(validConfig({ protocol: 'both', endpoints })).endpoints).toHaveLength(2);
});

test.each([
  [{ all: true }],
  [{ recipientTypes: ['UserMailbox', 'RoomMailbox'] }],
  [{ filter: "Department -eq 'Sales'" }],
  [{ group: 'sales@contoso.com' }],
  [{ group: TENANT_ID }],
])('visibility takes the scope %j', (scope) => {
  expect(parseStackConfig(validConfig({ visibility: { scope } })).visibility?.scope).toEqual(scope);
});

test('a role mailbox is complete with its address', () => {
  expect(
    parseStackConfig(validConfig({ roleMailboxes: [{ address: 'interop@contoso.com' }] })).roleMailboxes,
  ).toEqual([
    {
      address: 'interop@contoso.com',
      displayName: 'interop',
      sku: 'EXCHANGESTANDARD',
      count: 1,
      passwordNeverExpires: true,
      blockSignIn: false,
      hidden: true,
    },
  ]);
});

test('the azuread provider may sign in to the tenant that the configuration names', () => {
  expect(
    parseStackConfig(validConfig({ tenant: TENANT_ID }), { tenantId: TENANT_ID.toUpperCase() }).tenant,
  ).toBe(TENANT_ID);
  expect(parseStackConfig(validConfig(), { tenantId: TENANT_ID }).tenant).toBe('contoso.onmicrosoft.com');
});

test('the keys for completion are the keys of the schema', () => {
  expect(STACK_CONFIG_KEYS).toEqual(Object.keys(stackConfigSchema.shape));
});

describe('advice', () => {
  test('there is none for a configuration within the recommendations', () => {
    const config = parseStackConfig(
      validConfig({ protocol: 'graph', endpoints: [endpoint({ type: 'microsoft365-graph' })] }),
    );
    expect(configurationAdvice(config)).toEqual([]);
  });

  test('names the end of EWS, long secrets, details that nobody will see, and too few accounts for rooms', () => {
    const config = parseStackConfig(
      validConfig({
        secret: { lifetimeDays: 365 },
        visibility: { level: 'AvailabilityOnly', scope: { all: true } },
        roomBooking: true,
        roleMailboxes: [{ address: 'INTEROP@contoso.com', count: 10 }],
      }),
    );
    expect(configurationAdvice(config).map(({ where }) => where)).toEqual([
      'calendar-interop:protocol',
      'calendar-interop:secret.lifetimeDays',
      'calendar-interop:visibility.level',
      'calendar-interop:roomBooking',
    ]);
    const enough = parseStackConfig(
      validConfig({ roomBooking: true, roleMailboxes: [{ address: 'interop@contoso.com', count: 11 }] }),
    );
    expect(configurationAdvice(enough).map(({ where }) => where)).toEqual(['calendar-interop:protocol']);
  });
});
