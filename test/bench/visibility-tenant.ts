/** An emulated tenant in a process of its own, and ways into its Exchange over the product's REST transport. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openPort } from '../../infra/exchange/transport/open.js';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { readTrust } from '../../infra/graph/trust.js';
import type { SandboxInfo } from '../../sandbox/index.js';
import { packageRoot } from '../../scripts/package-root.js';
import type { Figure } from './figures.js';

const SCOPE = 'https://outlook.office365.com/.default';

export interface TenantOptions {
  readonly mailboxes: number;
  /** Milliseconds that each cmdlet takes. */
  readonly latencyMs: number;
  readonly faults: readonly string[];
}

/** What Exchange was asked for since the tenant started. */
export interface ExchangeStatistics {
  readonly requests: number;
  readonly throttled: number;
  readonly mostInFlight: number;
  readonly cmdlets: Readonly<Record<string, number>>;
}

export interface BenchTenant {
  readonly info: SandboxInfo;
  statistics(): Promise<ExchangeStatistics>;
  stop(): Promise<void>;
}

export async function startTenant({ mailboxes, latencyMs, faults }: TenantOptions): Promise<BenchTenant> {
  const bin = join(packageRoot(), 'dist', 'scripts', 'bin.js');
  const options = ['--port', '0', '--mailboxes', String(mailboxes), '--latency', String(latencyMs)];
  const child = spawn(
    process.execPath,
    [bin, 'sandbox', '--json', ...options, ...faults.flatMap((fault) => ['--fault', fault])],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const info = JSON.parse(line) as SandboxInfo;
  const { fetch } = readTrust({ SSL_CERT_FILE: info.caFile });
  return {
    info,
    statistics: async () => {
      const answer = await fetch(`${info.graph}/sandbox/exchange-statistics`, {
        headers: { 'x-sandbox': '1' },
      });
      return (await answer.json()) as ExchangeStatistics;
    },
    stop: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** A way in that knows nothing of the tenant's ceiling yet. */
export function openExchange(info: SandboxInfo): CmdletPort {
  const trust = readTrust({ SSL_CERT_FILE: info.caFile });
  const client = info.clients.find(({ name }) => name === 'exchange-admin');
  const getToken = async () => {
    const answer = await trust.fetch(`${info.authority}/${info.tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: client?.clientId ?? '',
        client_secret: client?.clientSecret ?? '',
        scope: SCOPE,
      }),
    });
    const { access_token: token, expires_in: seconds } = (await answer.json()) as {
      access_token: string;
      expires_in: number;
    };
    return { token, expiresOnTimestamp: Date.now() + seconds * 1000 };
  };
  return openPort({
    transport: 'rest',
    baseUrl: info.exchange ?? '',
    scope: SCOPE,
    tenantId: info.tenantId,
    organization: 'contoso.onmicrosoft.com',
    credential: { getToken },
    trust,
  });
}

/** A figure that shall not be smaller than `limit`. */
export function atLeast(what: string, value: number, limit: number, unit: string): Figure {
  const rounded = Math.round(value * 1000) / 1000;
  return { what, value: rounded, unit, goal: `at least ${limit}`, holds: value >= limit };
}
