/** The life of a provider's process: started by the engine, ended by it, and never left behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Provider } from './definition.js';
import { type ServedProvider, serveProvider } from './server.js';

/** How often to look whether the engine is still there. */
const PARENT_CHECK_MS = 1_000;
/** How long SIGINT waits for running operations; the engine uses force a second later. */
const PATIENCE_MS = 4_000;
/** Time for aborted operations to stop in an orderly way. */
const GRACE_MS = 5_000;

/** The parts of Node's process that are used. */
export type ProviderProcess = Pick<NodeJS.Process, 'argv' | 'on' | 'ppid' | 'exit'> & {
  readonly stdout: Pick<NodeJS.WriteStream, 'write'>;
};

/**
 * Serves the provider until the engine ends it. Standard output carries the port and nothing else: that is how the engine
 * finds it (pulumi/pulumi sdk/go/common/resource/plugin/plugin.go).
 *
 * The engine runs each provider in a process group of its own, which no terminal interrupts, and ends it with SIGINT: at
 * once when it has nothing left to do, by force after five seconds (pulumi/pulumi sdk/go/common/resource/plugin/plugin.go).
 * So SIGINT lets running operations come to their end first, as a half-made resource is worth waiting for.
 */
export async function runProvider<Context>(
  provider: Provider<Context>,
  self: ProviderProcess = process,
): Promise<ServedProvider> {
  const served = await serveProvider(provider, engineAddress(self.argv));
  const end = endOnce(served, self);
  self.on('SIGINT', () => void whenSettled(served).then(end));
  self.on('SIGTERM', end);
  self.on('SIGHUP', end);
  watchParent(self, end);
  self.stdout.write(`${served.port}\n`);
  return served;
}

/** The engine passes its address as the last argument, behind flags for logging and tracing. */
export function engineAddress(argv: readonly string[]): string | undefined {
  const last = argv.slice(2).at(-1);
  return last === undefined || last.startsWith('-') ? undefined : last;
}

async function whenSettled(served: ServedProvider): Promise<void> {
  const patience = new AbortController();
  await Promise.race([served.settled(), sleep(PATIENCE_MS, undefined, patience).catch(() => {})]);
  patience.abort();
}

function endOnce(served: ServedProvider, self: ProviderProcess): () => void {
  let isEnding = false;
  return () => {
    if (isEnding) return;
    isEnding = true;
    const force = setTimeout(() => self.exit(1), GRACE_MS);
    void served.stop().finally(() => {
      clearTimeout(force);
      self.exit(0);
    });
  };
}

/** An engine that was killed cannot end its providers: they are handed to another parent then. */
function watchParent(self: ProviderProcess, end: () => void): void {
  const parent = self.ppid;
  setInterval(() => {
    if (self.ppid !== parent) end();
  }, PARENT_CHECK_MS).unref();
}
