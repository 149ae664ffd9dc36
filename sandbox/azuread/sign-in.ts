/** Where the tenant is, and tokens for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedRequest } from '../../infra/exchange/provider/kernel/index.js';
import { type Certificate, clientAssertion, openPkcs12 } from './certificate.js';
import type { Credential, Settings } from './configuration.js';
import type { HttpResponse, Transport } from './https-transport.js';
import { loopbackUrl } from './loopback.js';

/** Addresses of the emulated cloud, without a slash at the end of `graph`. */
export interface Endpoints {
  readonly login: string;
  readonly graph: string;
}

/**
 * Reads the cloud's metadata document, and refuses addresses that are not on this machine (azuread-wire: a plain GET,
 * exactly 200, a JSON object with `name`, `resourceManager` and `microsoftGraphResourceId`).
 */
export async function readEndpoints(
  transport: Transport,
  metadataHost: string,
  signal: AbortSignal,
): Promise<Endpoints> {
  const base = loopbackUrl(`https://${metadataHost}`, 'azuread:metadataHost');
  const url = new URL(`${base.pathname.replace(/\/$/, '')}/metadata/endpoints?api-version=2022-09-01`, base);
  const response = await transport({ method: 'GET', url, headers: { Accept: 'application/json' }, signal });
  const document = parse(response.body);
  const authentication = document.authentication as { loginEndpoint?: unknown } | undefined;
  const login = authentication?.loginEndpoint;
  const graph = document.microsoftGraphResourceId;
  if (
    response.status !== 200 ||
    !isText(document.name) ||
    !isText(document.resourceManager) ||
    !isText(graph)
  ) {
    throw new RefusedRequest(
      `azuread:metadataHost: ${url.host} gives no metadata document (status ${response.status})`,
    );
  }
  if (!isText(login))
    throw new RefusedRequest(`azuread:metadataHost: ${url.host} names no authentication.loginEndpoint`);
  loopbackUrl(login, 'authentication.loginEndpoint of the metadata document');
  loopbackUrl(graph, 'microsoftGraphResourceId of the metadata document');
  return { login, graph: graph.replace(/\/+$/, '') };
}

/** Renewed when it has less time left than this (go-azure-sdk sdk/auth/token.go). */
const RENEWAL_MS = 20 * 60 * 1000;
/** Waits between attempts after 429, 5xx and broken connections. */
const RETRY_SECONDS = [1, 2, 4, 8] as const;

export interface TokenRequest {
  readonly transport: Transport;
  readonly endpoints: Endpoints;
  readonly settings: Settings;
  keepSecret(text: string): void;
}

export interface AccessToken {
  readonly value: string;
  /** Milliseconds of the epoch. */
  readonly expiresAt: number;
}

/** Gives the token, and a new one in time before it runs out. */
export class TokenSource {
  readonly #request: TokenRequest;
  #certificate: Certificate | undefined;
  #token: AccessToken | undefined;
  #pending: Promise<AccessToken> | undefined;

  constructor(request: TokenRequest) {
    this.#request = request;
  }

  /** @throws Error with Entra's code (AADSTS…) when it refuses */
  async token(signal: AbortSignal): Promise<string> {
    if (this.#token !== undefined && this.#token.expiresAt - Date.now() > RENEWAL_MS)
      return this.#token.value;
    this.#pending ??= this.#ask(signal).finally(() => {
      this.#pending = undefined;
    });
    this.#token = await this.#pending;
    return this.#token.value;
  }

  async #ask(signal: AbortSignal): Promise<AccessToken> {
    const { endpoints, settings, transport, keepSecret } = this.#request;
    const url = new URL(`${endpoints.login}/${encodeURIComponent(settings.tenantId)}/oauth2/v2.0/token`);
    const form = new URLSearchParams({
      client_id: settings.clientId,
      scope: `${endpoints.graph}/.default`,
      grant_type: 'client_credentials',
      ...(await this.#proof(settings.credential, url.href, signal)),
    });
    const response = await withRetries(signal, () =>
      transport({
        method: 'POST',
        url,
        headers: { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' },
        body: form.toString(),
        signal,
      }),
    );
    const answer = parse(response.body);
    if (response.status < 200 || response.status > 299 || !isText(answer.access_token))
      throw refusal(response, answer);
    keepSecret(answer.access_token);
    return { value: answer.access_token, expiresAt: Date.now() + Number(answer.expires_in ?? 0) * 1000 };
  }

  async #proof(
    credential: Credential,
    tokenUrl: string,
    signal: AbortSignal,
  ): Promise<Record<string, string>> {
    if (credential.kind === 'secret') return { client_secret: credential.secret };
    const assertion = await this.#assertion(credential, tokenUrl, signal);
    this.#request.keepSecret(assertion);
    return {
      client_assertion: assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    };
  }

  async #assertion(
    credential: Exclude<Credential, { kind: 'secret' }>,
    tokenUrl: string,
    signal: AbortSignal,
  ): Promise<string> {
    if (credential.kind === 'assertion') return credential.token;
    if (credential.kind === 'github') return await this.#githubToken(credential, signal);
    this.#certificate ??= await openPkcs12(credential.pkcs12, credential.password);
    return clientAssertion(this.#certificate, this.#request.settings.clientId, tokenUrl, new Date());
  }

  /** GitHub's token service: `GET <url>&audience=…` with the job's request token. */
  async #githubToken(
    credential: Extract<Credential, { kind: 'github' }>,
    signal: AbortSignal,
  ): Promise<string> {
    const url = new URL(credential.requestUrl);
    if (url.protocol !== 'https:') throw new RefusedRequest('azuread:oidcRequestUrl must be HTTPS');
    url.searchParams.set('audience', 'api://AzureADTokenExchange');
    const headers = { Accept: 'application/json', Authorization: `Bearer ${credential.requestToken}` };
    const response = await this.#request.transport({ method: 'GET', url, headers, signal });
    const { value } = parse(response.body);
    if (response.status === 200 && isText(value)) return value;
    throw new RefusedRequest(`azuread:oidcRequestUrl: ${url.host} gave no token (status ${response.status})`);
  }
}

/** Claims of a token; its signature is Entra's business. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const [, claims = ''] = token.split('.');
  return parse(Buffer.from(claims, 'base64url').toString('utf8'));
}

async function withRetries(signal: AbortSignal, send: () => Promise<HttpResponse>): Promise<HttpResponse> {
  for (const seconds of RETRY_SECONDS) {
    const response = await send().catch((error: unknown) => {
      if (signal.aborted) throw error;
      return undefined;
    });
    if (response !== undefined && response.status !== 429 && response.status < 500) return response;
    await sleep((retryAfter(response) ?? seconds) * 1000, undefined, { signal });
  }
  return await send();
}

/** Seconds that the answer asks to wait. */
export function retryAfter(response: HttpResponse | undefined): number | undefined {
  const value = response?.headers['retry-after'];
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

function refusal(response: HttpResponse, answer: Readonly<Record<string, unknown>>): Error {
  const description = isText(answer.error_description)
    ? answer.error_description
    : response.body.slice(0, 500);
  const code =
    /AADSTS\d+/.exec(description)?.[0] ?? (isText(answer.error) ? answer.error : `status ${response.status}`);
  return new Error(`signing in to Entra failed (${code}): ${description.split(/\r?\n/)[0] ?? ''}`);
}

export function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
