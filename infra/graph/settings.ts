/**
 * What the azuread provider was given, read as it reads it: `azuread:*` keys first, then its environment variables.
 *
 * Outside the engine an encrypted key is known to be there, but not its value ({@link SecureValue}).
 */
import { readFileSync } from 'node:fs';
import { SecureValue } from '../config/secure-value.js';
import { InteropError } from '../errors.js';

/**
 * The provider's keys and their variables, in its order (`hashicorp/terraform-provider-azuread internal/provider/provider.go`
 * and `internal/clients`; for Pulumi's names `pulumi/pulumi-azuread provider/resources.go`).
 */
const VARIABLES = {
  tenantId: ['ARM_TENANT_ID'],
  clientId: ['ARM_CLIENT_ID'],
  clientIdFilePath: ['ARM_CLIENT_ID_FILE_PATH'],
  environment: ['ARM_ENVIRONMENT'],
  metadataHost: ['ARM_METADATA_HOSTNAME'],
  clientCertificate: ['ARM_CLIENT_CERTIFICATE'],
  clientCertificatePath: ['ARM_CLIENT_CERTIFICATE_PATH'],
  clientCertificatePassword: ['ARM_CLIENT_CERTIFICATE_PASSWORD'],
  clientSecret: ['ARM_CLIENT_SECRET'],
  clientSecretFilePath: ['ARM_CLIENT_SECRET_FILE_PATH'],
  useOidc: ['ARM_USE_OIDC'],
  oidcToken: ['ARM_OIDC_TOKEN'],
  oidcTokenFilePath: ['ARM_OIDC_TOKEN_FILE_PATH'],
  oidcRequestToken: ['ARM_OIDC_REQUEST_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'SYSTEM_ACCESSTOKEN'],
  oidcRequestUrl: ['ARM_OIDC_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_URL', 'SYSTEM_OIDCREQUESTURI'],
  adoPipelineServiceConnectionId: [
    'ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID',
    'ARM_OIDC_AZURE_SERVICE_CONNECTION_ID',
  ],
  useAksWorkloadIdentity: ['ARM_USE_AKS_WORKLOAD_IDENTITY'],
  useMsi: ['ARM_USE_MSI'],
  msiEndpoint: ['ARM_MSI_ENDPOINT'],
  useCli: ['ARM_USE_CLI'],
} as const satisfies Record<string, readonly [string, ...string[]]>;

export type SettingName = keyof typeof VARIABLES;

/** One setting. `source` is the key or the variable that it came from. */
export type Setting =
  | { readonly state: 'absent' }
  | { readonly state: 'encrypted'; readonly source: string }
  | { readonly state: 'known'; readonly source: string; readonly value: string };

/** All settings of one provider. */
export interface ProviderSettings {
  get(name: SettingName): Setting;
  /** Whether the provider would find a value, readable here or not. */
  isSet(name: SettingName): boolean;
  /**
   * The value without surrounding spaces; undefined where there is none.
   *
   * @throws InteropError of kind `authentication` when it is encrypted in the stack's file and in no variable.
   */
  text(name: SettingName): string | undefined;
  /** @throws InteropError of kind `configuration` when it is neither true nor false. */
  flag(name: SettingName, otherwise: boolean): boolean;
  /** A plain variable of the environment; undefined where it is empty. */
  variable(name: string): string | undefined;
}

/**
 * Reads the settings of a provider.
 *
 * @param azuread values by key without the namespace, as a program gets them or as they stand in the stack's file.
 */
export function readSettings(
  azuread: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): ProviderSettings {
  const get = (name: SettingName) => settingOf(name, azuread, env);
  return {
    get,
    isSet: (name) => get(name).state !== 'absent',
    text: (name) => textOf(name, get(name)),
    flag: (name, otherwise) => flagOf(textOf(name, get(name)), get(name), otherwise),
    variable: (name) => nonEmpty(env[name]),
  };
}

/** A setting by its key and its first variable, for people. */
export function settingLabel(name: SettingName): string {
  return `azuread:${name} or ${VARIABLES[name][0]}`;
}

function settingOf(
  name: SettingName,
  azuread: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): Setting {
  const written = Object.hasOwn(azuread, name) ? azuread[name] : undefined;
  const configured = written instanceof SecureValue ? undefined : plainText(name, written);
  if (configured !== undefined) return { state: 'known', source: `azuread:${name}`, value: configured };
  for (const variable of VARIABLES[name]) {
    const value = nonEmpty(env[variable]);
    if (value !== undefined) return { state: 'known', source: variable, value };
  }
  return written instanceof SecureValue
    ? { state: 'encrypted', source: `azuread:${name}` }
    : { state: 'absent' };
}

function plainText(name: SettingName, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return nonEmpty(value);
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  throw new InteropError({
    kind: 'configuration',
    summary: `azuread:${name} is not a single value`,
    problems: [{ where: `azuread:${name}`, what: 'is not text', found: 'a list or a map' }],
  });
}

function textOf(name: SettingName, setting: Setting): string | undefined {
  if (setting.state === 'known') return setting.value.trim();
  if (setting.state === 'absent') return undefined;
  const variable = VARIABLES[name][0];
  throw new InteropError({
    kind: 'authentication',
    summary: `${setting.source} is encrypted, and only the engine can read it`,
    problems: [
      {
        where: setting.source,
        what: 'our own sign-in runs outside the engine and needs the same value',
        found: 'an encrypted value',
        allowed: `the same value in ${variable}`,
      },
    ],
    next: [`export ${variable}="$(pulumi config get ${setting.source})"`],
  });
}

/** As Go's strconv.ParseBool, which the provider uses. */
function flagOf(text: string | undefined, setting: Setting, otherwise: boolean): boolean {
  if (text === undefined) return otherwise;
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new InteropError({
    kind: 'configuration',
    summary: 'a setting of the azuread provider is neither true nor false',
    problems: [
      {
        where: setting.state === 'absent' ? 'azuread' : setting.source,
        what: 'is neither true nor false',
        found: JSON.stringify(text),
        allowed: 'true, false',
      },
    ],
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text;
}

/** The ids and the secrets that may stand in a file. */
export type FileBacked = 'clientId' | 'clientSecret' | 'oidcToken';

/**
 * A value that may stand in a setting, in a file that a setting names, or in both if they agree: as the provider has it.
 *
 * @throws InteropError: `configuration` when the file cannot be read or says something else, `authentication` when the value is
 * encrypted.
 */
export function textOrFile(
  settings: ProviderSettings,
  name: FileBacked,
  path = settings.text(`${name}FilePath`),
): string | undefined {
  if (path === undefined) return settings.text(name);
  const fromFile = readText(path, `azuread:${name}FilePath`).trim();
  const direct = settings.isSet(name) ? settings.text(name) : undefined;
  if (direct === undefined || direct === fromFile) return fromFile;
  throw new InteropError({
    kind: 'configuration',
    summary: `azuread:${name} and the file ${path} disagree`,
    problems: [
      { where: `azuread:${name}`, what: 'is not what stands in the file', allowed: 'one of the two' },
    ],
  });
}

/** @throws InteropError of kind `configuration` when the file cannot be read. */
export function readBytes(path: string, where: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InteropError({
      kind: 'configuration',
      summary: 'a file that the sign-in needs cannot be read',
      problems: [
        {
          where,
          what: 'the file cannot be read',
          found: `${path}: ${(error as NodeJS.ErrnoException).code}`,
        },
      ],
      next: [`ls -l ${path}`],
      cause: error,
    });
  }
}

function readText(path: string, where: string): string {
  return readBytes(path, where).toString('utf8');
}
