/** `rotation retire`: removes the old secret, once Google is confirmed to hold the new one. */
import type { CommandContext, CommandResult } from '../command-context.js';
import { actorOf } from '../rotation/actor.js';
import { finishFirst, withRotation } from '../rotation/rotation.js';
import type { RotationWorld } from '../rotation/rotation-world.js';
import { endOf } from './rotation-shared.js';

export interface RetireFlags {
  readonly writeOnly: boolean;
}

export async function rotationRetire(
  context: CommandContext,
  { writeOnly }: RetireFlags,
  world: RotationWorld,
): Promise<CommandResult> {
  return await withRotation(context, world, { command: 'rotation retire', writeOnly }, async (rotation) => {
    const finished = await finishFirst(rotation);
    if (finished?.event !== 'retire') {
      if (!writeOnly) await rotation.engine();
      rotation.apply({ type: 'retire', silence: { how: 'hand', by: actorOf(context.env) } });
      if (!writeOnly) await rotation.carryOut();
    }
    await rotation.save();
    await rotation.copyToVault();
    return endOf(rotation);
  });
}
