/** The demo's emulated tenant: the sandbox as a process of its own, and what the demo does to it behind Pulumi's back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Agent, fetch } from 'undici';
import { InteropError } from '../../infra/errors.js';
import type { SandboxInfo } from '../../sandbox/index.js';
import type { CommandContext } from '../command-context.js';
import { packageRoot } from '../package-root.js';
import { writeTrustBundle } from '../trust-bundle.js';

/** A running emulated tenant. */
export interface DemoTenant {
  readonly info: SandboxInfo;
  readonly pid: number;
  /** The environment for commands that work on it: the caller's without its own tenant's variables. */
  readonly env: NodeJS.ProcessEnv;
  /** The directory's state, for comparison. */
  directory(): Promise<unknown>;
  /** What differs from an earlier state, one line each; soft-deleted objects do not count. */
  differences(before: unknown): Promise<readonly string[]>;
  /** Deletes the consent of the application, as somebody in the portal might. */
  withdrawConsent(clientId: string): Promise<void>;
  stop(): Promise<void>;
  /** Lets go of it: it runs on, and this process can end. For one that was started detached. */
  leave(): Promise<void>;
}

/** Starts the sandbox on a free port. Detached, it outlives this process. */
export async function startDemoTenant(
  context: CommandContext,
  options: { readonly detached: boolean },
): Promise<DemoTenant> {
  const child = spawn(
    process.execPath,
    [join(packageRoot(), 'dist', 'scripts', 'bin.js'), 'sandbox', '--port', '0', '--json'],
    { stdio: [options.detached ? 'ignore' : 'pipe', 'pipe', 'ignore'], detached: options.detached },
  );
  const info = await readInfo(child, context.signal);
  if (options.detached) child.unref();
  const dispatcher = new Agent({ connect: { ca: await readFile(info.caFile, 'utf8') } });
  const directory = async () =>
    await json(await fetch(`${info.graph}/sandbox/state`, { dispatcher, headers: SANDBOX_HEADERS }));
  return {
    info,
    pid: child.pid ?? 0,
    env: tenantEnvironment(context.env, info),
    directory,
    differences: async (before) => differencesBetween(before, await directory()),
    withdrawConsent: (clientId) => withdrawConsent(info, dispatcher, clientId),
    stop: async () => {
      child.stdin?.end();
      await ended(child);
      await dispatcher.close();
    },
    leave: () => dispatcher.close(),
  };
}

/** The sandbox answers its own routes only to callers that a browser cannot imitate. */
const SANDBOX_HEADERS = { 'x-sandbox': '1' };

/** A process that a signal ended has no exit code. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** The line that `sandbox --json` prints when it is ready. Nothing is read after it: an open pipe would keep this process. */
async function readInfo(child: ChildProcess, signal: AbortSignal): Promise<SandboxInfo> {
  if (child.stdout === null) throw new Error('the sandbox has no standard output');
  const lines = createInterface({ input: child.stdout });
  const failed = once(child, 'exit').then(([code, signal]) => {
    throw new InteropError({
      kind: 'failure',
      summary: 'the sandbox did not start',
      problems: [
        { what: 'its process ended', found: signal === null ? `exit code ${code}` : `signal ${signal}` },
      ],
      next: ['calendar-interop sandbox --port 0'],
    });
  });
  failed.catch(() => undefined);
  try {
    const [line] = (await Promise.race([once(lines, 'line', { signal }), failed])) as [string];
    return JSON.parse(line) as SandboxInfo;
  } catch (error) {
    // Detached, it would outlive a command that was told to stop.
    child.kill();
    throw error;
  } finally {
    lines.close();
    child.stdout.destroy();
  }
}

/** ARM_* and OIDC variables of the caller point at another tenant and must not leak into the demo. */
const FOREIGN_VARIABLES = /^(ARM_|AZURE_|ACTIONS_ID_TOKEN_|SYSTEM_|AZUREAD_)/;

function tenantEnvironment(env: NodeJS.ProcessEnv, info: SandboxInfo): NodeJS.ProcessEnv {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !FOREIGN_VARIABLES.test(name)));
  const deployer = info.clients.find((client) => client.name === 'deployer');
  return {
    ...own,
    SSL_CERT_FILE: writeTrustBundle(info.caFile, env),
    ARM_CLIENT_SECRET: deployer?.clientSecret ?? '',
  };
}

async function withdrawConsent(info: SandboxInfo, dispatcher: Agent, clientId: string): Promise<void> {
  const admin = info.clients.find((client) => client.name === 'admin');
  const token = (await json(
    await fetch(`${info.authority}/${info.tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      dispatcher,
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: admin?.clientId ?? '',
        client_secret: admin?.clientSecret ?? '',
        scope: `${info.graph}/.default`,
      }),
    }),
  )) as { access_token: string };
  const graph = async (method: string, path: string) =>
    await json(
      await fetch(`${info.graph}/v1.0${path}`, {
        method,
        dispatcher,
        headers: { authorization: `Bearer ${token.access_token}` },
      }),
    );
  const filter = new URLSearchParams({ $filter: `appId eq '${clientId.replaceAll("'", "''")}'` });
  const principals = (await graph('GET', `/servicePrincipals?${filter}`)) as { value: { id: string }[] };
  const principal = principals.value[0]?.id ?? '';
  const grants = (await graph('GET', `/servicePrincipals/${principal}/appRoleAssignments`)) as {
    value: { id: string; resourceId: string }[];
  };
  for (const grant of grants.value) {
    await graph('DELETE', `/servicePrincipals/${grant.resourceId}/appRoleAssignedTo/${grant.id}`);
  }
}

async function json(response: Awaited<ReturnType<typeof fetch>>): Promise<unknown> {
  const text = await response.text();
  if (!response.ok)
    throw new Error(`the sandbox answered ${response.status} to ${new URL(response.url).pathname}`);
  return text === '' ? undefined : JSON.parse(text);
}

/** How Graph writes that a user has no password policy of its own, besides null (learn.microsoft.com/graph/api/resources/user). */
const NO_POLICY = 'None';

/** Names the parts of the directory that differ; both states are plain JSON. */
export function differencesBetween(before: unknown, after: unknown, path = ''): readonly string[] {
  if (path.startsWith('.deletedItems')) return [];
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (path.endsWith('.passwordPolicies') && (before ?? NO_POLICY) === (after ?? NO_POLICY)) return [];
  if (!isObject(before) || !isObject(after)) return [path === '' ? 'the directory' : path.slice(1)];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => differencesBetween(before[key], after[key], `${path}.${key}`));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
