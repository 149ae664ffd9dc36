/**
 * The doors to this folder: from what the azuread provider was given to its cloud, a sign-in, and a Graph client.
 *
 * Heavy libraries are loaded behind the doors only.
 */
import type { GraphClient } from './client.js';
import { type Cloud, cloudByName } from './cloud.js';
import { type ProviderSettings, readSettings } from './settings.js';
import type { SignedIn } from './sign-in.js';
import { readTrust, type Trust } from './trust.js';

export type { Cloud } from './cloud.js';
export type { SignedIn } from './sign-in.js';
export type { Trust } from './trust.js';

/** Values of namespace `azuread` by key without it. */
export type AzureadConfig = Readonly<Record<string, unknown>>;

/**
 * The cloud of the azuread provider. Only one that is named by its metadata host costs a request, once per process.
 *
 * @throws InteropError: `configuration` when it names no cloud or the host is not trusted or no metadata host, `authentication`
 * when the host does not answer.
 */
export async function cloudOfProvider(
  azuread: AzureadConfig,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal = NEVER,
): Promise<Cloud> {
  return await findCloud(readSettings(azuread, env), readTrust(env), signal);
}

/**
 * Signs in with what the azuread provider was given, and proves it with a token for Microsoft Graph.
 *
 * @throws InteropError: `authentication` with the ways of signing in, or with Entra's code and what it means; `configuration`,
 * `timeout`, `cancelled`.
 */
export async function signIn(
  azuread: AzureadConfig,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<SignedIn> {
  const settings = readSettings(azuread, env);
  const trust = readTrust(env);
  const cloud = findCloud(settings, trust, signal);
  // It may fail before anybody waits for it, which Node would take for the end of the process.
  cloud.catch(() => undefined);
  const { signInWith } = await import('./sign-in.js');
  return await signInWith(settings, cloud, trust, signal);
}

/** The Graph client of somebody who is signed in. */
export async function openGraph(signedIn: SignedIn, signal: AbortSignal): Promise<GraphClient> {
  const { GraphClient: Client } = await import('./client.js');
  const { cloud, trust } = signedIn;
  return new Client({
    graph: cloud.graph,
    token: () => signedIn.token(`${cloud.graph}/.default`, signal),
    trust,
    signal,
  });
}

/**
 * Signs in and opens the Graph client: for programs, which have the provider's configuration in clear text.
 *
 * @throws InteropError as {@link signIn}.
 */
export async function graphClientOfProvider(
  azuread: AzureadConfig,
  env: NodeJS.ProcessEnv,
  cloud: Cloud,
  signal: AbortSignal = NEVER,
): Promise<GraphClient> {
  const { signInWith } = await import('./sign-in.js');
  const settings = readSettings(azuread, env);
  return await openGraph(await signInWith(settings, Promise.resolve(cloud), readTrust(env), signal), signal);
}

const NEVER = new AbortController().signal;

/** Clouds that were described in this process, by host and CA files. */
const described = new Map<string, Promise<Cloud>>();

async function findCloud(settings: ProviderSettings, trust: Trust, signal: AbortSignal): Promise<Cloud> {
  const host = settings.get('metadataHost');
  if (host.state === 'absent') {
    const named = settings.get('environment');
    return cloudByName(settings.text('environment'), named.state === 'absent' ? undefined : named.source);
  }
  const name = settings.text('metadataHost') ?? '';
  const key = [name, ...trust.files.map((file) => file.path)].join('\n');
  const known = described.get(key);
  if (known !== undefined) return await known;
  const { cloudFromMetadata } = await import('./metadata.js');
  const asked = cloudFromMetadata(name, host.source, trust, signal);
  described.set(key, asked);
  asked.catch(() => described.delete(key));
  return await asked;
}
