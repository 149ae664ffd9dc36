/** The world as it is: the stack on the real engine, the tenant behind it. */

import { InteropError } from '../../infra/errors.js';
import { ROTATION_LEDGER_URN } from '../../infra/identity/ledger-guard.js';
import { once } from '../../infra/once.js';
import type { CommandContext } from '../command-context.js';
import { ledgerInState } from '../ledger-in-state.js';
import { type OpenStack, openStack } from '../open-stack.js';
import { notedOwnUses } from '../own-use.js';
import { chooseStack, findProject } from '../project.js';
import { recover } from '../recovery.js';
import { type HeldSecret, heldSecrets } from '../secret-in-state.js';
import { readStackFile, stackConfigOf } from '../stack-file.js';
import type { RotationEngine, RotationTenant, RotationWorld, TenantRequest } from './rotation-world.js';

/** What a command works with that was started by a person or a pipeline. */
export const LIVE_WORLD: RotationWorld = {
  now: () => new Date(),
  open: async (context, ledger) =>
    liveEngine(context, await openStack(context, { ledger, create: ledger === 'write' })),
  evidence: async (request) => {
    const { stackEvidence } = await import('./stack-evidence.js');
    const judged = await stackEvidence(request);
    for (const line of judged.why) request.context.terminal.line(line, 'dim');
    return judged;
  },
  tenant: liveTenant,
  openVault: async (context, keyVault) => {
    const raw = stackConfigOf(
      readStackFile(chooseStack(findProject(context.cwd), context.stack, context.env).file),
    );
    const [{ signIn }, { openKeyVault }] = await Promise.all([
      import('../../infra/graph/provider-cloud.js'),
      import('../../infra/key-vault/key-vault.js'),
    ]);
    const { credential, trust } = await signIn(raw.azuread, context.env, context.signal);
    return await openKeyVault({ ...keyVault, credential, trust, signal: context.signal });
  },
};

/** Signed in once, with the first question. */
function liveTenant(request: TenantRequest): RotationTenant {
  const { stack, config } = request;
  const view = once(async () => (await import('./registration.js')).viewRegistration(request));
  const graph = async () => (await view()).graph;
  return {
    secretPolicy: async () => {
      const { stackSecretPolicy } = await import('../secret-policy.js');
      return await stackSecretPolicy({ stack: stack.name, config, graph });
    },
    foreignSecrets: async (known) => {
      const { findForeignSecrets } = await import('./foreign-secrets.js');
      return await findForeignSecrets({ ...known, graph, stack: stack.name, config });
    },
    time: async () => (await ifAnswered(graph))?.clock.now(),
  };
}

/** Undefined where it cannot be had. @throws InteropError of kind `cancelled` */
async function ifAnswered<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof InteropError) || error.kind === 'cancelled') throw error;
    return undefined;
  }
}

/** The same for a stack that is open already. */
export function liveEngine(context: CommandContext, open: OpenStack): RotationEngine {
  const { session } = open;
  return {
    savedLedger: async () => ledgerInState(await session.readState()),
    update: async (ledger, command) => {
      await recover({
        ...open,
        expected: { ...open.expected, ledger },
        say: (text) => context.terminal.warn(text),
        signal: context.signal,
      });
      await session.run('up', { command });
    },
    saveLedger: async (command) => {
      await session.run('up', { command, targets: [`**${ROTATION_LEDGER_URN}`] });
    },
    ownUses: (ledger) => notedOwnUses(session, ledger),
    secrets: async () => heldSecrets(await session.readSecrets()),
    prove: (secret) => prove(context, open, secret),
    removeForeign: async (keyId) => {
      const client = await open.graph();
      const application = await client.getApplication({ appId: await clientIdOf(open) });
      const holds = application?.passwordCredentials.some((key) => key.keyId === keyId) === true;
      if (application !== undefined && holds) await client.removePassword(application.id, keyId);
    },
  };
}

async function prove(
  { signal }: CommandContext,
  open: OpenStack,
  { value: secret }: HeldSecret,
): Promise<readonly string[]> {
  const { proveSecret } = await import('../../infra/graph/token-proof.js');
  const { cloud, trust } = await open.signedIn();
  const { protocol, tenant } = open.config;
  const { roles } = await proveSecret({
    tokenEndpoint: `${cloud.authority}/${tenant}/oauth2/v2.0/token`,
    clientId: await clientIdOf(open),
    secret,
    scope: `${protocol === 'graph' ? cloud.graph : cloud.exchange}/.default`,
    trust,
    signal,
  });
  return roles;
}

async function clientIdOf(open: OpenStack): Promise<string> {
  return String((await open.session.outputs()).clientId?.value);
}
