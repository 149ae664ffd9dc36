/**
 * The ways of signing in that the azuread provider knows, as one table, in its order: the first one that has all it needs is
 * taken, and when it fails no other one is tried (`hashicorp/go-azure-sdk sdk/auth/auth.go`).
 */
import type { TokenCredential, TokenCredentialOptions } from '@azure/identity';
import { InteropError, type Problem } from '../errors.js';
import { type ProviderSettings, readBytes, settingLabel, textOrFile } from './settings.js';
import type { Trust } from './trust.js';

type Identity = typeof import('@azure/identity');

/** What a way is made with. */
export interface WayContext {
  readonly settings: ProviderSettings;
  readonly trust: Trust;
  readonly signal: AbortSignal;
  /** @azure/identity, loaded. */
  readonly identity: Identity;
  /** Authority, trust and retries. */
  readonly options: TokenCredentialOptions & { readonly disableInstanceDiscovery: boolean };
  /** Takes each secret that the way uses, so that it can be kept out of errors. */
  readonly secret: (value: string) => string;
  /** Takes what went wrong inside the way: @azure/identity keeps only the text of such errors. */
  readonly failed: (error: unknown) => void;
}

/** One way of signing in. */
export interface Way {
  readonly name: string;
  readonly needs: readonly Need[];
  /** A command that makes it work. */
  readonly next: string;
  make(context: WayContext): TokenCredential | Promise<TokenCredential>;
}

/** One thing that a way needs: what to set, and whether it is set. */
export interface Need {
  readonly what: string;
  has(settings: ProviderSettings): boolean;
}

const TENANT: Need = {
  what: settingLabel('tenantId'),
  has: (settings) => settings.isSet('tenantId') || aks(settings, 'AZURE_TENANT_ID') !== undefined,
};
const CLIENT: Need = {
  what: settingLabel('clientId'),
  has: (settings) =>
    settings.isSet('clientId') ||
    settings.isSet('clientIdFilePath') ||
    aks(settings, 'AZURE_CLIENT_ID') !== undefined,
};
const OIDC: Need = {
  what: `${settingLabel('useOidc')} = true`,
  has: (settings) => settings.flag('useOidc', false) || settings.flag('useAksWorkloadIdentity', false),
};
const REQUEST_URL: Need = {
  what: 'ACTIONS_ID_TOKEN_REQUEST_URL or SYSTEM_OIDCREQUESTURI (azuread:oidcRequestUrl)',
  has: (settings) => settings.isSet('oidcRequestUrl'),
};
const REQUEST_TOKEN: Need = {
  what: 'ACTIONS_ID_TOKEN_REQUEST_TOKEN or SYSTEM_ACCESSTOKEN (azuread:oidcRequestToken)',
  has: (settings) => settings.isSet('oidcRequestToken'),
};

/** All ways, in the provider's order. */
export const WAYS: readonly Way[] = [
  {
    name: 'client certificate',
    needs: [
      TENANT,
      CLIENT,
      {
        what: settingLabel('clientCertificatePath'),
        has: (settings) => settings.isSet('clientCertificate') || settings.isSet('clientCertificatePath'),
      },
    ],
    next: 'export ARM_CLIENT_CERTIFICATE_PATH=<file>.pfx ARM_CLIENT_CERTIFICATE_PASSWORD=…',
    make: certificateCredential,
  },
  {
    name: 'client secret',
    needs: [
      TENANT,
      CLIENT,
      {
        what: settingLabel('clientSecret'),
        has: (settings) => settings.isSet('clientSecret') || settings.isSet('clientSecretFilePath'),
      },
    ],
    next: 'export ARM_CLIENT_ID=… ARM_CLIENT_SECRET=…',
    make: ({ settings, identity, options, secret }) =>
      new identity.ClientSecretCredential(
        tenantOf(settings),
        clientOf(settings),
        secret(textOrFile(settings, 'clientSecret') ?? ''),
        options,
      ),
  },
  {
    name: 'OIDC token',
    needs: [
      TENANT,
      CLIENT,
      OIDC,
      {
        what: settingLabel('oidcToken'),
        has: (settings) =>
          settings.isSet('oidcToken') ||
          settings.isSet('oidcTokenFilePath') ||
          aks(settings, 'AZURE_FEDERATED_TOKEN_FILE') !== undefined,
      },
    ],
    next: 'export ARM_USE_OIDC=true ARM_CLIENT_ID=… ARM_OIDC_TOKEN=…',
    make: (context) =>
      assertionCredential(context, async () => {
        const path = aks(context.settings, 'AZURE_FEDERATED_TOKEN_FILE');
        return (
          textOrFile(context.settings, 'oidcToken', context.settings.text('oidcTokenFilePath') ?? path) ?? ''
        );
      }),
  },
  {
    name: 'Azure DevOps service connection',
    needs: [
      TENANT,
      CLIENT,
      OIDC,
      {
        what: settingLabel('adoPipelineServiceConnectionId'),
        has: (settings) => settings.isSet('adoPipelineServiceConnectionId'),
      },
      REQUEST_URL,
      REQUEST_TOKEN,
    ],
    next: 'set SYSTEM_ACCESSTOKEN: $(System.AccessToken) in the env of the pipeline step',
    make: lazily(async (context) => (await import('./oidc-request.js')).azureDevOpsToken(context)),
  },
  {
    name: 'GitHub Actions',
    needs: [TENANT, CLIENT, OIDC, REQUEST_URL, REQUEST_TOKEN],
    next: 'give the job `permissions: id-token: write`',
    make: lazily(async (context) => (await import('./oidc-request.js')).gitHubToken(context)),
  },
  {
    name: 'managed identity',
    needs: [
      {
        what: `${settingLabel('useMsi')} = true`,
        has: (settings) => settings.flag('useMsi', false),
      },
    ],
    next: 'export ARM_USE_MSI=true   # on a machine in Azure that has one',
    make: managedIdentity,
  },
  {
    name: 'Azure CLI',
    needs: [{ what: `${settingLabel('useCli')} = true`, has: (settings) => settings.flag('useCli', true) }],
    next: 'az login --tenant <tenant id>',
    make: ({ settings, identity }) => {
      const tenantId = settings.text('tenantId');
      return new identity.AzureCliCredential(tenantId === undefined ? {} : { tenantId });
    },
  },
];

/** The way that the provider would take; undefined when none has all it needs. */
export function chooseWay(settings: ProviderSettings): Way | undefined {
  return WAYS.find((way) => missingFor(way, settings).length === 0);
}

/** What a way lacks. */
export function missingFor(way: Way, settings: ProviderSettings): readonly string[] {
  return way.needs.filter((need) => !need.has(settings)).map((need) => need.what);
}

/**
 * Nobody can sign in: each way with what it lacks.
 *
 * @param tried the way that was tried and why it was of no use, where one was.
 */
export function noWay(
  settings: ProviderSettings,
  tried?: { readonly way: Way; readonly trouble: string },
): InteropError {
  const problems: Problem[] = WAYS.map((way) => ({
    where: way.name,
    what:
      way.name === tried?.way.name
        ? `was tried: ${tried.trouble}`
        : `lacks ${missingFor(way, settings).join(', and ') || 'nothing, but comes later'}`,
  }));
  return new InteropError({
    kind: 'authentication',
    summary: 'there is no way to sign in to Entra',
    problems,
    next: WAYS.filter((way) => ['client secret', 'Azure CLI'].includes(way.name))
      .map((way) => way.next)
      .reverse(),
  });
}

/** The tenant that the provider signs in to. */
export function tenantOf(settings: ProviderSettings): string {
  return agreed(
    'tenantId',
    settings.isSet('tenantId') ? settings.text('tenantId') : undefined,
    aks(settings, 'AZURE_TENANT_ID'),
  );
}

/** The client id that the provider signs in with. */
export function clientOf(settings: ProviderSettings): string {
  return agreed('clientId', textOrFile(settings, 'clientId'), aks(settings, 'AZURE_CLIENT_ID'));
}

function agreed(name: 'tenantId' | 'clientId', own: string | undefined, ofAks: string | undefined): string {
  if (own === undefined || ofAks === undefined || own === ofAks) return own ?? ofAks ?? '';
  throw new InteropError({
    kind: 'configuration',
    summary: `azuread:${name} is not the one of AKS workload identity`,
    problems: [{ where: `azuread:${name}`, what: 'disagrees with AKS', found: own, allowed: ofAks }],
  });
}

/** A variable of AKS workload identity, where that is asked for. */
function aks(settings: ProviderSettings, variable: string): string | undefined {
  return settings.flag('useAksWorkloadIdentity', false) ? settings.variable(variable) : undefined;
}

async function certificateCredential(context: WayContext): Promise<TokenCredential> {
  const { settings, identity, options, secret } = context;
  const { pemOfPkcs12 } = await import('./certificate.js');
  const password = settings.text('clientCertificatePassword') ?? '';
  const certificate = pemOfPkcs12(certificateBytes(settings), secret(password), certificateSource(settings));
  return new identity.ClientCertificateCredential(
    tenantOf(settings),
    clientOf(settings),
    { certificate },
    options,
  );
}

function certificateBytes(settings: ProviderSettings): Buffer {
  const base64 = settings.isSet('clientCertificate') ? settings.text('clientCertificate') : undefined;
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  return readBytes(settings.text('clientCertificatePath') ?? '', certificateSource(settings));
}

function certificateSource(settings: ProviderSettings): string {
  const inline = settings.get('clientCertificate');
  const setting = inline.state === 'absent' ? settings.get('clientCertificatePath') : inline;
  return setting.state === 'absent' ? 'azuread:clientCertificatePath' : setting.source;
}

function managedIdentity({ settings, identity }: WayContext): TokenCredential {
  const endpoint = settings.get('msiEndpoint');
  if (endpoint.state !== 'absent') {
    throw new InteropError({
      kind: 'configuration',
      summary: 'an endpoint for the managed identity of its own is not supported',
      problems: [
        { where: endpoint.source, what: 'is set', allowed: 'no value: the endpoint is found by itself' },
      ],
    });
  }
  const clientId = textOrFile(settings, 'clientId');
  return new identity.ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
}

function lazily(getToken: (context: WayContext) => Promise<string>): Way['make'] {
  return (context) => assertionCredential(context, () => getToken(context));
}

function assertionCredential(context: WayContext, getToken: () => Promise<string>): TokenCredential {
  const { settings, identity, options, secret, failed } = context;
  const getAssertion = async () => {
    try {
      return secret(await getToken());
    } catch (error) {
      failed(error);
      throw error;
    }
  };
  return new identity.ClientAssertionCredential(
    tenantOf(settings),
    clientOf(settings),
    getAssertion,
    options,
  );
}
