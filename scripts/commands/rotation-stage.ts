/** `rotation stage`: makes the next secret beside the one in use, and proves it. */
import { requireAllowedLife } from '../../infra/identity/secret-policy.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { actorOf } from '../rotation/actor.js';
import { finishFirst, withRotation } from '../rotation/rotation.js';
import type { RotationWorld } from '../rotation/rotation-world.js';
import { endOf } from './rotation-shared.js';

export interface StageFlags {
  readonly writeOnly: boolean;
}

/** Both secrets work afterwards: the new one is to be pasted at Google. */
export async function rotationStage(
  context: CommandContext,
  flags: StageFlags,
  world: RotationWorld,
): Promise<CommandResult> {
  const options = { command: 'rotation stage', ...flags };
  return await withRotation(context, world, options, async (rotation) => {
    const finished = await finishFirst(rotation);
    if (finished?.event !== 'stage') {
      // Nothing is written before somebody is signed in, the engine is there and the state knows no later ledger.
      if (!flags.writeOnly) await rotation.engine();
      const { stack, config } = rotation;
      requireAllowedLife(await rotation.readTenantPolicy(), config.secret.lifetimeDays, stack.name);
      rotation.apply({ type: 'stage', by: actorOf(context.env), entraTime: await rotation.entraTime() });
      if (!flags.writeOnly) await rotation.carryOut();
    }
    await rotation.save();
    await rotation.copyToVault();
    return endOf(rotation);
  });
}
