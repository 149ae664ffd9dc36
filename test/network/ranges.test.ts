import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import {
  GOOGLE_RANGES,
  isGoogleAddress,
  parseRange,
  rangesIn,
} from '../../infra/endpoints/address-ranges.js';
import { RANGE_FORMS } from '../../infra/endpoints/range-forms.js';

/** Every range in a text, whatever the form: CIDR, or a network with a wildcard mask. */
function rangesOf(text: string): readonly string[] {
  const plain = [...text.matchAll(/(?<![\w.:])([0-9a-f]+(?:[.:][0-9a-f:.]*)+\/\d{1,3})(?!\d)/gi)].map(
    ([, cidr = '']) => cidr,
  );
  const wild = [...text.matchAll(/permit tcp (\d+(?:\.\d+){3}) (\d+(?:\.\d+){3})/g)].map(
    ([, network = '', wildcard = '']) => {
      const mask = wildcard
        .split('.')
        .map((octet) => 255 - Number(octet))
        .join('.');
      return `${network}/${ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask()}`;
    },
  );
  return [...plain, ...wild];
}

const G10 = [
  '74.125.88.0/27',
  '2001:4860:4::/64',
  '2404:6800:4::/64',
  '2607:f8b0:4::/64',
  '2800:3f0:4::/64',
  '2a00:1450:4::/64',
  '2c0f:fb50:4::/64',
];

test.each(RANGE_FORMS)('%s holds exactly the ranges of the guide', (form) => {
  expect([...rangesOf(rangesIn(form))].sort()).toEqual([...G10].sort());
});

test('every address is in all forms alike, or in none', () => {
  const parsed = RANGE_FORMS.map((form) => rangesOf(rangesIn(form)).map((cidr) => ipaddr.parseCIDR(cidr)));
  const near = fc.constantFrom(...GOOGLE_RANGES).chain((cidr) => {
    const bytes = ipaddr.parseCIDR(cidr)[0].toByteArray();
    return fc
      .tuple(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 0, max: 255 }))
      .map(([at, value]) =>
        ipaddr.fromByteArray(bytes.map((byte, index) => (index === at ? value : byte))).toString(),
      );
  });
  fc.assert(
    fc.property(fc.oneof(near, fc.ipV4(), fc.ipV6()), (address) => {
      const one = ipaddr.process(address);
      const inForms = parsed.map((ranges) =>
        ranges.some(([network, prefix]) => network.kind() === one.kind() && one.match(network, prefix)),
      );
      expect(new Set(inForms).size).toBe(1);
      expect(isGoogleAddress(address)).toBe(inForms[0]);
    }),
  );
});

test('forms for programs are what those programs read', () => {
  const rules = JSON.parse(rangesIn('azure-nsg')) as {
    name: string;
    properties: { sourceAddressPrefixes: string[] };
  }[];
  for (const { properties } of rules) {
    // One rule holds one version only.
    expect(new Set(properties.sourceAddressPrefixes.map((cidr) => parseRange(cidr).version)).size).toBe(1);
  }
  expect(JSON.parse(rangesIn('named-location'))).toMatchObject({
    '@odata.type': '#microsoft.graph.ipNamedLocation',
    ipRanges: expect.arrayContaining([
      { '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '74.125.88.0/27' },
    ]),
  });
  expect(JSON.parse(rangesIn('json')).ranges).toEqual(G10);
});

test.each(['74.125.88.1/27', '74.125.88.0/33', 'google.com', '2001:4860:4::1/64', ''])(
  '%j is no range',
  (text) => {
    expect(() => parseRange(text)).toThrow(RangeError);
  },
);

test.each(['', 'mail.contoso.com', '74.125.88', '999.1.1.1'])('%j is no address of Google', (text) => {
  expect(isGoogleAddress(text)).toBe(false);
});

test('an IPv4 address in IPv6 clothing counts', () => {
  expect(isGoogleAddress('::ffff:74.125.88.7')).toBe(true);
  expect(isGoogleAddress('::ffff:74.125.88.32')).toBe(false);
});
