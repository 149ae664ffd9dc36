/**
 * One Azure Key Vault, `https://interop.vault.azure.net`: the part of its data plane that writes and reads secrets.
 *
 * It is told from the rest of the sandbox by the Host header, since a client refuses the challenge of a vault whose host is not below the
 * resource's (`https://vault.azure.net`). Clients get there through a proxy, as they would in a network of their own.
 */
import { KEY_VAULT_RESOURCE } from '../entra/first-party.js';
import { decodeJwt, isSignedBy } from '../entra/jwt.js';
import { type TokenSurroundings, tokenIssuer } from '../entra/token-endpoint.js';
import { isJsonObject, type JsonObject } from '../json.js';
import { type HttpReply, type HttpRequest, headerOf, jsonReply } from '../server/http.js';
import {
  badParameter,
  forbidden,
  notEmulated,
  refusalReply,
  unauthorized,
  VaultRefusal,
} from './refusals.js';
import { type SecretAttributes, type SecretVersion, type SecretWish, Vault } from './vault.js';

/** The vault's host. */
export const VAULT_HOST = 'interop.vault.azure.net';

/** Versions of the interface that a client may ask for (learn.microsoft.com/rest/api/keyvault, Azure/azure-rest-api-specs). */
const API_VERSIONS = ['7.4', '7.5', '7.6', '2025-07-01'];
/** How many versions a page holds: unless asked for, and at most (…/rest/api/keyvault/secrets/get-secret-versions). */
const PAGE = 25;
const SKEW_SECONDS = 300;

/** Whether a request is for the vault. */
export function isKeyVault(request: Pick<HttpRequest, 'headers'>): boolean {
  return (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase() === VAULT_HOST;
}

export class KeyVaultService {
  readonly #surroundings: TokenSurroundings;
  readonly #officers: readonly string[];
  readonly #vault: Vault;

  /** @param officers client ids of those who have the data role Key Vault Secrets Officer */
  constructor(surroundings: TokenSurroundings, officers: readonly string[]) {
    this.#surroundings = surroundings;
    this.#officers = officers;
    this.#vault = new Vault(() => surroundings.clock.seconds());
  }

  answer(request: HttpRequest): HttpReply {
    try {
      const appId = this.#caller(request);
      checkApiVersion(request);
      if (!this.#officers.includes(appId)) throw forbidden(appId);
      return jsonReply(200, this.#route(request));
    } catch (error) {
      if (error instanceof VaultRefusal) return refusalReply(error);
      throw error;
    }
  }

  #route(request: HttpRequest): JsonObject {
    const [collection, name = '', version, ...rest] = request.segments;
    if (collection !== 'secrets' || name === '' || rest.length > 0)
      throw notEmulated(request.method, request.path);
    if (request.method === 'GET' && version === 'versions') return this.#versions(name, request.query);
    if (request.method === 'GET') return bundle(name, this.#vault.get(name, version), 'withValue');
    if (request.method === 'PUT' && version === undefined)
      return bundle(name, this.#vault.set(name, wishIn(request)), 'withValue');
    if (request.method === 'DELETE' && version === undefined)
      return { ...bundle(name, this.#vault.delete(name)), recoveryId: `${base()}/deletedsecrets/${name}` };
    throw notEmulated(request.method, request.path);
  }

  #versions(name: string, query: URLSearchParams): JsonObject {
    const size = Number(query.get('maxresults') ?? PAGE);
    if (!Number.isInteger(size) || size < 1 || size > PAGE) throw badParameter('maxresults is out of range.');
    const from = Number(query.get('$skiptoken') ?? 0);
    if (!Number.isInteger(from) || from < 0) throw badParameter('$skiptoken is malformed.');
    const all = this.#vault.versions(name);
    const next = new URLSearchParams(query);
    next.set('$skiptoken', String(from + size));
    return {
      value: all.slice(from, from + size).map((version) => bundle(name, version)),
      nextLink: from + size < all.length ? `${base()}/secrets/${name}/versions?${next}` : null,
    };
  }

  /** The client id of the caller. */
  #caller(request: HttpRequest): string {
    const { directory, clock, place, tokenKey } = this.#surroundings;
    const challenge = `Bearer authorization="${place.base()}/${directory.tenant.id}", resource="${KEY_VAULT_RESOURCE}"`;
    const value = /^Bearer +(\S+)$/i.exec(headerOf(request, 'authorization') ?? '')?.[1];
    if (value === undefined)
      throw unauthorized('AKV10000: Request is missing a Bearer or PoP token.', challenge);
    const token = decodeJwt(value);
    if (
      token === undefined ||
      token.header.kid !== tokenKey.id ||
      !isSignedBy(token, tokenKey.publicKey) ||
      token.claims.tid !== directory.tenant.id ||
      token.claims.iss !== tokenIssuer(place.base(), directory.tenant.id)
    )
      throw unauthorized('The token is not one of the tenant that this vault trusts.', challenge);
    const { aud, exp, nbf, appid } = token.claims;
    if (aud !== KEY_VAULT_RESOURCE)
      throw unauthorized(`AKV10022: Invalid audience. Expected ${KEY_VAULT_RESOURCE}.`, challenge);
    const now = clock.seconds();
    if (
      typeof exp !== 'number' ||
      exp + SKEW_SECONDS <= now ||
      typeof nbf !== 'number' ||
      nbf - SKEW_SECONDS > now
    )
      throw unauthorized('The token is not valid at this time.', challenge);
    return String(appid);
  }
}

function checkApiVersion({ query }: HttpRequest): void {
  const version = query.get('api-version');
  if (version === null || version === '') throw badParameter('api-version must be specified');
  if (!API_VERSIONS.includes(version))
    throw badParameter(`The specified version (${version}) is not recognized.`);
}

function wishIn(request: HttpRequest): SecretWish {
  const body = parsed(request.body.toString('utf8'));
  const { value, contentType, tags, attributes, ...unknown } = body;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) throw badParameter(`Property ${stranger} is unknown.`);
  if (typeof value !== 'string') throw badParameter('The parameter value is missing or no text.');
  if (contentType !== undefined && typeof contentType !== 'string')
    throw badParameter('Property contentType is no text.');
  return {
    value,
    ...(contentType === undefined ? {} : { contentType }),
    ...(tags === undefined ? {} : { tags: tagsIn(tags) }),
    ...(attributes === undefined ? {} : { attributes: attributesIn(attributes) }),
  };
}

function parsed(text: string): JsonObject {
  try {
    const body: unknown = JSON.parse(text);
    if (isJsonObject(body)) return body;
  } catch {
    throw badParameter('The body is no JSON.');
  }
  throw badParameter('The body is no JSON object.');
}

function tagsIn(tags: unknown): Record<string, string> {
  const entries = isJsonObject(tags) ? Object.entries(tags) : [['', null]];
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  if (texts.length !== entries.length) throw badParameter('Property tags is no map of texts.');
  return Object.fromEntries(texts);
}

function attributesIn(attributes: unknown): SecretAttributes {
  if (!isJsonObject(attributes)) throw badParameter('Property attributes is no object.');
  const { enabled, nbf, exp, ...unknown } = attributes;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) throw badParameter(`Property attributes.${stranger} is unknown or read-only.`);
  if (enabled !== undefined && typeof enabled !== 'boolean')
    throw badParameter('Property attributes.enabled is neither true nor false.');
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(nbf === undefined ? {} : { nbf: secondsIn('nbf', nbf) }),
    ...(exp === undefined ? {} : { exp: secondsIn('exp', exp) }),
  };
}

function secondsIn(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw badParameter(`Property attributes.${name} is no time in whole seconds.`);
}

/** A version as a client gets it; lists and deletions leave the value out. */
function bundle(name: string, secret: SecretVersion, what?: 'withValue'): JsonObject {
  const { version, value, contentType, tags, attributes, created } = secret;
  return {
    id: `${base()}/secrets/${name}/${version}`,
    ...(what === 'withValue' ? { value } : {}),
    ...(contentType === undefined ? {} : { contentType }),
    ...(tags === undefined ? {} : { tags: { ...tags } }),
    attributes: {
      enabled: true,
      ...attributes,
      created,
      updated: created,
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays: 90,
    },
  };
}

function base(): string {
  return `https://${VAULT_HOST}`;
}
