/**
 * Which settings of the azuread provider may stand in the state of provider `exchange`: names, ids, paths and switches.
 *
 * Inputs of a provider are kept with the stack and used again by `refresh` and `destroy`, so a secret has no place among them: its
 * value comes from the environment each time. Names as in infra/graph/settings.ts.
 */
export const PLAIN_SETTINGS = [
  'tenantId',
  'clientId',
  'clientIdFilePath',
  'environment',
  'metadataHost',
  'clientCertificatePath',
  'clientSecretFilePath',
  'useOidc',
  'oidcTokenFilePath',
  'oidcRequestUrl',
  'adoPipelineServiceConnectionId',
  'useAksWorkloadIdentity',
  'useMsi',
  'msiEndpoint',
  'useCli',
] as const;

/** Settings that are secrets, with the variable that holds each of them. */
export const SECRET_SETTINGS: Readonly<Record<string, string>> = {
  clientSecret: 'ARM_CLIENT_SECRET',
  clientCertificate: 'ARM_CLIENT_CERTIFICATE',
  clientCertificatePassword: 'ARM_CLIENT_CERTIFICATE_PASSWORD',
  oidcToken: 'ARM_OIDC_TOKEN',
  oidcRequestToken: 'ARM_OIDC_REQUEST_TOKEN',
};

/** Of all settings of namespace `azuread`, those that provider `exchange` takes; text and switches only. */
export function plainSettings(
  azuread: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string | boolean>> {
  const plain: Record<string, string | boolean> = {};
  for (const name of PLAIN_SETTINGS) {
    const value = azuread[name];
    if (typeof value === 'string' || typeof value === 'boolean') plain[name] = value;
  }
  return plain;
}
