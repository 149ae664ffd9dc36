/** The stand-in works on this machine only: a real tenant is the official provider's. */
import { RefusedRequest } from '../../infra/exchange/provider/kernel/index.js';

/** `localhost`, 127.0.0.0/8, `[::1]` (RFC 6761 section 6.3, RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3). */
const LOOPBACK = /^(localhost|127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])$/i;

/**
 * The URL, if it is HTTPS on this machine.
 *
 * @param what says in errors where the address came from
 * @throws RefusedRequest for every other one
 */
export function loopbackUrl(address: string, what: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined) throw new RefusedRequest(`${what}: ${JSON.stringify(address)} is not an address`);
  if (
    url.protocol === 'https:' &&
    LOOPBACK.test(url.hostname) &&
    url.username === '' &&
    url.password === ''
  ) {
    return url;
  }
  throw new RefusedRequest(
    `${what}: ${url.protocol}//${url.host} is not HTTPS on this machine. This is the sandbox's stand-in for the azuread ` +
      'provider, which serves localhost, 127.0.0.1 and [::1] only; for a real tenant install the official one: ' +
      'pulumi plugin install resource azuread',
  );
}
