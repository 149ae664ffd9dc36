/** `rotation adopt`: a secret that somebody else made counts from now on, towards the cap of two and for retirement. */
import type { CommandContext, CommandResult } from '../command-context.js';
import { actorOf } from '../rotation/actor.js';
import { describeForeign, requireForeign } from '../rotation/foreign-secrets.js';
import { finishFirst, withRotation } from '../rotation/rotation.js';
import type { RotationWorld } from '../rotation/rotation-world.js';
import { foreignOf } from './rotation-foreign.js';
import { endOf } from './rotation-shared.js';

export interface AdoptFlags {
  /** Key id of the secret; without it they are listed, and nothing is written. */
  readonly keyId: string | undefined;
  readonly writeOnly: boolean;
}

/** @throws InteropError: `configuration` when no secret has this key id, `policy` when there are two already */
export async function rotationAdopt(
  context: CommandContext,
  { keyId, writeOnly }: AdoptFlags,
  world: RotationWorld,
): Promise<CommandResult> {
  return await withRotation(context, world, { command: 'rotation adopt', writeOnly }, async (rotation) => {
    if (keyId !== undefined) await finishFirst(rotation);
    const view = await foreignOf(rotation);
    if (keyId === undefined) {
      const lines = view.secrets.map((secret) => describeForeign(secret, view, world.now()));
      for (const line of lines) context.terminal.line(line);
      if (lines.length === 0) context.terminal.line('The registration has no secret of somebody else.');
      return { exitCode: 0, json: view };
    }
    const { endDate } = requireForeign(view, keyId, rotation.stack.name, world.now());
    const by = actorOf(context.env);
    if (rotation.apply({ type: 'adopt', keyId, endDate: new Date(endDate ?? Number.NaN), by }))
      rotation.say(`Adopted key ${keyId.toLowerCase()}.`);
    await rotation.save();
    await rotation.copyToVault();
    return endOf(rotation);
  });
}
