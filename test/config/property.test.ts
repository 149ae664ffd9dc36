import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { parseStackConfig, STACK_CONFIG_KEYS, type StackConfig } from '../../infra/config.js';
import { InteropError } from '../../infra/errors.js';
import { initialLedger } from '../../infra/rotation/ledger.js';

/** Any JSON, with keys and words of the configuration mixed in so that it goes deep. */
const words = fc.constantFrom(
  'name',
  'type',
  'domains',
  'roleAccounts',
  'url',
  'microsoft365-ews',
  'contoso.com',
  'a@contoso.com',
  'https://x.de/ews/exchange.asmx',
  'all',
  'scope',
  'filter',
  'address',
  'lifetimeDays',
  'slots',
  '__proto__',
  'constructor',
  'toString',
  '180',
  'true',
  '',
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(words, fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(words, fc.string()), tie('json'), { maxKeys: 5 }),
  ),
}));
const anyConfig = fc.dictionary(
  fc.oneof(fc.constantFrom(...STACK_CONFIG_KEYS), words, fc.string()),
  fc.oneof(
    json,
    json.map((value) => JSON.stringify(value)),
  ),
  { maxKeys: 12 },
);

test('whatever is thrown at it, it parses or explains', () => {
  fc.assert(
    fc.property(anyConfig, fc.option(anyConfig, { nil: undefined }), (raw, azuread) => {
      try {
        parseStackConfig(raw, azuread);
      } catch (error) {
        if (!(error instanceof InteropError)) throw error;
        expect(error.kind).toBe('configuration');
        expect(error.problems.length).toBeGreaterThan(0);
        for (const { where, what } of error.problems) {
          expect(where).toMatch(/^(calendar-interop|azuread):/);
          expect(`${where} ${what}`).not.toMatch(/\p{C}/u);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

/** Hyphens in third and fourth place are for punycode, which not every text is. */
const label = fc.oneof(
  fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/).filter((text) => !text.startsWith('--', 2)),
  fc.constantFrom('bücher', 'STRASSE', 'straße', 'ΣΑΣ', '日本', 'xn--bcher-kva', 'I\u0307x'),
);
const domain = fc
  .tuple(label, fc.constantFrom('com', 'example', 'co.uk', 'XN--P1AI', 'de'))
  .map((parts) => parts.join('.'));
/** Not for other letters: the capitals of ß are the letters of another domain. */
const asciiUpperCase = (name: string) => name.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase());

/** What addresses of one mailbox have in common. */
const mailboxOf = (address: string) => {
  const [local = '', name = ''] = address.split('@');
  return `${local.toLowerCase()}@${domainToASCII(name)}`;
};

const local = fc.stringMatching(/^[A-Za-z0-9_+-]{1,12}(\.[A-Za-z0-9]{1,5})?$/);

const endpoints = fc
  .uniqueArray(domain, { minLength: 1, maxLength: 4, selector: (name) => domainToASCII(name) })
  .chain((domains) =>
    fc.tuple(
      ...domains.map((name, index) =>
        fc.record({
          name: fc.constant(`endpoint-${index}`),
          type: fc.constantFrom('microsoft365-ews', 'microsoft365-graph', 'onPremises'),
          domains: fc.constantFrom([name], [asciiUpperCase(name)]),
          roleAccounts: local.map((account) => [`${account}@${name}`]),
        }),
      ),
    ),
  )
  .map((list) =>
    list.map((entry) =>
      entry.type === 'onPremises' ? { ...entry, url: 'HTTPS://Mail.Contoso.com/EWS/exchange.asmx' } : entry,
    ),
  );

const scope = fc.oneof(
  fc.constant({ all: true }),
  fc.constant({ recipientTypes: ['UserMailbox'] }),
  fc.constant({ filter: 'City -eq "Köln"' }),
  fc.uuid().map((group) => ({ group })),
);

const goodConfig = fc.record(
  {
    tenant: fc.oneof(domain, fc.uuid()),
    protocol: fc.constant('both'),
    endpoints,
    access: fc.constantFrom('tenant', 'roleMailboxes'),
    registration: fc.record(
      {
        displayName: fc.constantFrom('Interop', 'Kalender ü'),
        adopt: fc.uuid(),
        owners: fc.uniqueArray(fc.uuid(), { maxLength: 3 }),
      },
      { requiredKeys: [] },
    ),
    secret: fc.record(
      { lifetimeDays: fc.integer({ min: 110, max: 730 }), leadDays: fc.constantFrom(10, '99') },
      { requiredKeys: [] },
    ),
    eventDetails: fc.constantFrom(true, 'false'),
    visibility: fc.record(
      { scope, level: fc.constantFrom('LimitedDetails', 'AvailabilityOnly'), inlineLimit: fc.nat(1000) },
      { requiredKeys: ['scope'] },
    ),
    roleMailboxes: fc.uniqueArray(
      fc.record(
        {
          address: fc.tuple(local, domain).map((parts) => parts.join('@')),
          displayName: fc.constant('Rolle'),
          count: fc.integer({ min: 1, max: 50 }),
        },
        { requiredKeys: ['address'] },
      ),
      { maxLength: 3, selector: ({ address }) => mailboxOf(address) },
    ),
    rotation: fc
      .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((now) => initialLedger({ now, lifetimeDays: 180 })),
  },
  { requiredKeys: ['tenant', 'protocol', 'endpoints'] },
);

/** As Pulumi hands a configuration to a program. */
function asPulumiText(config: StackConfig): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}

test('a normal form is its own normal form, as values and as text', () => {
  fc.assert(
    fc.property(goodConfig, (raw) => {
      const once = parseStackConfig(raw);
      expect(parseStackConfig({ ...once })).toEqual(once);
      expect(parseStackConfig(asPulumiText(once))).toEqual(once);
    }),
    { numRuns: 300 },
  );
});
