/** The product's own ways to a sandbox: the cmdlet port over both transports, and the directory over Graph. */
import { GraphDirectory } from '../../infra/exchange/role-mailboxes/index.js';
import { systemClock } from '../../infra/exchange/transport/clock.js';
import { openPort, type PortSettings } from '../../infra/exchange/transport/open.js';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import type { Work } from '../../infra/exchange/work.js';
import { readTrust } from '../../infra/graph/trust.js';
import { shellVariables } from './pwsh.js';
import type { TestSandbox } from './sandbox.js';

const SCOPE = 'https://outlook.office365.com/.default';

/** As the client that may do everything in Exchange; close it when done. */
export function openSandboxPort(
  tenant: TestSandbox,
  transport: CmdletPort['transport'] = 'rest',
  more: Pick<PortSettings, 'mostConcurrent' | 'retries' | 'timeoutMs'> = {},
): CmdletPort {
  const { info } = tenant.sandbox;
  const env = { ...process.env, SSL_CERT_FILE: info.caFile };
  const token = async () => ({
    token: await tenant.token('exchange-admin', SCOPE),
    expiresOnTimestamp: Date.now() + 30 * 60_000,
  });
  const common = {
    baseUrl: info.graph,
    scope: SCOPE,
    tenantId: info.tenantId,
    organization: 'contoso.onmicrosoft.com',
    credential: { getToken: token },
    ...more,
  };
  if (transport === 'rest') return openPort({ ...common, transport, trust: readTrust(env) });
  return openPort({ ...common, transport, env: { ...env, ...shellVariables } });
}

/** Users and licences of a sandbox, as a seeded client. */
export function openSandboxDirectory(tenant: TestSandbox, client = 'exchange-admin'): GraphDirectory {
  const { info } = tenant.sandbox;
  return new GraphDirectory({
    graph: info.graph,
    token: () => tenant.token(client),
    trust: readTrust({ SSL_CERT_FILE: info.caFile }),
    signal: new AbortController().signal,
  });
}

/** Work with real time. */
export function realWork(port: CmdletPort): Work {
  return { port, clock: systemClock, signal: new AbortController().signal, status: () => undefined };
}
