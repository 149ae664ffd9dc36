/**
 * The clouds in which a tenant can live, and their base URLs.
 *
 * A cloud is named by the azuread provider's `environment`, or described by the metadata document of `azuread:metadataHost`.
 */
import { InteropError } from '../errors.js';

/** Base URLs of one cloud. None ends in a slash. */
export interface Cloud {
  /** As the azuread provider calls it, or as its metadata document does. */
  readonly name: string;
  /** Where tokens are issued: `<authority>/<tenant>/oauth2/v2.0/token`. */
  readonly authority: string;
  /** Microsoft Graph: base URL and, with `/.default`, the scope of its tokens. */
  readonly graph: string;
  /** Exchange Online: base URL and, with `/.default`, the scope of its tokens. */
  readonly exchange: string;
  /** Exchange Web Services, as Google is told. */
  readonly ews: string;
  /** Whether Microsoft's public instance discovery vouches for the authority. */
  readonly knownToMicrosoft: boolean;
}

/**
 * Microsoft's clouds. Authorities and Graph: `hashicorp/go-azure-sdk sdk/environments/azure_*.go`. Exchange:
 * `microsoft/CSS-Exchange Shared/AzureFunctions/Get-CloudServiceEndpoint.ps1`, and Google's guide (answer 7437483) for the public
 * one. That EWS of the two United States clouds is answered under the same host name is UNCONFIRMED.
 */
const CLOUDS = {
  public: microsoft(
    'public',
    'login.microsoftonline.com',
    'graph.microsoft.com',
    'https://outlook.office365.com',
  ),
  usgovernment: microsoft(
    'usgovernment',
    'login.microsoftonline.us',
    'graph.microsoft.us',
    'https://outlook.office365.us',
  ),
  dod: microsoft(
    'dod',
    'login.microsoftonline.us',
    'dod-graph.microsoft.us',
    'https://outlook-dod.office365.us',
  ),
  china: microsoft(
    'china',
    'login.chinacloudapi.cn',
    'microsoftgraph.chinacloudapi.cn',
    'https://partner.outlook.cn',
  ),
} as const satisfies Record<string, Cloud>;

function microsoft(name: string, authority: string, graph: string, exchange: string): Cloud {
  return {
    name,
    authority: `https://${authority}`,
    graph: `https://${graph}`,
    ...exchangeAt(exchange),
    knownToMicrosoft: true,
  };
}

function exchangeAt(exchange: string): Pick<Cloud, 'exchange' | 'ews'> {
  return { exchange, ews: `${exchange}/ews/exchange.asmx` };
}

/** The provider's names for them (`hashicorp/terraform-provider-azuread internal/provider/provider.go`). */
const NAMES: Readonly<Record<string, Cloud>> = {
  public: CLOUDS.public,
  global: CLOUDS.public,
  usgovernment: CLOUDS.usgovernment,
  usgovernmentl4: CLOUDS.usgovernment,
  usgovernmentl5: CLOUDS.dod,
  dod: CLOUDS.dod,
  china: CLOUDS.china,
};

/**
 * The cloud that `azuread:environment` names; without a name the public one, as in the provider.
 *
 * @param source where the name stands, for the error.
 * @throws InteropError of kind `configuration` when there is no such cloud.
 */
export function cloudByName(name = 'public', source = 'azuread:environment'): Cloud {
  const key = name.toLowerCase();
  const cloud = Object.hasOwn(NAMES, key) ? NAMES[key] : undefined;
  if (cloud !== undefined) return cloud;
  throw new InteropError({
    kind: 'configuration',
    summary: 'there is no such cloud',
    problems: [
      {
        where: source,
        what: 'names no cloud of Microsoft',
        found: JSON.stringify(name),
        allowed: Object.keys(NAMES).join(', '),
      },
    ],
    next: ['pulumi config set azuread:environment public'],
  });
}

/**
 * A cloud of somebody's own. A metadata document says nothing about Exchange, so the public cloud's addresses stand there.
 *
 * @param authority and `graph`: https URLs without a trailing slash.
 */
export function ownCloud(name: string, authority: string, graph: string): Cloud {
  const { exchange, ews } = CLOUDS.public;
  const known = Object.values(CLOUDS).some((cloud) => cloud.authority === authority);
  return { name, authority, graph, exchange, ews, knownToMicrosoft: known };
}
