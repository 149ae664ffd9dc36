/** `POST /{tenant}/oauth2/v2.0/token`: tokens for applications. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { JsonObject } from '../json.js';
import { type HttpReply, type HttpRequest, jsonReply } from '../server/http.js';
import { refusalReply, SignInError } from './aadsts.js';
import { authenticate, type SignInSurroundings } from './client-authentication.js';
import type { Directory } from './directory.js';
import { GRAPH_APP_ID } from './first-party.js';
import { type SigningKey, signJwt } from './jwt.js';
import type { Application, ServicePrincipal } from './model.js';

export interface TokenSurroundings extends SignInSurroundings {
  /** Signs the access tokens. */
  readonly tokenKey: SigningKey;
}

/** Entra answers 3599; the azuread provider renews a token that has less than 20 minutes left. */
const LIFETIME_SECONDS = 3599;
const DEFAULT_SCOPE = '/.default';

/** Answers a token request: a token, or Entra's refusal. */
export function answerTokenRequest(
  surroundings: TokenSurroundings,
  tenantName: string,
  request: HttpRequest,
): HttpReply {
  try {
    if (request.method !== 'POST') throw new SignInError(900561, request.method);
    const form = new URLSearchParams(request.body.toString('utf8'));
    return jsonReply(200, {
      token_type: 'Bearer',
      expires_in: LIFETIME_SECONDS,
      ext_expires_in: LIFETIME_SECONDS,
      access_token: issue(surroundings, tenantName, form),
    });
  } catch (error) {
    if (error instanceof SignInError) return refusalReply(error, request, surroundings.clock);
    throw error;
  }
}

function issue(surroundings: TokenSurroundings, tenantName: string, form: URLSearchParams): string {
  const { directory } = surroundings;
  checkTenant(directory, tenantName);
  const grant = required(form, 'grant_type');
  if (grant !== 'client_credentials') throw new SignInError(70003, grant);
  const clientId = required(form, 'client_id');
  const scope = required(form, 'scope');
  const application = directory.applicationByAppId(clientId);
  if (application === undefined || !directory.sees(application)) {
    throw new SignInError(700016, clientId, directory.tenant.displayName);
  }
  const keyId = authenticate(surroundings, application, tenantName, form);
  const principal = signedInPrincipal(directory, application);
  const target = resourceOf(surroundings, scope, principal);
  if (keyId !== undefined) {
    directory.signIns.record({ keyId, resourceId: target.resource.id, requestId: randomUUID() });
  }
  return tokenFor(surroundings, principal, target);
}

/** @throws SignInError 90002 unless the tenant is ours, by id or by a verified domain. */
export function checkTenant({ tenant }: Directory, name: string): void {
  const wanted = name.toLowerCase();
  const domains = tenant.domains.filter((domain) => domain.isVerified).map((domain) => domain.id);
  if (wanted !== tenant.id && !domains.includes(wanted)) throw new SignInError(90002, name);
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value === null || value === '') throw new SignInError(900144, name);
  return value;
}

function signedInPrincipal(directory: Directory, application: Application): ServicePrincipal {
  const principal = directory.principalByAppId(application.appId);
  if (principal === undefined || !directory.sees(principal)) {
    throw new SignInError(7000229, application.appId, directory.tenant.id);
  }
  if (principal.properties.accountEnabled === false || application.properties.disabledByMicrosoftStatus) {
    throw new SignInError(7000112, application.appId, String(application.properties.displayName));
  }
  return principal;
}

/** The resource that a scope names, and the audience that its tokens carry: the name that was used. */
function resourceOf(
  { directory, place }: TokenSurroundings,
  scope: string,
  caller: ServicePrincipal,
): { readonly resource: ServicePrincipal; readonly audience: string } {
  const scopes = scope.split(' ').filter((part) => part !== '');
  const [only = ''] = scopes;
  if (scopes.length > 1) throw new SignInError(700022, scope);
  if (!only.endsWith(DEFAULT_SCOPE)) throw new SignInError(1002012, only);
  if (only === DEFAULT_SCOPE) throw new SignInError(70011, scope);
  const name = only.slice(0, -DEFAULT_SCOPE.length).replace(/\/$/, '');
  const resource =
    name === place.base() ? directory.principalByAppId(GRAPH_APP_ID) : directory.principalByName(name);
  if (resource === undefined || !directory.sees(resource)) {
    throw new SignInError(500011, name, directory.tenant.displayName);
  }
  if (
    resource.properties.appRoleAssignmentRequired === true &&
    directory.grantedRoles(caller.id, resource).length === 0
  ) {
    throw new SignInError(501051, caller.appId, resource.appId);
  }
  return { resource, audience: name };
}

function tokenFor(
  { directory, clock, place, tokenKey }: TokenSurroundings,
  principal: ServicePrincipal,
  { resource, audience }: { readonly resource: ServicePrincipal; readonly audience: string },
): string {
  const now = clock.seconds();
  const roles = directory.grantedRoles(principal.id, resource);
  const wids = directory.rolesOf(principal.id);
  const claims: JsonObject = {
    aud: audience,
    iss: tokenIssuer(place.base(), directory.tenant.id),
    iat: now,
    nbf: now,
    exp: now + LIFETIME_SECONDS,
    appid: principal.appId,
    azp: principal.appId,
    idtyp: 'app',
    oid: principal.id,
    sub: principal.id,
    tid: directory.tenant.id,
    uti: randomBytes(16).toString('base64url'),
    ver: '2.0',
    // Entra leaves the claim out where nothing is granted.
    ...(roles.length === 0 ? {} : { roles }),
    // Directory roles travel in the token: one that is given later needs a new token.
    ...(wids.length === 0 ? {} : { wids }),
  };
  return signJwt(tokenKey, claims);
}

/** The issuer of access tokens. */
export function tokenIssuer(base: string, tenantId: string): string {
  return `${base}/${tenantId}/v2.0`;
}
