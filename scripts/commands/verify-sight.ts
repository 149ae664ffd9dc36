/** An administrator's sight of the tenant that opens when it is first needed: a look-up that works never signs in. */
import type { StackConfig } from '../../infra/config.js';
import { InteropError } from '../../infra/errors.js';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { type AzureadConfig, signIn } from '../../infra/graph/provider-cloud.js';
import { once } from '../../infra/once.js';
import type { TenantSight } from '../../infra/verify/index.js';
import type { CommandContext } from '../command-context.js';

export interface SightOptions {
  readonly context: CommandContext;
  readonly config: StackConfig;
  readonly azuread: AzureadConfig;
}

export interface LazySight {
  readonly sight: TenantSight;
  /** What could not be looked at, and why. */
  blind(): readonly string[];
  close(): Promise<void>;
}

export function lazySight(options: SightOptions): LazySight {
  const blind: string[] = [];
  let port: CmdletPort | undefined;
  const opened = once(async () => {
    try {
      const made = await openSight(options, (what) => blind.push(what));
      port = made.port;
      return made.sight;
    } catch (error) {
      options.context.signal.throwIfAborted();
      if (!(error instanceof InteropError)) throw error;
      blind.push(`the tenant, for want of an administrator's sign-in: ${error.summary}`);
      return undefined;
    }
  });
  return {
    sight: {
      ewsOrganisation: async (clientId) => await (await opened())?.ewsOrganisation(clientId),
      mailbox: async (address) => await (await opened())?.mailbox(address),
      inScope: async (clientId, mailbox, permissions) =>
        await (await opened())?.inScope(clientId, mailbox, permissions),
    },
    blind: () => blind,
    close: async () => await port?.close(),
  };
}

async function openSight(
  { context, config, azuread }: SightOptions,
  blind: (what: string) => void,
): Promise<{ readonly sight: TenantSight; readonly port: CmdletPort }> {
  const { env, signal, terminal } = context;
  const signedIn = await signIn(azuread, env, signal);
  const [{ openPortFor }, { systemClock }, { GraphDirectory }, { openTenantSight }] = await Promise.all([
    import('./visibility-wiring.js'),
    import('../../infra/exchange/transport/clock.js'),
    import('../../infra/exchange/role-mailboxes/index.js'),
    import('../../infra/verify/tenant-sight.js'),
  ]);
  const port = await openPortFor(context, config, signedIn);
  const { cloud, trust } = signedIn;
  const directory = new GraphDirectory({
    graph: cloud.graph,
    token: () => signedIn.token(`${cloud.graph}/.default`, signal),
    trust,
    signal,
  });
  const work = { port, clock: systemClock, signal, status: (message: string) => terminal.status(message) };
  return { sight: openTenantSight({ work, directory, blind }), port };
}
