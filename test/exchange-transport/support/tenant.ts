/** An emulated tenant and ports to its Exchange. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientSecretCredential } from '@azure/identity';
import { openPort, type PortSettings } from '../../../infra/exchange/transport/open.js';
import type { CmdletPort } from '../../../infra/exchange/transport/port.js';
import { readTrust, type Trust } from '../../../infra/graph/trust.js';
import { type Sandbox, startSandbox } from '../../../sandbox/index.js';
import { shellVariables } from '../../support/pwsh.js';

type Transport = CmdletPort['transport'];

export interface Tenant {
  readonly sandbox: Sandbox;
  readonly trust: Trust;
  /** Where all state of Exchange can be read. */
  exchangeState(): Promise<unknown>;
  control(change: object): Promise<void>;
  served(): Promise<{
    requests: number;
    throttled: number;
    mostInFlight: number;
    cmdlets: Record<string, number>;
  }>;
  /** A port of its own sign-in; closed with the tenant. */
  open(transport: Transport, more?: Partial<PortSettings>, client?: string): CmdletPort;
  stop(): Promise<void>;
}

export async function startTenant(
  options: { mailboxes?: number; latencyMs?: number; seed?: number } = {},
): Promise<Tenant> {
  const folder = mkdtempSync(join(tmpdir(), 'exchange-'));
  const sandbox = await startSandbox({
    port: 0,
    seed: options.seed ?? 7,
    mailboxes: options.mailboxes ?? 30,
    latencyMs: options.latencyMs ?? 0,
    faults: [],
    folder,
  });
  const { info } = sandbox;
  const env = { ...process.env, SSL_CERT_FILE: info.caFile };
  const trust = readTrust(env);
  const own = async (path: string, init: { method?: string; body?: string } = {}) => {
    const response = await trust.fetch(`${info.authority}/sandbox/${path}`, {
      ...init,
      headers: { 'x-sandbox': '1', 'content-type': 'application/json' },
    });
    if (!response.ok) throw new Error(await response.text());
    return await response.json();
  };
  const ports: CmdletPort[] = [];
  return {
    sandbox,
    trust,
    exchangeState: () => own('state/exchange'),
    control: async (change) => {
      await own('control', { method: 'POST', body: JSON.stringify(change) });
    },
    served: async () => (await own('exchange-statistics')) as Awaited<ReturnType<Tenant['served']>>,
    open: (transport, more = {}, client = 'exchange-admin') => {
      const common = {
        baseUrl: info.exchange ?? '',
        scope: 'https://outlook.office365.com/.default',
        tenantId: info.tenantId,
        organization: 'contoso.onmicrosoft.com',
        credential: credentialOf(sandbox, trust, client),
      };
      const settings: PortSettings =
        transport === 'rest'
          ? { ...common, transport, trust }
          : { ...common, transport, env: { ...env, ...shellVariables } };
      const port = openPort({ ...settings, ...more } as PortSettings);
      ports.push(port);
      return port;
    },
    stop: async () => {
      await Promise.all(ports.map((port) => port.close()));
      await sandbox.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function credentialOf({ info }: Sandbox, trust: Trust, client: string): ClientSecretCredential {
  const known = info.clients.find(({ name }) => name === client);
  if (known === undefined || known.clientSecret === null) throw new Error(`there is no client ${client}`);
  return new ClientSecretCredential(info.tenantId, known.clientId, known.clientSecret, {
    authorityHost: info.authority,
    disableInstanceDiscovery: true,
    ...trust.identityOptions(info.authority),
  });
}
