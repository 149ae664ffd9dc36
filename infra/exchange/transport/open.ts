/** Opens the way to Exchange, so that nobody else knows which transport it is. */
import type { TokenCredential } from '@azure/identity';
import type { Trust } from '../../graph/trust.js';
import { type Clock, systemClock } from './clock.js';
import { PacedPort } from './paced-port.js';
import type { CmdletPort } from './port.js';
import { PowerShellChannel } from './powershell.js';
import { RestChannel } from './rest.js';
import { RETRY_LIMITS, type RetryLimits } from './retry.js';
import { shellEnvironment } from './shell-environment.js';
import { Tokens } from './tokens.js';

/** What both transports need. */
interface CommonSettings {
  /** Exchange's base URL without a trailing slash; a cloud's `exchange`. */
  readonly baseUrl: string;
  /** Scope of tokens; absent: `<baseUrl>/.default`. */
  readonly scope?: string | undefined;
  /** The tenant's id (a GUID). */
  readonly tenantId: string;
  /** The initial .onmicrosoft.com domain. REST also takes the tenant's id. */
  readonly organization: string;
  readonly credential: TokenCredential;
  /** Most calls at once that are ever tried, up to 100; absent: 100 over REST, 8 shells over PowerShell. */
  readonly mostConcurrent?: number | undefined;
  /** Milliseconds for one request or one line; absent: five minutes. */
  readonly timeoutMs?: number | undefined;
  readonly retries?: RetryLimits | undefined;
  readonly clock?: Clock | undefined;
}

export interface RestSettings extends CommonSettings {
  readonly transport: 'rest';
  /** How servers are reached and whom to believe. */
  readonly trust: Trust;
}

export interface PowerShellSettings extends CommonSettings {
  readonly transport: 'powershell';
  /** The environment from which the shells get what they need (CA files, proxies, PSModulePath, NODE_POWERSHELL). */
  readonly env: NodeJS.ProcessEnv;
  /** Cmdlets before a shell is replaced; absent: 500. */
  readonly usesPerShell?: number | undefined;
}

export type PortSettings = RestSettings | PowerShellSettings;

const TIMEOUT_MS = 300_000;
const MOST = 100;
/** Each shell holds the whole module in memory. */
const MOST_SHELLS = 8;
/** A full batch, as Microsoft's module sends it. */
const REST_START = 10;
const SHELLS_START = 2;

/** Opens a port; nothing is sent before the first call. Close it when done. */
export function openPort(settings: PortSettings): CmdletPort {
  const clock = settings.clock ?? systemClock;
  const tokens = new Tokens(settings.credential, settings.scope ?? `${settings.baseUrl}/.default`, clock);
  const { baseUrl, tenantId, organization } = settings;
  const timeoutMs = settings.timeoutMs ?? TIMEOUT_MS;
  const retries = settings.retries ?? RETRY_LIMITS;
  if (settings.transport === 'rest') {
    const { trust } = settings;
    return new PacedPort(
      (gate) => new RestChannel({ baseUrl, tenantId, organization, tokens, trust, clock, timeoutMs }, gate),
      { pace: pace(REST_START, settings.mostConcurrent ?? MOST), clock, retries },
    );
  }
  const { env, usesPerShell = 500 } = settings;
  const environment = shellEnvironment(env);
  return new PacedPort(
    () =>
      new PowerShellChannel({ baseUrl, organization, tokens, environment, clock, timeoutMs, usesPerShell }),
    { pace: pace(SHELLS_START, settings.mostConcurrent ?? MOST_SHELLS), clock, retries },
  );
}

function pace(start: number, most: number): { readonly start: number; readonly most: number } {
  return { start, most: Math.max(1, Math.min(MOST, Math.floor(most))) };
}
