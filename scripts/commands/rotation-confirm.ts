/** `rotation confirm`: Google's forms hold the new secret, as a person says or as evidence shows. */
import type { CommandContext, CommandResult } from '../command-context.js';
import { actorOf } from '../rotation/actor.js';
import { finishFirst, type Rotation, withRotation } from '../rotation/rotation.js';
import type { RotationWorld } from '../rotation/rotation-world.js';
import { endOf } from './rotation-shared.js';

export interface ConfirmFlags {
  /** Names of endpoints; all where there is none. */
  readonly endpoints: readonly string[];
  /** Go by what Microsoft's and Google's logs show instead of by the person who runs this. */
  readonly evidence: boolean;
  readonly writeOnly: boolean;
}

export async function rotationConfirm(
  context: CommandContext,
  flags: ConfirmFlags,
  world: RotationWorld,
): Promise<CommandResult> {
  const { endpoints, evidence, writeOnly } = flags;
  return await withRotation(context, world, { command: 'rotation confirm', writeOnly }, async (rotation) => {
    await finishFirst(rotation);
    if (!writeOnly) await rotation.engine();
    if (evidence) await confirmSeen(rotation, endpoints);
    else confirmByHand(rotation, endpoints);
    await rotation.save();
    await rotation.copyToVault();
    return endOf(rotation);
  });
}

function confirmByHand(rotation: Rotation, endpoints: readonly string[]): void {
  const by = actorOf(rotation.context.env);
  rotation.apply({ type: 'confirm', how: 'hand', endpoints, by });
  const names = endpoints.length === 0 ? rotation.policy.endpoints : endpoints;
  rotation.say(`Confirmed by ${by}: ${names.join(', ')}.`);
}

/** @throws InteropError of kind `policy` when nothing was seen, or what was seen contradicts itself */
async function confirmSeen(rotation: Rotation, endpoints: readonly string[]): Promise<void> {
  const { confirmed, contradictions } = await rotation.evidence();
  for (const line of contradictions) rotation.context.terminal.warn(`contradiction: ${line}`);
  const wanted = confirmed.filter(({ endpoint }) => endpoints.length === 0 || endpoints.includes(endpoint));
  const seen = contradictions.length > 0 ? [] : wanted;
  if (rotation.apply({ type: 'confirm', how: 'seen', seen }))
    rotation.say(
      `Confirmed by evidence: ${seen.map(({ endpoint, seen: what }) => `${endpoint} (${what})`).join(', ')}.`,
    );
  else rotation.say('The evidence tells nothing that the ledger does not know.');
}
