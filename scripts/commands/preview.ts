/** `preview`: what `up` would change. Writes nothing. */
import type { CommandContext, CommandResult } from '../command-context.js';
import { resourceChanges } from '../engine-events.js';
import { explainingSignIn, type OpenStack, openStack } from '../open-stack.js';
import { requireFirstSecretAllowed, requireNewSecretsAllowed } from '../secret-policy.js';
import { changesAsJson } from './engine-json.js';

export interface PreviewFlags {
  readonly refresh: boolean;
}

/** Runs the preview; exit code 0 whether or not there is something to do, 5 when the tenant forbids the secret that `up` would make. */
export async function preview(context: CommandContext, flags: PreviewFlags): Promise<CommandResult> {
  const open = await openStack(context, { ledger: 'provisional', create: true, signIn: 'lazily' });
  // It waits for servers while the engine works.
  const allowed = requireSecretsAllowed(open, context);
  allowed.catch(() => undefined);
  const record = await explainingSignIn(open, () =>
    open.session.run('preview', { refresh: flags.refresh }).finally(() => open.session.forgetIfNew()),
  );
  await allowed;
  open.reporter.summary(record, { done: 'planned', none: 'Nothing to do: everything is as declared.' });
  return {
    exitCode: 0,
    json: { ...open.engine, ...changesAsJson(record), changed: resourceChanges(record).length },
  };
}

async function requireSecretsAllowed(open: OpenStack, { terminal }: CommandContext): Promise<void> {
  const request = { ...open, stack: open.stack.name };
  if (open.config.rotation === undefined) await requireFirstSecretAllowed(request, terminal);
  else await requireNewSecretsAllowed({ ...request, now: new Date() }, terminal);
}
