/**
 * One sign-in for everything that is not Pulumi's: what the azuread provider was given becomes one @azure/identity credential, and
 * a token for Microsoft Graph proves it at once.
 */
import { setImmediate } from 'node:timers/promises';
import type { TokenCredential } from '@azure/identity';
import { limited, orAborted } from '../abort.js';
import { InteropError } from '../errors.js';
import { loadAzureIdentity } from './azure-identity.js';
import type { Cloud } from './cloud.js';
import { chooseWay, noWay, tenantOf, type Way } from './credentials.js';
import { cancelledError } from './network-error.js';
import type { ProviderSettings } from './settings.js';
import {
  type Attempt,
  explainSignIn,
  FailureMemory,
  RefusedRequest,
  signInTooSlow,
} from './sign-in-error.js';
import { readClaims } from './token-claims.js';
import type { Trust } from './trust.js';

/** Somebody is signed in. */
export interface SignedIn {
  readonly cloud: Cloud;
  readonly trust: Trust;
  /** For libraries that want one; each of its requests ends, but errors are explained by {@link SignedIn.token} only. */
  readonly credential: TokenCredential;
  /** Name of the way, such as `client secret`. */
  readonly way: string;
  readonly tenantId: string;
  /**
   * A token for an API; kept until it is about to expire.
   *
   * @param scope such as `https://graph.microsoft.com/.default`.
   * @throws InteropError of kind `authentication` with Entra's code and what it means, `configuration` when the authority is not
   * trusted, `timeout`, `cancelled`.
   */
  token(scope: string, signal: AbortSignal): Promise<string>;
}

/** Time for one token, retries included. */
const TOKEN_LIMIT_MS = 60_000;

/**
 * Signs in.
 *
 * @param cloud may still be on its way: @azure/identity is loaded meanwhile.
 * @throws InteropError as {@link SignedIn.token}, with all ways of signing in when none is possible, and of kind `configuration`
 * when the token is of another tenant than the configured one.
 */
export async function signInWith(
  settings: ProviderSettings,
  cloud: Promise<Cloud>,
  trust: Trust,
  signal: AbortSignal,
): Promise<SignedIn> {
  const way = chooseWay(settings);
  if (way === undefined) throw noWay(settings);
  // The request for the cloud goes out first; loading the library then fills the wait.
  await setImmediate();
  const identity = loadAzureIdentity();
  const where = await cloud;
  const memory = new FailureMemory();
  const transport = trust.identityOptions(where.authority);
  const credential = await way.make({
    settings,
    trust,
    signal,
    identity,
    secret: (value) => memory.secret(value),
    failed: (error) => memory.failed(error),
    options: {
      ...transport,
      authorityHost: where.authority,
      disableInstanceDiscovery: !where.knownToMicrosoft,
      retryOptions: { maxRetries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 10_000 },
      additionalPolicies: [
        { position: 'perCall', policy: observed(signal, memory) },
        ...transport.additionalPolicies,
      ],
    },
  });
  const getToken = async (scope: string, callSignal: AbortSignal) => {
    const attempt = { way, cloud: where, settings, trust, memory };
    return await tokenOf(credential, scope, callSignal, attempt);
  };
  const tenantId = readClaims(await getToken(`${where.graph}/.default`, signal))?.tid;
  if (tenantId !== undefined) refuseOtherTenant(tenantId, settings, way);
  return {
    cloud: where,
    trust,
    credential,
    way: way.name,
    tenantId: tenantId ?? tenantOf(settings),
    token: getToken,
  };
}

/**
 * Ends requests of @azure/identity when the run is called off or the time is over, and remembers why one failed: what comes out of the
 * library says no more than that the network failed.
 */
function observed(signal: AbortSignal, memory: FailureMemory) {
  return {
    name: 'observed',
    async sendRequest<
      Request extends { abortSignal?: unknown },
      Response extends { status: number; bodyAsText?: string | null },
    >(request: Request, next: (request: Request) => Promise<Response>): Promise<Response> {
      // In place of the library's own one, which nobody aborts when an application signs in.
      const limit = limited([signal], TOKEN_LIMIT_MS);
      request.abortSignal = limit.signal;
      try {
        const response = await next(request);
        if (response.status >= 400)
          memory.failed(new RefusedRequest(response.status, response.bodyAsText ?? ''));
        return response;
      } catch (error) {
        memory.failed(error);
        throw error;
      } finally {
        limit.forget();
      }
    },
  };
}

async function tokenOf(
  credential: TokenCredential,
  scope: string,
  signal: AbortSignal,
  attempt: Attempt,
): Promise<string> {
  const limit = limited([signal], TOKEN_LIMIT_MS);
  try {
    const ask = () => credential.getToken(scope, { abortSignal: limit.signal });
    const token = await orAborted(ask, limit.signal);
    if (token === null) throw new Error('no token came back');
    return token.token;
  } catch (error) {
    if (signal.aborted) throw cancelledError('signing in');
    if (limit.isLate()) throw signInTooSlow(attempt, TOKEN_LIMIT_MS);
    throw explainSignIn(error, attempt);
  } finally {
    limit.forget();
  }
}

const GUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * A managed identity and the Azure CLI may give a token of whatever tenant they belong to: nothing may be made there. A tenant that
 * is configured by one of its domains cannot be compared.
 *
 * @throws InteropError of kind `configuration`.
 */
function refuseOtherTenant(found: string, settings: ProviderSettings, way: Way): void {
  const configured = settings.get('tenantId');
  if (configured.state !== 'known') return;
  const wanted = configured.value.trim();
  if (!GUID.test(wanted) || wanted.toLowerCase() === found.toLowerCase()) return;
  const isKey = configured.source.startsWith('azuread:');
  const correction = isKey
    ? `pulumi config set ${configured.source} ${found}`
    : `export ${configured.source}=${found}`;
  throw new InteropError({
    kind: 'configuration',
    summary: `the ${way.name} signs in to another tenant than the one that is configured`,
    problems: [
      {
        where: configured.source,
        what: `is not the tenant that the token is of, ${found}`,
        found: wanted,
        allowed: `${found}, or a credential of ${wanted}`,
      },
    ],
    next: [
      way.name === 'Azure CLI' ? `az login --tenant ${wanted}` : `sign in with a credential of ${wanted}`,
      `${correction}   # only if that tenant is meant`,
    ],
  });
}
