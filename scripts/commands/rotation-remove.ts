/** `rotation remove`: takes a secret that somebody else made off the registration, after a question. */
import { reduce, refusalError } from '../../infra/rotation/index.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { actorOf } from '../rotation/actor.js';
import { describeForeign, requireForeign } from '../rotation/foreign-secrets.js';
import { finishFirst, withRotation } from '../rotation/rotation.js';
import type { RotationWorld } from '../rotation/rotation-world.js';
import { foreignOf } from './rotation-foreign.js';
import { consequencesOf, requireConsent } from './rotation-revoke.js';
import { endOf } from './rotation-shared.js';

export interface RemoveFlags {
  readonly keyId: string;
  readonly yes: boolean;
  /** Remove it although Google may be using it. */
  readonly force: boolean;
}

const WORDS = {
  question: 'Remove it?',
  wanted: 'removing a secret wants a yes',
  refused: 'nothing was removed',
};

/**
 * @throws InteropError: `configuration` when no secret has this key id or nobody can be asked, `policy` when Google may be using it and
 * it is not forced, `cancelled` when the answer is no
 */
export async function rotationRemove(
  context: CommandContext,
  { keyId, yes, force }: RemoveFlags,
  world: RotationWorld,
): Promise<CommandResult> {
  return await withRotation(context, world, { command: 'rotation remove' }, async (rotation) => {
    const finished = await finishFirst(rotation);
    // The same command, cut off before: the secret is gone, and nothing is left to name.
    if (finished?.keyId === keyId.toLowerCase()) {
      await rotation.save();
      await rotation.copyToVault();
      return endOf(rotation);
    }
    const view = await foreignOf(rotation);
    const secret = requireForeign(view, keyId, rotation.stack.name, world.now());
    const lastUse = secret.lastUse === undefined ? undefined : new Date(secret.lastUse);
    const by = actorOf(context.env);
    const event = { type: 'remove', keyId: secret.keyId, by, lastUse, force } as const;
    // What is refused is not asked about.
    const { refusal } = reduce(rotation.ledger, event, rotation.policy, world.now());
    if (refusal !== undefined) throw refusalError(refusal, rotation.stack.name);
    context.terminal.line(describeForeign(secret, view, world.now()));
    for (const line of consequencesOf(rotation, { keyId: secret.keyId }, 'now'))
      context.terminal.line(line, 'warn');
    await requireConsent(rotation, yes, WORDS);
    rotation.apply(event);
    await rotation.carryOut();
    await rotation.save();
    await rotation.copyToVault();
    return endOf(rotation);
  });
}
