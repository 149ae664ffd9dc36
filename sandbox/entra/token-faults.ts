/** Token requests that are refused because the sandbox was told to: faults `tokenRefused` and `tokenHtml`. */
import type { SandboxClock } from '../clock.js';
import type { LookUpFaults } from '../look-up-faults.js';
import type { HttpReply, HttpRequest } from '../server/http.js';
import { htmlPage } from '../server/http.js';
import { type AadstsCode, refusalReply, SignInError } from './aadsts.js';

/** The answer of a fault in force; undefined for other requests, or without one. */
export function tokenFaultReply(
  faults: LookUpFaults,
  clock: SandboxClock,
  request: HttpRequest,
): HttpReply | undefined {
  const [tenant = '', ...rest] = request.segments;
  if (rest.join('/') !== 'oauth2/v2.0/token') return undefined;
  const code = faults.takeTokenRefusal();
  if (code !== undefined) {
    const clientId = new URLSearchParams(request.body.toString('utf8')).get('client_id') ?? '';
    return refusalReply(new SignInError(code, ...detailsOf(code, clientId, tenant)), request, clock);
  }
  return faults.take('tokenHtml') === undefined ? undefined : htmlPage(200, 'Sign in to your account');
}

/** What the texts name: most of them the application, then the tenant. */
function detailsOf(code: AadstsCode, clientId: string, tenant: string): readonly string[] {
  if (code === 90002) return [tenant];
  return code === 500011 ? ['https://outlook.office365.com', tenant] : [clientId, tenant];
}
