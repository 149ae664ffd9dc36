/** The emulated Workspace, and the product's way to it. */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type GoogleConfig, parseStackConfig } from '../../infra/config.js';
import { type GoogleApis, openGoogle } from '../../infra/google/index.js';
import { readTrust } from '../../infra/graph/trust.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

export interface Workspace {
  readonly tenant: TestSandbox;
  /** What `GET /sandbox/google` says. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
  describe(): Promise<any>;
  control(body: object): Promise<void>;
  /** The product's client; as the service account acting for the super administrator unless told otherwise. */
  open(options?: { as?: 'serviceAccount' | 'user'; google?: Partial<GoogleConfig> }): Promise<GoogleApis>;
  /** Milliseconds that calls wanted to wait. */
  readonly waits: number[];
}

export async function startWorkspace(mailboxes = 12): Promise<Workspace> {
  return workspaceOf(await startTestSandbox({ mailboxes }));
}

/** The Workspace beside a tenant that runs already. */
export function workspaceOf(tenant: TestSandbox): Workspace {
  const { info } = tenant.sandbox;
  const waits: number[] = [];
  const own = async (method: string, body?: object) => {
    const answer = await tenant.request<Record<string, unknown>>('/sandbox/google', {
      method,
      headers: { 'x-sandbox': '1', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  return {
    tenant,
    waits,
    describe: () => own('GET'),
    control: async (body) => {
      await own('POST', body);
    },
    open: async ({ as = 'serviceAccount', google = {} } = {}) => {
      const file = join(dirname(info.caFile), `${as}.json`);
      await writeFile(file, JSON.stringify((await own('GET'))[as]));
      const apis = await openGoogle({
        google: { ...googleConfig(info.graph), ...google },
        env: { GOOGLE: file },
        trust: readTrust({ SSL_CERT_FILE: info.caFile }),
        signal: new AbortController().signal,
        sleep: async (milliseconds) => {
          waits.push(milliseconds);
        },
      });
      if (apis === undefined) throw new Error('there are no credentials');
      return apis;
    },
  };
}

/** As the configuration would give it. */
export function googleConfig(url: string): GoogleConfig {
  const { google } = parseStackConfig({
    tenant: 'contoso.onmicrosoft.com',
    protocol: 'graph',
    endpoints: [
      {
        name: 'online',
        type: 'microsoft365-graph',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
    google: { credentials: 'GOOGLE', subject: 'admin@contoso.com', url },
  });
  if (google === undefined) throw new Error('google is not configured');
  return google;
}
