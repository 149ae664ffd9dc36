/** The forms in which Google's address ranges are printed, by name alone, so that `--help` loads nothing else. */
export const RANGE_FORMS = [
  'plain',
  'json',
  'azure-nsg',
  'azure-cli',
  'named-location',
  'cisco',
  'iptables',
  'nftables',
] as const;
export type RangeForm = (typeof RANGE_FORMS)[number];
