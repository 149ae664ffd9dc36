/**
 * The addresses from which Google Calendar reaches Exchange, and firewall rules made of them. Pure.
 *
 * Source: support.google.com/a/answer/7437483 (G10), the same list as in rallyhealth/calendar-interop-relay; no change is known.
 */
import ipaddr from 'ipaddr.js';
import type { RangeForm } from './range-forms.js';

/** Google's ranges in CIDR form. */
export const GOOGLE_RANGES = [
  '74.125.88.0/27',
  '2001:4860:4::/64',
  '2404:6800:4::/64',
  '2607:f8b0:4::/64',
  '2800:3f0:4::/64',
  '2a00:1450:4::/64',
  '2c0f:fb50:4::/64',
] as const;

/** The one port that is needed. */
const PORT = 443;

/** What a rule is called, wherever it has a name. */
const NAME = 'GoogleCalendarInterop';
const WORDS = 'Google Calendar looks up availability (support.google.com/a/answer/7437483)';

/** A range taken apart. */
export interface AddressRange {
  readonly cidr: string;
  readonly version: 4 | 6;
  /** Of IPv4: the bits that may differ, as access lists of Cisco want them. */
  readonly wildcard: string | undefined;
  readonly network: string;
}

/** @throws RangeError for a text that is no range, or whose address has bits beyond its prefix. */
export function parseRange(cidr: string): AddressRange {
  if (!ipaddr.isValidCIDR(cidr)) throw new RangeError(`${cidr} is no range of addresses`);
  const [address, prefix] = ipaddr.parseCIDR(cidr);
  const isV4 = address.kind() === 'ipv4';
  const network = isV4
    ? ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()
    : ipaddr.IPv6.networkAddressFromCIDR(cidr).toString();
  if (network !== address.toString()) throw new RangeError(`${cidr} does not begin at its network's address`);
  const mask = isV4 ? ipaddr.IPv4.subnetMaskFromPrefixLength(prefix).octets : undefined;
  return {
    cidr: `${network}/${prefix}`,
    version: isV4 ? 4 : 6,
    wildcard: mask?.map((octet) => 255 - octet).join('.'),
    network,
  };
}

/** Whether an address is Google's. False for what is no address. */
export function isGoogleAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // An IPv4 address may come in IPv6 clothing.
  const plain = ipaddr.process(address);
  return GOOGLE_RANGES.some((range) => {
    const [network, prefix] = ipaddr.parseCIDR(range);
    return network.kind() === plain.kind() && plain.match(network, prefix);
  });
}

/** The ranges in one form, ready to be pasted; ends without a line break. */
export function rangesIn(form: RangeForm): string {
  const ranges = GOOGLE_RANGES.map(parseRange);
  const [v4, v6] = ([4, 6] as const).map((version) => ranges.filter((range) => range.version === version));
  return FORMS[form](ranges, v4 ?? [], v6 ?? []).join('\n');
}

type Printer = (
  all: readonly AddressRange[],
  v4: readonly AddressRange[],
  v6: readonly AddressRange[],
) => readonly string[];

const FORMS: Readonly<Record<RangeForm, Printer>> = {
  plain: (all) => all.map(({ cidr }) => cidr),
  json: (all) => json({ port: PORT, protocol: 'tcp', ranges: cidrs(all) }),
  'azure-nsg': (_, v4, v6) =>
    json([
      { name: `${NAME}V4`, properties: nsgRule(v4, 200) },
      { name: `${NAME}V6`, properties: nsgRule(v6, 201) },
    ]),
  'azure-cli': (_, v4, v6) => [...azureCli(`${NAME}V4`, v4, 200), ...azureCli(`${NAME}V6`, v6, 201)],
  'named-location': (_, v4, v6) =>
    json({
      '@odata.type': '#microsoft.graph.ipNamedLocation',
      displayName: 'Google Calendar Interop',
      isTrusted: false,
      ipRanges: [
        ...v4.map(({ cidr }) => ({ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: cidr })),
        ...v6.map(({ cidr }) => ({ '@odata.type': '#microsoft.graph.iPv6CidrRange', cidrAddress: cidr })),
      ],
    }),
  cisco: (_, v4, v6) => [
    'ip access-list extended GOOGLE-CALENDAR-INTEROP',
    ` remark ${WORDS}`,
    ...v4.map(({ network, wildcard }) => ` permit tcp ${network} ${wildcard} any eq ${PORT}`),
    'ipv6 access-list GOOGLE-CALENDAR-INTEROP-V6',
    ` remark ${WORDS}`,
    ...v6.map(({ cidr }) => ` permit tcp ${cidr} any eq ${PORT}`),
  ],
  iptables: (_, v4, v6) => [
    ...v4.map(({ cidr }) => `iptables ${iptablesRule(cidr)}`),
    ...v6.map(({ cidr }) => `ip6tables ${iptablesRule(cidr)}`),
  ],
  nftables: (_, v4, v6) => [
    'table inet google_calendar_interop {',
    ...nftSet('ipv4', 'ipv4_addr', v4),
    ...nftSet('ipv6', 'ipv6_addr', v6),
    '  chain input {',
    '    type filter hook input priority -1; policy accept;',
    `    ip saddr @ipv4 tcp dport ${PORT} accept`,
    `    ip6 saddr @ipv6 tcp dport ${PORT} accept`,
    '  }',
    '}',
  ],
};

function cidrs(ranges: readonly AddressRange[]): readonly string[] {
  return ranges.map(({ cidr }) => cidr);
}

function json(value: unknown): readonly string[] {
  return [JSON.stringify(value, undefined, 2)];
}

/** A security rule of Azure Resource Manager; one holds IPv4 or IPv6 only (Microsoft.Network/networkSecurityGroups/securityRules). */
function nsgRule(ranges: readonly AddressRange[], priority: number) {
  return {
    description: WORDS,
    protocol: 'Tcp',
    access: 'Allow',
    direction: 'Inbound',
    priority,
    sourceAddressPrefixes: cidrs(ranges),
    sourcePortRange: '*',
    destinationAddressPrefix: '*',
    destinationPortRange: String(PORT),
  };
}

function azureCli(name: string, ranges: readonly AddressRange[], priority: number): readonly string[] {
  return [
    `az network nsg rule create --resource-group "$RESOURCE_GROUP" --nsg-name "$NSG" --name ${name} --priority ${priority} \\`,
    `  --direction Inbound --access Allow --protocol Tcp --destination-port-ranges ${PORT} \\`,
    `  --source-address-prefixes ${cidrs(ranges).join(' ')}`,
  ];
}

function iptablesRule(cidr: string): string {
  return `-A INPUT -p tcp -s ${cidr} --dport ${PORT} -m comment --comment ${NAME} -j ACCEPT`;
}

function nftSet(name: string, type: string, ranges: readonly AddressRange[]): readonly string[] {
  return [
    `  set ${name} {`,
    `    type ${type}; flags interval;`,
    `    elements = { ${cidrs(ranges).join(', ')} }`,
    '  }',
  ];
}
