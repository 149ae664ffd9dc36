/**
 * The token endpoint's refusals: code, OAuth error, status and text.
 *
 * Codes and texts follow Microsoft's error reference (MicrosoftDocs/entra-docs docs/identity-platform/reference-error-codes.md) and
 * what clients' issue trackers quote. UNCONFIRMED: the OAuth error and the status beside a code, where neither shows them.
 */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.js';
import { type HttpReply, type HttpRequest, headerOf, jsonReply } from '../server/http.js';

interface Refusal {
  readonly error: string;
  readonly status: 400 | 401;
  readonly text: (...details: string[]) => string;
}

const FEDERATION_HELP = 'https://learn.microsoft.com/entra/workload-id/workload-identity-federation';
const NOT_FEDERATED = (what: string, found: string) =>
  `No matching federated identity record found for presented assertion ${what} '${found}'. Check your federated identity ` +
  `credential Subject, Audience and Issuer against the presented assertion. ${FEDERATION_HELP}`;

/** Every refusal that the sandbox knows, by its AADSTS number. */
export const REFUSALS = {
  50027: { error: 'invalid_request', status: 400, text: () => 'JWT token is invalid or malformed.' },
  50048: {
    error: 'invalid_client',
    status: 401,
    text: () => 'Subject must match the issuer claim in the client assertion.',
  },
  50166: {
    error: 'invalid_request',
    status: 400,
    text: (issuer) => `Request to External OIDC endpoint failed: the keys of '${issuer}' cannot be read.`,
  },
  53003: {
    error: 'invalid_grant',
    status: 400,
    text: () =>
      'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  },
  70003: {
    error: 'unsupported_grant_type',
    status: 400,
    text: (grant) => `The app requested an unsupported grant type '${grant}'.`,
  },
  70011: {
    error: 'invalid_scope',
    status: 400,
    text: (scope) =>
      "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not " +
      `valid. The scope ${scope} is not valid.`,
  },
  90002: {
    error: 'invalid_request',
    status: 400,
    text: (tenant) =>
      `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. ` +
      'Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.',
  },
  90033: {
    error: 'temporarily_unavailable',
    status: 400,
    text: () => 'A transient error has occurred. Please try again.',
  },
  500011: {
    error: 'invalid_resource',
    status: 400,
    text: (resource, tenant) =>
      `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the application has ` +
      'not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your ' +
      'authentication request to the wrong tenant.',
  },
  501051: {
    error: 'invalid_grant',
    status: 400,
    text: (application, resource) =>
      `Application '${application}' is not assigned to a role for the application '${resource}'.`,
  },
  700016: {
    error: 'unauthorized_client',
    status: 400,
    text: (application, tenant) =>
      `Application with identifier '${application}' was not found in the directory '${tenant}'. This can happen if the application ` +
      'has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your ' +
      'authentication request to the wrong tenant.',
  },
  700021: {
    error: 'invalid_client',
    status: 401,
    text: () => "Client assertion application identifier doesn't match 'client_id' parameter.",
  },
  700022: {
    error: 'invalid_scope',
    status: 400,
    text: (scope) =>
      `The provided value for the input parameter 'scope' is not valid because it contains more than one resource. Scope ${scope} is ` +
      'not valid.',
  },
  700023: {
    error: 'invalid_client',
    status: 401,
    text: () => 'Client assertion audience claim does not match Realm issuer.',
  },
  700024: {
    error: 'invalid_client',
    status: 401,
    text: (now, from, to) =>
      `Client assertion is not within its valid time range. Current time: ${now}, assertion valid from ${from}, expiry time of ` +
      `assertion ${to}.`,
  },
  700027: {
    error: 'invalid_client',
    status: 401,
    text: (what, reason) => `${what} [Reason - ${reason}]`,
  },
  700211: { error: 'invalid_client', status: 401, text: (found = '') => NOT_FEDERATED('issuer', found) },
  700212: { error: 'invalid_client', status: 401, text: (found = '') => NOT_FEDERATED('audience', found) },
  700213: { error: 'invalid_client', status: 401, text: (found = '') => NOT_FEDERATED('subject', found) },
  900144: {
    error: 'invalid_request',
    status: 400,
    text: (parameter) => `The request body must contain the following parameter: '${parameter}'.`,
  },
  900561: {
    error: 'invalid_request',
    status: 400,
    text: (method) => `The endpoint only accepts POST requests. Received a ${method} request.`,
  },
  1002012: {
    error: 'invalid_scope',
    status: 400,
    text: (scope) =>
      `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to ` +
      'the resource identifier (application ID URI).',
  },
  5000811: {
    error: 'invalid_client',
    status: 401,
    text: () =>
      'Unable to verify token signature. The signing key identifier does not match any valid registered keys.',
  },
  5002723: {
    error: 'invalid_request',
    status: 400,
    text: () =>
      'Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.',
  },
  7000112: {
    error: 'unauthorized_client',
    status: 400,
    text: (application, name) => `Application '${application}'(${name}) is disabled.`,
  },
  7000215: {
    error: 'invalid_client',
    status: 401,
    text: (application) =>
      'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client ' +
      `secret ID, for a secret added to app '${application}'.`,
  },
  7000216: {
    error: 'invalid_client',
    status: 401,
    text: () =>
      "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
  },
  7000222: {
    error: 'invalid_client',
    status: 401,
    text: (application) =>
      `The provided client secret keys for app '${application}' are expired. Visit the Azure portal to create new keys for your ` +
      'app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.',
  },
  7000229: {
    error: 'invalid_client',
    status: 401,
    text: (application, tenant) =>
      `The client application ${application} is missing service principal in the tenant ${tenant}. See instructions here: ` +
      'https://go.microsoft.com/fwlink/?linkid=2225119',
  },
} as const satisfies Record<number, Refusal>;

export type AadstsCode = keyof typeof REFUSALS;

/** A sign-in that is refused. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
  readonly details: readonly string[];

  constructor(
    readonly code: AadstsCode,
    ...details: readonly string[]
  ) {
    super(`AADSTS${code}`);
    this.details = details;
  }
}

/** The refusal as Entra writes it. */
export function refusalReply(error: SignInError, request: HttpRequest, clock: SandboxClock): HttpReply {
  const refusal: Refusal = REFUSALS[error.code];
  const traceId = randomUUID();
  const correlationId = headerOf(request, 'client-request-id') ?? randomUUID();
  const timestamp = clock.iso().replace('T', ' ');
  const text = `AADSTS${error.code}: ${refusal.text(...error.details)}`;
  return jsonReply(
    refusal.status,
    {
      error: refusal.error,
      error_description: `${text} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
      error_codes: [error.code],
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      error_uri: `https://login.microsoftonline.com/error?code=${error.code}`,
    },
    { 'x-ms-request-id': traceId },
  );
}
