/**
 * The stand-in for Pulumi's azuread provider: the types that the program uses, for the sandbox only. It sends the requests
 * that the official one sends, and refuses what it does not know. README.md lists where the two differ.
 */
import { defineProvider, type Provider } from '../../infra/exchange/provider/kernel/index.js';
import { configSchema, readSettings, refusedConfig } from './configuration.js';
import { Locks, type Tenant } from './context.js';
import {
  getApplicationPublishedAppIds,
  getClientConfig,
  getDomains,
  getServicePrincipal,
  getUser,
} from './functions.js';
import type { Transport } from './https-transport.js';
import { appRoleAssignment } from './resources/app-role-assignment.js';
import { application } from './resources/application.js';
import { applicationOwner } from './resources/application-owner.js';
import { applicationPassword } from './resources/application-password.js';
import { federatedCredential } from './resources/federated-credential.js';
import { servicePrincipal } from './resources/service-principal.js';
import { claimsOf, readEndpoints, TokenSource } from './sign-in.js';

/** The version of @pulumi/azuread whose names and behaviour it follows. */
export const STAND_IN_VERSION = '6.9.1';

export interface StandInOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly transport: Transport;
}

export function azureadStandIn({ env, transport }: StandInOptions): Provider<Tenant> {
  return defineProvider({
    name: 'azuread',
    version: STAND_IN_VERSION,
    missingTypeHint: "this is the sandbox's stand-in, which has the types that calendar-interop uses",
    config: configSchema,
    refusedConfig,
    configure: async (config, { keepSecret, signal }): Promise<Tenant> => {
      const settings = await readSettings(config, env);
      const { credential, tenantId, clientId } = settings;
      if (credential.kind === 'secret') keepSecret(credential.secret);
      const endpoints = await readEndpoints(transport, settings.metadataHost, signal);
      const tokens = new TokenSource({ transport, endpoints, settings, keepSecret });
      const { oid } = claimsOf(await tokens.token(signal));
      if (typeof oid !== 'string') throw new Error('the access token names no principal (claim oid)');
      const connection = { transport, base: endpoints.graph, tokens };
      return { tenantId, clientId, callerId: oid, connection, locks: new Locks() };
    },
    resources: {
      'azuread:index/application:Application': application,
      'azuread:index/servicePrincipal:ServicePrincipal': servicePrincipal,
      'azuread:index/appRoleAssignment:AppRoleAssignment': appRoleAssignment,
      'azuread:index/applicationPassword:ApplicationPassword': applicationPassword,
      'azuread:index/applicationOwner:ApplicationOwner': applicationOwner,
      'azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential':
        federatedCredential,
    },
    functions: {
      'azuread:index/getClientConfig:getClientConfig': getClientConfig,
      'azuread:index/getApplicationPublishedAppIds:getApplicationPublishedAppIds':
        getApplicationPublishedAppIds,
      'azuread:index/getServicePrincipal:getServicePrincipal': getServicePrincipal,
      'azuread:index/getUser:getUser': getUser,
      'azuread:index/getDomains:getDomains': getDomains,
    },
  });
}
