/** Which hosts are this machine. Pure. */

/**
 * Whether `host` or `host:port` is this machine: the name `localhost`, an IPv4 address in 127.0.0.0/8, or `[::1]`
 * (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3).
 */
export function isLoopback(host: string | undefined): boolean {
  if (host === undefined) return false;
  return /^(localhost|127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])(:\d{1,5})?$/i.test(host);
}
