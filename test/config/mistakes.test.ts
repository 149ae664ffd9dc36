import { parseStackConfig, SECURE_VALUE } from '../../infra/config.js';
import { describeProblem, InteropError } from '../../infra/errors.js';
import { endpoint, validConfig } from './valid-config.js';

/** The error that a configuration leads to. */
function mistakes(raw: Record<string, unknown>, azuread?: Record<string, unknown>): InteropError {
  try {
    parseStackConfig(raw, azuread);
  } catch (error) {
    if (error instanceof InteropError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

function lines(raw: Record<string, unknown>, azuread?: Record<string, unknown>): string[] {
  return mistakes(raw, azuread).problems.map(describeProblem);
}

test('all mistakes come at once, in the order of the reference, each with key, what, found and allowed', () => {
  const error = mistakes(
    {
      tenant: 'common',
      protocl: 'ews',
      access: 'rolemailbox',
      registration: { owners: ['bob'] },
      secret: { lifetimeDays: 900 },
      endpoints: [
        endpoint({ roleAccounts: ['interop@fabrikam.com', 'interop'] }),
        endpoint({
          type: 'onPremises',
          domains: ['CONTOSO.com'],
          roleAccounts: ['a@contoso.com'],
          url: 'http://mail/ews/exchange.asmx',
        }),
      ],
      eventDetails: 'ja',
      visibility: { level: 'LimitedDetail', scope: {} },
    },
    {},
  );
  expect(error.kind).toBe('configuration');
  expect(error.exitCode).toBe(2);
  expect(error.message).toMatchInlineSnapshot(`
"the configuration has 14 mistakes
  calendar-interop:tenant: names no tenant (found "common"; allowed: a domain of the tenant such as contoso.onmicrosoft.com, or its id (GUID))
  calendar-interop:protocl: is no known key; did you mean protocol? (allowed: tenant, protocol, access, registration, secret, endpoints, eventDetails, roomBooking, exchange, visibility, roleMailboxes, ewsAccess, google, rotation)
  calendar-interop:access: is none of the allowed values; did you mean roleMailboxes? (found "rolemailbox"; allowed: tenant or roleMailboxes)
  calendar-interop:registration.owners[0]: is neither an object id nor a user principal name (found "bob"; allowed: an object id (GUID) or a user principal name such as ann@contoso.com)
  calendar-interop:secret.lifetimeDays: is too large (found 900; allowed: 1 to 730 days, the portal's limit; Microsoft recommends at most 180)
  calendar-interop:endpoints[0].roleAccounts[0]: lies outside the endpoint's domains (found "interop@fabrikam.com"; allowed: an address in contoso.com)
  calendar-interop:endpoints[0].roleAccounts[1]: is not an e-mail address: Google would answer "Exchange username is not an email address" (found "interop"; allowed: a primary SMTP address such as interop@contoso.com)
  calendar-interop:endpoints[1].domains[0]: stands in endpoints[0].domains[0] already (found "CONTOSO.com"; allowed: each once)
  calendar-interop:endpoints[1].name: stands in endpoints[0].name already (found "online"; allowed: each once)
  calendar-interop:endpoints[1].url: is http: Google would answer "EWS communication error" (found "http://mail/ews/exchange.asmx"; allowed: https://<host>/ews/exchange.asmx)
  calendar-interop:eventDetails: is not true or false (found "ja"; allowed: true or false)
  calendar-interop:visibility.level: is none of the allowed values; did you mean LimitedDetails? (found "LimitedDetail"; allowed: LimitedDetails for title and location, AvailabilityOnly for busy or free)
  calendar-interop:visibility.scope: says nothing (found an empty map; allowed: exactly one of {all: true}, {recipientTypes: […]}, {filter: …}, {group: …})
  azuread:tenantId: is missing: it says in which tenant the azuread provider signs in (allowed: the id (GUID) of the tenant, as \`az account show --query tenantId\` prints it)
  next: correct the stack's file Pulumi.<stack>.yaml and run the command again; docs/configuration.md explains every key"
`);
});

test('an empty configuration names what is required', () => {
  expect(mistakes({}).problems.map(({ where, what }) => `${where} ${what}`)).toEqual([
    'calendar-interop:tenant is missing',
    'calendar-interop:endpoints is missing',
  ]);
});

test.each(['microsoft365-ews', 'microsoft365-graph'])(
  'without protocol a %s endpoint is refused with the dates of the EWS retirement',
  (type) => {
    const [line, ...others] = lines(validConfig({ protocol: undefined, endpoints: [endpoint({ type })] }));
    expect(others).toEqual([]);
    expect(line).toMatch(
      /^calendar-interop:protocol: is missing.*2026-10-01.*2027-04-01.*ews, graph, or both/,
    );
  },
);

test.each([
  [
    'ews',
    'microsoft365-graph',
    /endpoints\[0\]\.type: does not go with protocol ews .*microsoft365-ews, or protocol graph or both/,
  ],
  [
    'graph',
    'microsoft365-ews',
    /endpoints\[0\]\.type: does not go with protocol graph .*microsoft365-graph, or protocol ews or both/,
  ],
])('protocol %s and a %s endpoint do not go together', (protocol, type, line) => {
  expect(lines(validConfig({ protocol, endpoints: [endpoint({ type })] }))).toEqual([
    expect.stringMatching(line),
  ]);
});

/** One change of a valid configuration and the only line that it leads to. */
const SINGLE: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  [
    'a tenant that is no name',
    { tenant: 'con toso' },
    /tenant: is neither a domain name nor an id \(found "con toso"/,
  ],
  ['a tenant of many tenants', { tenant: 'organizations' }, /tenant: names no tenant/],
  ['a tenant that is a number', { tenant: 5 }, /tenant: is not text \(found 5/],
  ['an encrypted key', { tenant: SECURE_VALUE }, /tenant: is encrypted.*found an encrypted value/],
  ['an unknown protocol', { protocol: 'EWS' }, /protocol: is none of the allowed values; did you mean ews\?/],
  ['an unknown key', { tennant: 'x' }, /tennant: is no known key; did you mean tenant\?/],
  [
    'an unknown key like no other',
    { zzzzzzzz: 'x' },
    /zzzzzzzz: is no known key \(allowed: tenant, protocol/,
  ],
  [
    'an unknown inner key',
    { secret: { lifetime: 5 } },
    /secret\.lifetime: is no known key; did you mean lifetimeDays|secret\.lifetime: is no known key \(allowed: lifetimeDays/,
  ],
  [
    'an unknown key of an endpoint',
    { endpoints: [endpoint({ roleAcounts: [] })] },
    /endpoints\[0\]\.roleAcounts: is no known key; did you mean roleAccounts\?/,
  ],
  [
    'an unknown key of an exclusion',
    { visibility: { scope: { all: true }, exclude: [{ address: 'a@b.com', reason: 'x', why: 1 }] } },
    /visibility\.exclude\[0\]\.why: is no known key/,
  ],
  ['text where a map belongs', { registration: 'mine' }, /registration: is not a map of keys \(found "mine"/],
  [
    'broken JSON',
    { endpoints: '[{"name": "online"' },
    /^calendar-interop:endpoints: begins like JSON, but is none \(allowed/,
  ],
  [
    'a list where a map belongs',
    { registration: [] },
    /registration: is not a map of keys \(found a list of 0/,
  ],
  ['no endpoint', { endpoints: [] }, /endpoints: is empty \(found a list of 0/],
  ['an endpoint that is null', { endpoints: [null] }, /endpoints\[0\]: is not a map of keys \(found nothing/],
  [
    'an endpoint without a name',
    { endpoints: [endpoint({ name: undefined })] },
    /endpoints\[0\]\.name: is missing \(allowed/,
  ],
  [
    'an endpoint without a domain',
    { endpoints: [endpoint({ domains: [] })] },
    /endpoints\[0\]\.domains: is empty/,
  ],
  [
    'an endpoint without a role account',
    { endpoints: [endpoint({ roleAccounts: [] })] },
    /endpoints\[0\]\.roleAccounts: is empty/,
  ],
  [
    'a role account that is no address',
    { endpoints: [endpoint({ roleAccounts: ['interop', 'i@contoso.com'] })] },
    /roleAccounts\[0\]: is not an e-mail address: Google would answer "Exchange username is not an email address"/,
  ],
  [
    'a role account in another domain',
    { endpoints: [endpoint({ roleAccounts: ['i@contoso.com', 'i@fabrikam.com'] })] },
    /roleAccounts\[1\]: lies outside the endpoint's domains \(found "i@fabrikam.com"; allowed: an address in contoso.com/,
  ],
  [
    'a role account twice',
    { endpoints: [endpoint({ roleAccounts: ['i@contoso.com', 'I@CONTOSO.com'] })] },
    /roleAccounts\[1\]: stands in endpoints\[0\]\.roleAccounts\[0\] already/,
  ],
  [
    'an EWS domain without an account',
    { endpoints: [endpoint({ domains: ['contoso.com', 'fabrikam.com'] })] },
    /domains\[1\]: has no role account: Google's Legacy EWS form.*found "fabrikam.com"/,
  ],
  [
    'a wildcard',
    { endpoints: [endpoint({ domains: ['contoso.com', '*.contoso.com'] })] },
    /domains\[1\]: has a wildcard/,
  ],
  [
    'a domain without a dot',
    { endpoints: [endpoint({ domains: ['contoso.com', 'localhost'] })] },
    /domains\[1\]: is not a domain name/,
  ],
  [
    'an address of a machine',
    { endpoints: [endpoint({ domains: ['contoso.com', '10.0.0.1'] })] },
    /domains\[1\]: is not a domain name/,
  ],
  [
    'a URL as domain',
    { endpoints: [endpoint({ domains: ['contoso.com', 'https://contoso.com'] })] },
    /domains\[1\]: is a URL/,
  ],
  [
    'an escaped domain',
    { endpoints: [endpoint({ domains: ['contoso.com', 'fabrikam%2ecom'] })] },
    /domains\[1\]: is not a domain name/,
  ],
  [
    'a role mailbox twice',
    { roleMailboxes: [{ address: 'a@contoso.com' }, { address: 'A@contoso.com' }] },
    /roleMailboxes\[1\]\.address: stands in roleMailboxes\[0\]\.address already/,
  ],
  [
    'a licence without EWS',
    { roleMailboxes: [{ address: 'a@contoso.com', sku: 'deskLessPack' }] },
    /roleMailboxes\[0\]\.sku: is a licence whose mailboxes may not use EWS/,
  ],
  [
    'a country in words',
    { roleMailboxes: [{ address: 'a@contoso.com', usageLocation: 'Germany' }] },
    /usageLocation: is not a country code/,
  ],
  [
    'too many mailboxes',
    { roleMailboxes: [{ address: 'a@contoso.com', count: 51 }] },
    /count: is too large \(found 51; allowed: 1 to 50/,
  ],
  [
    'a secret that lives for two years and a day',
    { secret: { lifetimeDays: 731 } },
    /secret\.lifetimeDays: is too large \(found 731; allowed: 1 to 730 days, the portal's limit; Microsoft recommends at most 180/,
  ],
  [
    'a secret that never lives',
    { secret: { lifetimeDays: 0, leadDays: 1 } },
    /secret\.lifetimeDays: is too small/,
  ],
  ['half a day', { secret: { lifetimeDays: 90.5 } }, /secret\.lifetimeDays: is not a whole number/],
  ['days in words', { secret: { lifetimeDays: 'ninety' } }, /secret\.lifetimeDays: is not a number \(found/],
  [
    'a silence of more than three months',
    { secret: { quietDays: 91 } },
    /secret\.quietDays: .*1 to 90 days/s,
  ],
  [
    'a lead as long as the life',
    { secret: { lifetimeDays: 60, leadDays: 60 } },
    /secret\.leadDays: is 60 days: a secret that lives for 60/,
  ],
  [
    'a life shorter than the default lead',
    { secret: { lifetimeDays: 20 } },
    /secret\.leadDays: is 30 days by default/,
  ],
  [
    'a silence that may last until the new secret has ended',
    { secret: { lifetimeDays: 30, leadDays: 10, quietDays: 30 } },
    /secret\.quietDays: is 30 days: a new secret could end .* only 20 days .*\(found 30; allowed: fewer than 20 days\)/,
  ],
  [
    'a silence as long as the life without the lead',
    { secret: { lifetimeDays: 30, leadDays: 10, quietDays: 20 } },
    /secret\.quietDays: is 20 days: /,
  ],
  [
    'a silence by default that is too long for a short life',
    { secret: { lifetimeDays: 10, leadDays: 3 } },
    /secret\.quietDays: is 7 days by default: .*allowed: fewer than 7 days/,
  ],
  [
    'a life that leaves no room for silence',
    { secret: { lifetimeDays: 10, leadDays: 9, quietDays: 1 } },
    /secret\.quietDays: is 1 days: .*allowed: a longer secret\.lifetimeDays, or a shorter secret\.leadDays/,
  ],
  [
    'a permission by id',
    { registration: { graphPermissions: ['798ee544-9d2d-430c-a058-570e29e34338'] } },
    /graphPermissions\[0\]: is not the name of a Graph permission/,
  ],
  ['no permission', { registration: { graphPermissions: [] } }, /graphPermissions: is empty/],
  [
    'a permission twice',
    { registration: { graphPermissions: ['Calendars.Read', 'Calendars.Read'] } },
    /graphPermissions\[1\]: stands in registration\.graphPermissions\[0\] already/,
  ],
  [
    'an owner by first name',
    { registration: { owners: ['ann'] } },
    /owners\[0\]: is neither an object id nor a user principal name/,
  ],
  ['an adopted name', { registration: { adopt: 'Interop' } }, /registration\.adopt: is not an id/],
  ['an apostrophe in the name', { registration: { displayName: "Ann's" } }, /displayName: has an apostrophe/],
  [
    'two scopes',
    { visibility: { scope: { all: true, group: 'a@b.com' } } },
    /visibility\.scope: says all and group at once/,
  ],
  ['no scope', { visibility: {} }, /visibility\.scope: is missing \(allowed: exactly one of/],
  [
    'all: false',
    { visibility: { scope: { all: false } } },
    /visibility\.scope\.all: is none of the allowed values/,
  ],
  [
    'a kind of mailbox',
    { visibility: { scope: { recipientTypes: ['Usermailbox'] } } },
    /recipientTypes\[0\]: .*did you mean UserMailbox\?/,
  ],
  [
    'an exclusion without a reason',
    { visibility: { scope: { all: true }, exclude: [{ address: 'a@b.com' }] } },
    /exclude\[0\]\.reason: is missing/,
  ],
  [
    'an exclusion of nobody',
    { visibility: { scope: { all: true }, exclude: [{ reason: 'x' }] } },
    /exclude\[0\]: names no mailbox .*allowed: \{address, reason\} or \{attribute, value, reason\}/,
  ],
  [
    'an exclusion by half of an attribute',
    { visibility: { scope: { all: true }, exclude: [{ attribute: 'CustomAttribute7', reason: 'x' }] } },
    /exclude\[0\]: says only attribute/,
  ],
  [
    'an exclusion by two things at once',
    {
      visibility: {
        scope: { all: true },
        exclude: [{ address: 'a@b.com', attribute: 'CustomAttribute7', value: 'x', reason: 'x' }],
      },
    },
    /exclude\[0\]: says address and attribute and value at once/,
  ],
  [
    'an attribute that mailboxes do not have',
    {
      visibility: {
        scope: { all: true },
        exclude: [{ attribute: 'Department', value: 'Board', reason: 'x' }],
      },
    },
    /exclude\[0\]\.attribute: is none of the allowed values.*CustomAttribute1 to CustomAttribute15/,
  ],
  [
    'an attribute value with a wildcard',
    {
      visibility: {
        scope: { all: true },
        exclude: [{ attribute: 'CustomAttribute7', value: 'a*', reason: 'x' }],
      },
    },
    /exclude\[0\]\.value: has a wildcard/,
  ],
  [
    'an attribute value twice',
    {
      visibility: {
        scope: { all: true },
        exclude: [
          { attribute: 'CustomAttribute7', value: 'a', reason: 'x' },
          { attribute: 'CustomAttribute7', value: 'A', reason: 'y' },
        ],
      },
    },
    /exclude\[1\]\.value: stands in visibility\.exclude\[0\]\.value already/,
  ],
  ['yes', { ewsAccess: { acknowledgeAllowList: 'yes' } }, /acknowledgeAllowList: is not true or false/],
  [
    'an unquoted time in the ledger',
    {
      rotation: {
        version: 1,
        revision: 1,
        slots: { a: { generation: 1, endDate: '2027-01-01 00:00:00 +0000 UTC' } },
        current: 'a',
        foreign: [],
        confirmed: {},
        log: [],
      },
    },
    /rotation\.slots\.a\.endDate: lost its form on the way: put it in quotes/,
  ],
];

test.each(SINGLE)('%s is one mistake', (_name, change, line) => {
  expect(lines(validConfig(change))).toEqual([expect.stringMatching(line)]);
});

describe('URLs of on-premises endpoints', () => {
  test.each([
    [undefined, /url: is missing: Google finds an on-premises Exchange by it/],
    [
      'http://mail.contoso.com/ews/exchange.asmx',
      /url: is http: Google would answer "EWS communication error"/,
    ],
    [
      'https://mail.contoso.com/owa/',
      /url: does not end in \/ews\/exchange\.asmx: Google would answer "Malformed Exchange URL"/,
    ],
    ['mail.contoso.com/ews/exchange.asmx', /url: is not a URL: Google would answer "Malformed Exchange URL"/],
    ['ftp://mail.contoso.com/ews/exchange.asmx', /url: is not https/],
    ['https://mail.contoso.com/ews/exchange.asmx?x=1', /url: has a query or a fragment/],
    [
      'https://ann:hunter2@mail.contoso.com/ews/exchange.asmx',
      /url: holds a user name or a password \(found a value that may be a secret, not shown/,
    ],
  ])('%s', (url, line) => {
    expect(lines(validConfig({ endpoints: [endpoint({ type: 'onPremises', url })] }))).toEqual([
      expect.stringMatching(line),
    ]);
  });

  test('Google has no field for one in its Graph form', () => {
    const graph = endpoint({
      type: 'microsoft365-graph',
      url: 'https://outlook.office365.com/ews/exchange.asmx',
    });
    expect(lines(validConfig({ protocol: 'graph', endpoints: [graph] }))).toEqual([
      expect.stringMatching(/url: has no place in Google's Graph form/),
    ]);
  });
});

test.each([
  ['contoso.com', 'CONTOSO.COM'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['straße.example', 'xn--strae-oqa.example'],
])('%s and %s are one domain, wherever they stand', (one, other) => {
  const endpoints = [
    endpoint({ domains: [one], roleAccounts: [`a@${one}`] }),
    endpoint({ name: 'second', domains: [other], roleAccounts: [`a@${other}`] }),
  ];
  expect(lines(validConfig({ endpoints }))).toEqual([
    expect.stringMatching(
      /^calendar-interop:endpoints\[1\]\.domains\[0\]: stands in endpoints\[0\]\.domains\[0\] already/,
    ),
  ]);
});

test('a mistake in one endpoint hides none in another', () => {
  const endpoints = [endpoint({ type: 'exchange' }), endpoint({ roleAccounts: ['i@tailspin.com'] })];
  expect(mistakes(validConfig({ endpoints })).problems.map(({ where }) => where)).toEqual([
    'calendar-interop:endpoints[0].type',
    'calendar-interop:endpoints[1].domains[0]',
    'calendar-interop:endpoints[1].domains[0]',
    'calendar-interop:endpoints[1].name',
    'calendar-interop:endpoints[1].roleAccounts[0]',
  ]);
});

test('a misspelt domain is told once, not again by its accounts', () => {
  expect(
    lines(
      validConfig({
        endpoints: [
          endpoint({
            domains: ['contoso,com', 'fabrikam.com'],
            roleAccounts: ['i@contoso.com', 'i@fabrikam.com'],
          }),
        ],
      }),
    ),
  ).toEqual([expect.stringMatching(/domains\[0\]: is not a domain name \(found "contoso,com"/)]);
});

describe('the azuread provider', () => {
  const ID = '11111111-2222-3333-4444-555555555555';

  test.each([
    [{}, /^azuread:tenantId: is missing/],
    [{ tenantId: '' }, /^azuread:tenantId: is missing/],
    [{ tenantId: 'contoso.com' }, /^azuread:tenantId: is not an id \(found "contoso.com"/],
    [
      { tenantId: '99999999-2222-3333-4444-555555555555' },
      /^azuread:tenantId: is another tenant than calendar-interop:tenant/,
    ],
  ])('%j', (azuread, line) => {
    expect(lines(validConfig({ tenant: ID }), azuread)).toEqual([expect.stringMatching(line)]);
  });

  test('its other keys are not ours to judge', () => {
    const azuread = { tenantId: ID, clientSecret: SECURE_VALUE, metadataHost: 'localhost:8443', whatever: 1 };
    expect(parseStackConfig(validConfig(), azuread).tenant).toBe('contoso.onmicrosoft.com');
  });
});

describe('what is found is shown', () => {
  test.each([
    ['a client secret as value', { tenant: 'Zx98Q~aB3dEfGhIjKlMnOpQrStUvWxYz0123456' }, 'Zx98Q~'],
    ['a token as value', { tenant: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln_nN0' }, 'eyJ'],
    ['a key as value', { access: '0123456789abcdef0123456789abcdef' }, '0123456789abcdef'],
    ['a secret under an unknown key', { registration: { clientSecret: 'hunter2' } }, 'hunter2'],
    ['a secret under a key that names it', { secret: 'hunter2' }, 'hunter2'],
    ['a secret in broken JSON', { secret: '{"value": "hunter2"' }, 'hunter2'],
    ['a secret in a map that should be text', { tenant: { password: 'hunter2' } }, 'hunter2'],
  ])('but not %s', (_name, change, secret) => {
    const error = mistakes(validConfig(change));
    expect(JSON.stringify([error.message, error.problems, error.summary, error.next])).not.toContain(secret);
  });

  test('shortened and without anything that steers a terminal', () => {
    const hostile = `\u001b[31m\u202e\u0085${'x '.repeat(200)}`;
    const [line = ''] = lines(validConfig({ tenant: hostile }));
    expect(line.length).toBeLessThan(250);
    expect(line).not.toMatch(/\p{C}/u);
    const [unknown = ''] = lines(validConfig({ [hostile]: 1 }));
    expect(unknown).not.toMatch(/\p{C}/u);
  });

  test('long names of domains are no secrets', () => {
    const domain = 'Contoso365Production.OnMicrosoft.com';
    expect(lines(validConfig({ endpoints: [endpoint({ domains: ['contoso.com', domain] })] }))[0]).toContain(
      domain,
    );
  });
});
