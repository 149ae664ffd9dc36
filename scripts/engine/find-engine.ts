/** The engine for a command on a stack: the CLI and the azuread plugin, with progress on the command's terminal. */
import { join } from 'node:path';
import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import type { CommandContext } from '../command-context.js';
import { packageRoot } from '../package-root.js';
import type { Terminal } from '../terminal.js';
import { type AzureadPlugin, findAzureadPlugin } from './azuread-plugin.js';
import { findPulumiCli, openPulumiCommand, type PulumiCli } from './cli.js';
import type { OnProgress } from './progress.js';
import type { SearchOptions } from './search.js';

/** Everything that an engine run needs, and what to tell people about it. */
export interface Engine {
  readonly command: PulumiCommand;
  readonly plugin: AzureadPlugin;
  readonly engine: Pick<PulumiCli, 'version' | 'source'>;
  readonly azuread: Pick<AzureadPlugin, 'version' | 'source'>;
}

/**
 * Finds the CLI and the plugin, and gets what is missing.
 *
 * @param azuread the stack's `azuread:*` configuration without the prefix: its `metadataHost`, or else the variable
 * ARM_METADATA_HOSTNAME, decides whether the tenant is an emulated one (terraform-provider-azuread
 * internal/provider/provider.go)
 * @throws InteropError as {@link findPulumiCli} and {@link findAzureadPlugin} do
 */
export async function findEngine(
  context: Pick<CommandContext, 'terminal' | 'env' | 'signal'>,
  azuread: Readonly<Record<string, unknown>>,
  options: Pick<SearchOptions, 'packageRoot' | 'limits'> = {},
): Promise<Engine> {
  const search: SearchOptions = {
    ...options,
    env: context.env,
    signal: context.signal,
    onProgress: showOn(context.terminal),
  };
  const cli = await findPulumiCli(search);
  const plugin = await findAzureadPlugin({
    ...search,
    cli,
    metadataHost: metadataHost(azuread, context.env),
    standInFolder: join(options.packageRoot ?? packageRoot(), 'sandbox', 'azuread', 'bin'),
  });
  return {
    command: await openPulumiCommand(cli),
    plugin,
    engine: { version: cli.version, source: cli.source },
    azuread: { version: plugin.version, source: plugin.source },
  };
}

/** An encrypted or otherwise odd value is no host that could be told to be this machine. */
function metadataHost(
  azuread: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): string | undefined {
  const configured = azuread.metadataHost ?? env.ARM_METADATA_HOSTNAME;
  if (configured === undefined || configured === '') return undefined;
  return typeof configured === 'string' ? configured : 'a value that is no text';
}

/** A line for each new phase and for each tenth of it, so that a pipeline's log moves on; every step on a terminal. */
function showOn(terminal: Pick<Terminal, 'line' | 'status'>): OnProgress {
  let shown = '';
  return (event) => {
    const step = `${event.phase} ${Math.floor((event.fraction ?? 0) * 10)}`;
    if (step === shown) {
      terminal.status(event.message);
    } else {
      shown = step;
      terminal.line(event.message, 'dim');
    }
  };
}
