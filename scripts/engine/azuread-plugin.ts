/**
 * Finds the engine's azuread plugin: the official one wherever it can be had, else, for an emulated tenant only, the
 * sandbox's stand-in.
 *
 * Places and their order are the engine's own: PATH before `$PULUMI_HOME/plugins`, where a file `….partial` marks an
 * unfinished download (pulumi/pulumi sdk/go/common/workspace/plugins.go).
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { InteropError, type Problem } from '../../infra/errors.js';
import { isLoopback } from '../../infra/graph/loopback.js';
import { runChild } from './child.js';
import type { PulumiCli } from './cli.js';
import { unlessFailedLately } from './failed-attempts.js';
import { executableName, findOnPath, isExecutable } from './path-search.js';
import { openSearch, type Search, type SearchOptions } from './search.js';
import { AZUREAD_PLUGIN_VERSION, parseVersion } from './versions.js';

/** What the search needs to know. */
export interface FindAzureadPluginOptions extends SearchOptions {
  /** The CLI that will run, and that downloads the plugin. */
  readonly cli: Pick<PulumiCli, 'command'>;
  /** `azuread:metadataHost` of the stack, `host` or `host:port`; undefined for a tenant in a Microsoft cloud. */
  readonly metadataHost: string | undefined;
  /** Folder with the stand-in's `pulumi-resource-azuread`. */
  readonly standInFolder: string;
}

/** The plugin that the engine is going to run. The caller tells people which one it is. */
export interface AzureadPlugin {
  readonly source: 'path' | 'plugin-cache' | 'download' | 'stand-in';
  /** Without a leading `v`; `unknown` for one on PATH that does not tell. */
  readonly version: string;
  /** Folder to put first on the engine's PATH: of the stand-in only. */
  readonly pathEntry?: string;
}

const PROGRAM = 'pulumi-resource-azuread';
const INSTALL_ARGS = ['plugin', 'install', 'resource', 'azuread', `v${AZUREAD_PLUGIN_VERSION}`] as const;

/**
 * Finds the plugin. A download is tried at most once a day, for at most `limits.pluginMs`, and not at all where
 * `PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION` is set.
 *
 * @throws InteropError `failure` when there is only the stand-in and the tenant is a real one, or not even the stand-in;
 * `cancelled` when `signal` is aborted
 */
export async function findAzureadPlugin(options: FindAzureadPluginOptions): Promise<AzureadPlugin> {
  const search = openSearch(options);
  const onPath = await lookOnPath(options, search);
  if (onPath !== undefined) return onPath;
  if (await isInPluginCache(search)) return { source: 'plugin-cache', version: AZUREAD_PLUGIN_VERSION };
  const trouble = await download(options.cli, search);
  if (trouble === undefined) return { source: 'download', version: AZUREAD_PLUGIN_VERSION };
  if (!isLoopback(options.metadataHost)) throw officialIsNeeded(options, search, trouble);
  return await standIn(options.standInFolder);
}

async function lookOnPath(
  options: FindAzureadPluginOptions,
  search: Search,
): Promise<AzureadPlugin | undefined> {
  if (isSet(search.env.PULUMI_IGNORE_AMBIENT_PLUGINS)) return undefined;
  const command = await findOnPath(PROGRAM, search.env, options.standInFolder);
  if (command === undefined) return undefined;
  return { source: 'path', version: await askVersion(command, search) };
}

/** Bridged plugins print their version on `-version` (pulumi/pulumi-terraform-bridge pull request 154). */
async function askVersion(command: string, search: Search): Promise<string> {
  const { env, signal } = search;
  const result = await runChild({
    command,
    args: ['-version'],
    env,
    timeoutMs: search.limits.probeMs,
    signal,
  });
  return (result.ok ? parseVersion(result.stdout)?.text : undefined) ?? 'unknown';
}

async function isInPluginCache(search: Search): Promise<boolean> {
  const folder = pluginFolder(search.env);
  return !existsSync(`${folder}.partial`) && (await isExecutable(join(folder, executableName(PROGRAM))));
}

function pluginFolder(env: NodeJS.ProcessEnv): string {
  const home =
    env.PULUMI_HOME === undefined || env.PULUMI_HOME === '' ? join(homedir(), '.pulumi') : env.PULUMI_HOME;
  return join(home, 'plugins', `resource-azuread-v${AZUREAD_PLUGIN_VERSION}`);
}

/** Downloads the plugin into the engine's plugin cache. Answers with the reason when that does not work. */
async function download(cli: Pick<PulumiCli, 'command'>, search: Search): Promise<string | undefined> {
  if (isSet(search.env.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION)) {
    return 'not tried: PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION is set';
  }
  return await unlessFailedLately(search.cache, `azuread-${AZUREAD_PLUGIN_VERSION}`, search.now, async () => {
    search.progress({
      phase: 'plugin',
      message: `Getting Pulumi's azuread plugin ${AZUREAD_PLUGIN_VERSION}`,
    });
    const result = await runChild({
      command: cli.command,
      args: INSTALL_ARGS,
      env: { ...search.env, PULUMI_SKIP_UPDATE_CHECK: 'true' },
      timeoutMs: search.limits.pluginMs,
      signal: search.signal,
    });
    if (!result.ok) return result.trouble;
    return (await isInPluginCache(search))
      ? undefined
      : `it is not in ${pluginFolder(search.env)} afterwards`;
  });
}

async function standIn(folder: string): Promise<AzureadPlugin> {
  if (await isExecutable(join(folder, executableName(PROGRAM)))) {
    return { source: 'stand-in', version: AZUREAD_PLUGIN_VERSION, pathEntry: folder };
  }
  throw new InteropError({
    kind: 'failure',
    summary: "The sandbox's azuread provider is missing: the installation is incomplete",
    problems: [{ where: join(folder, executableName(PROGRAM)), what: 'not there, or not executable' }],
    next: ['npm ci'],
  });
}

function officialIsNeeded(options: FindAzureadPluginOptions, search: Search, trouble: string): InteropError {
  const problems: Problem[] = [
    { where: 'PATH', what: `no ${PROGRAM}` },
    { where: pluginFolder(search.env), what: 'not there, or unfinished' },
    { where: 'download', what: trouble },
    {
      where: 'azuread:metadataHost',
      what: "the sandbox's stand-in works on this machine's sandbox only",
      found: options.metadataHost ?? 'none, which is a tenant in a Microsoft cloud',
      allowed: 'localhost, 127.0.0.1 or [::1] with a port',
    },
  ];
  return new InteropError({
    kind: 'failure',
    summary: `Pulumi's azuread plugin ${AZUREAD_PLUGIN_VERSION} is needed for a real tenant, and could not be had`,
    problems,
    next: [
      [quoted(options.cli.command), ...INSTALL_ARGS].join(' '),
      `or, without access to Pulumi's downloads, get ${PROGRAM} v${AZUREAD_PLUGIN_VERSION} elsewhere and put it on PATH`,
    ],
  });
}

function quoted(command: string): string {
  return /^[\w./:\\-]+$/.test(command) ? command : `"${command}"`;
}

/** How the engine reads a switch (pulumi/pulumi sdk/go/common/util/env/env.go). */
function isSet(value: string | undefined): boolean {
  return value === '1' || value?.toLowerCase() === 'true';
}
