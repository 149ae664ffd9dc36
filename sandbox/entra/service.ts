/** Entra's own endpoints: cloud metadata, discovery, keys, tokens. */
import { type HttpReply, type HttpRequest, jsonReply } from '../server/http.js';
import { refusalReply, SignInError } from './aadsts.js';
import { publicJwk } from './jwt.js';
import { answerTokenRequest, checkTenant, type TokenSurroundings, tokenIssuer } from './token-endpoint.js';

const METADATA_VERSION = '2022-09-01';

/** Answers what belongs to Entra; undefined for every other path. */
export function answerEntra(surroundings: TokenSurroundings, request: HttpRequest): HttpReply | undefined {
  const [first = '', ...rest] = request.segments;
  if (first === 'metadata' && rest.join('/') === 'endpoints') return metadata(surroundings, request);
  switch (rest.join('/')) {
    case 'oauth2/v2.0/token':
      return answerTokenRequest(surroundings, first, request);
    case 'v2.0/.well-known/openid-configuration':
      return ofTenant(surroundings, first, request, () => openIdConfiguration(surroundings, first));
    case 'discovery/v2.0/keys':
      return ofTenant(surroundings, first, request, () => ({ keys: [publicJwk(surroundings.tokenKey)] }));
    default:
      return undefined;
  }
}

/** As the azuread provider reads it (hashicorp/go-azure-sdk sdk/environments/from_endpoint.go). */
function metadata({ place }: TokenSurroundings, request: HttpRequest): HttpReply {
  if (request.method !== 'GET')
    return jsonReply(405, { error: { code: 'MethodNotAllowed', message: 'GET only.' } });
  const version = request.query.get('api-version');
  if (version !== METADATA_VERSION) {
    const message = `The api-version '${version ?? ''}' is invalid. The supported version is '${METADATA_VERSION}'.`;
    return jsonReply(400, { error: { code: 'InvalidApiVersionParameter', message } });
  }
  const base = place.base();
  return jsonReply(200, {
    name: 'Emulated',
    resourceManager: base,
    microsoftGraphResourceId: base,
    authentication: { loginEndpoint: base, audiences: [base], tenant: 'common', identityProvider: 'AAD' },
  });
}

function ofTenant(
  surroundings: TokenSurroundings,
  tenant: string,
  request: HttpRequest,
  body: () => unknown,
): HttpReply {
  try {
    if (request.method !== 'GET') return jsonReply(405, { error: 'invalid_request' });
    checkTenant(surroundings.directory, tenant);
    return jsonReply(200, body());
  } catch (error) {
    if (error instanceof SignInError) return refusalReply(error, request, surroundings.clock);
    throw error;
  }
}

function openIdConfiguration({ place, directory }: TokenSurroundings, tenant: string) {
  const base = place.base();
  return {
    token_endpoint: `${base}/${tenant}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    jwks_uri: `${base}/${directory.tenant.id}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: tokenIssuer(base, directory.tenant.id),
    authorization_endpoint: `${base}/${tenant}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/${tenant}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${base}/${tenant}/oauth2/v2.0/logout`,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'nonce', 'ver', 'tid'],
    tenant_region_scope: 'EU',
    cloud_instance_name: 'localhost',
    msgraph_host: base.replace('https://', ''),
  };
}
