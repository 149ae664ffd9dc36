/** The provider's configuration: `azuread:*` and the ARM_* variables, names as in @pulumi/azuread 6.9.1. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { RefusedRequest } from '../../infra/exchange/provider/kernel/index.js';

const text = z.string().optional();
const flag = z.boolean().optional();

export const configSchema = z.object({
  clientCertificate: text,
  clientCertificatePassword: text,
  clientCertificatePath: text,
  clientId: text,
  clientIdFilePath: text,
  clientSecret: text,
  clientSecretFilePath: text,
  disableTerraformPartnerId: flag,
  environment: text,
  metadataHost: text,
  oidcRequestToken: text,
  oidcRequestUrl: text,
  oidcToken: text,
  oidcTokenFilePath: text,
  partnerId: text,
  tenantId: text,
  useAksWorkloadIdentity: flag,
  useCli: flag,
  useMsi: flag,
  useOidc: flag,
});
export type Config = z.output<typeof configSchema>;

const UNSUPPORTED = "is not supported by the sandbox's stand-in for the azuread provider";
export const refusedConfig = { adoPipelineServiceConnectionId: UNSUPPORTED, msiEndpoint: UNSUPPORTED };

/** How to sign in; the first way whose settings are there is taken, without a second one (go-azure-sdk auth/auth.go). */
export type Credential =
  | { readonly kind: 'certificate'; readonly pkcs12: Buffer; readonly password: string }
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'assertion'; readonly token: string }
  | { readonly kind: 'github'; readonly requestUrl: string; readonly requestToken: string };

export interface Settings {
  readonly metadataHost: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly credential: Credential;
}

/**
 * Configuration before environment (terraform-provider-azuread internal/provider/provider.go).
 *
 * @param config texts may be empty, which is the same as not given
 * @throws RefusedRequest when the tenant's address or a way to sign in is missing
 */
export async function readSettings(config: Config, env: NodeJS.ProcessEnv): Promise<Settings> {
  const value = (name: keyof Config, ...variables: string[]): string | undefined =>
    [config[name], ...variables.map((variable) => env[variable])]
      .map((candidate) => (candidate === undefined ? '' : String(candidate)))
      .find((candidate) => candidate !== '');
  const metadataHost = value('metadataHost', 'ARM_METADATA_HOSTNAME');
  if (metadataHost === undefined) {
    throw new RefusedRequest(
      "azuread:metadataHost is not set: the sandbox's stand-in for the azuread provider works on an emulated tenant only",
    );
  }
  const clientId =
    value('clientId', 'ARM_CLIENT_ID') ??
    (await fromFile(value('clientIdFilePath', 'ARM_CLIENT_ID_FILE_PATH')));
  if (clientId === undefined) throw new RefusedRequest('azuread:clientId (ARM_CLIENT_ID) is not set');
  const credential = await readCredential(value);
  return { metadataHost, clientId, tenantId: value('tenantId', 'ARM_TENANT_ID') ?? 'common', credential };
}

type Lookup = (name: keyof Config, ...variables: string[]) => string | undefined;

async function readCredential(value: Lookup): Promise<Credential> {
  const found = (await certificate(value)) ?? (await secret(value)) ?? (await federated(value));
  if (found !== undefined) return found;
  throw new RefusedRequest(
    'no way to sign in: neither a client certificate (azuread:clientCertificate, azuread:clientCertificatePath), nor a ' +
      'client secret (azuread:clientSecret, ARM_CLIENT_SECRET), nor OIDC (azuread:useOidc with azuread:oidcToken, ' +
      'azuread:oidcTokenFilePath or azuread:oidcRequestUrl) is set; the stand-in knows no Azure CLI and no managed identity',
  );
}

async function certificate(value: Lookup): Promise<Credential | undefined> {
  const encoded = value('clientCertificate', 'ARM_CLIENT_CERTIFICATE');
  const path = value('clientCertificatePath', 'ARM_CLIENT_CERTIFICATE_PATH');
  if (encoded === undefined && path === undefined) return undefined;
  const pkcs12 = encoded === undefined ? await readBytes(path ?? '') : Buffer.from(encoded, 'base64');
  return {
    kind: 'certificate',
    pkcs12,
    password: value('clientCertificatePassword', 'ARM_CLIENT_CERTIFICATE_PASSWORD') ?? '',
  };
}

async function secret(value: Lookup): Promise<Credential | undefined> {
  const file = value('clientSecretFilePath', 'ARM_CLIENT_SECRET_FILE_PATH');
  const found = value('clientSecret', 'ARM_CLIENT_SECRET') ?? (await fromFile(file));
  return found === undefined ? undefined : { kind: 'secret', secret: found };
}

async function federated(value: Lookup): Promise<Credential | undefined> {
  if (!/^(1|true)$/i.test(value('useOidc', 'ARM_USE_OIDC') ?? '')) return undefined;
  const file = value('oidcTokenFilePath', 'ARM_OIDC_TOKEN_FILE_PATH');
  const token = value('oidcToken', 'ARM_OIDC_TOKEN') ?? (await fromFile(file));
  if (token !== undefined) return { kind: 'assertion', token };
  const requestUrl = value('oidcRequestUrl', 'ARM_OIDC_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_URL');
  const requestToken = value('oidcRequestToken', 'ARM_OIDC_REQUEST_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN');
  if (requestUrl === undefined || requestToken === undefined) return undefined;
  return { kind: 'github', requestUrl, requestToken };
}

async function fromFile(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : (await readBytes(path)).toString('utf8').trim();
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new RefusedRequest(`a file of the sign-in cannot be read: ${(error as Error).message}`);
  }
}
