/** The stand-in against a sandbox, with every Graph request written down. */
import { readFileSync } from 'node:fs';
import {
  type HttpRequest,
  httpsTransport,
  type Transport,
} from '../../../sandbox/azuread/https-transport.js';
import { azureadStandIn } from '../../../sandbox/azuread/provider.js';
import type { SandboxClient, SandboxOptions } from '../../../sandbox/index.js';
import { type Client, configure, type Engine, startEngine } from '../../kernel/support/engine.js';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.js';

export const TYPES = {
  application: 'azuread:index/application:Application',
  principal: 'azuread:index/servicePrincipal:ServicePrincipal',
  assignment: 'azuread:index/appRoleAssignment:AppRoleAssignment',
  password: 'azuread:index/applicationPassword:ApplicationPassword',
  owner: 'azuread:index/applicationOwner:ApplicationOwner',
  federated: 'azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential',
} as const;

export interface StandIn {
  readonly tenant: TestSandbox;
  readonly client: Client;
  readonly caller: SandboxClient;
  /** Requests since the last call, ids replaced by their names: `POST /v1.0/applications`. */
  requests(names?: Readonly<Record<string, string>>): string[];
  /** Bodies of the requests since the last call to `requests`, parsed. */
  readonly sent: readonly Sent[];
  stop(): Promise<void>;
}

export interface Sent {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of many shapes.
  readonly body: any;
}

export interface StandInOptions {
  readonly sandbox?: Partial<SandboxOptions>;
  readonly as?: string;
}

export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const tenant = await startTestSandbox(options.sandbox);
  const caller = clientOf(tenant, options.as ?? 'deployer');
  const sent: Sent[] = [];
  const transport = recording(trusting(tenant), sent);
  const engine = await startEngine(azureadStandIn({ env: {}, transport }));
  await configure(engine.client, configOf(tenant, caller));
  sent.length = 0;
  return {
    tenant,
    client: engine.client,
    caller,
    sent,
    requests: (names = {}) => sent.splice(0).map(({ line }) => renamed(line, names)),
    stop: () => stopAll(engine, tenant),
  };
}

export function trusting(tenant: TestSandbox): Transport {
  return httpsTransport(readFileSync(tenant.sandbox.info.caFile, 'utf8'));
}

export function clientOf(tenant: TestSandbox, name: string): SandboxClient {
  const found = tenant.sandbox.info.clients.find((client) => client.name === name);
  if (found === undefined) throw new Error(`the sandbox has no client ${name}`);
  return found;
}

export function configOf(tenant: TestSandbox, client: SandboxClient) {
  return {
    metadataHost: tenant.sandbox.info.metadataHost,
    tenantId: tenant.sandbox.info.tenantId,
    clientId: client.clientId,
    clientSecret: client.clientSecret ?? '',
  };
}

/** Writes down what is sent before it is sent. */
export function recording(transport: Transport, sent: Sent[]): Transport {
  return (request) => {
    sent.push({ line: lineOf(request), headers: request.headers, body: bodyOf(request) });
    return transport(request);
  };
}

function lineOf({ method, url }: HttpRequest): string {
  const query = [...url.searchParams].map(([name, value]) => `${name}=${value}`).join('&');
  return `${method} ${decodeURIComponent(url.pathname)}${query === '' ? '' : `?${query}`}`;
}

function bodyOf({ body, headers }: HttpRequest): unknown {
  if (body === undefined) return undefined;
  return headers['Content-Type']?.startsWith('application/json') === true
    ? JSON.parse(body)
    : Object.fromEntries(new URLSearchParams(body));
}

function renamed(line: string, names: Readonly<Record<string, string>>): string {
  return Object.entries(names).reduce((text, [name, id]) => text.replaceAll(id, name), line);
}

async function stopAll(engine: Engine, tenant: TestSandbox): Promise<void> {
  await engine.stop();
  await tenant.dispose();
}

/** Many equal lines in a row become one, with how many there were. */
export function folded(lines: readonly string[]): string[] {
  const result: { line: string; count: number }[] = [];
  for (const line of lines) {
    const last = result.at(-1);
    if (last?.line === line) last.count += 1;
    else result.push({ line, count: 1 });
  }
  return result.map(({ line, count }) => (count === 1 ? line : `${line} ×${count}`));
}
