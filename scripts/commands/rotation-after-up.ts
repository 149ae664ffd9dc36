/** What an update by `up` leaves to do for the rotation. */
import { basename } from 'node:path';
import { sameLedger } from '../../infra/rotation/index.js';
import type { Ledger } from '../../infra/rotation/ledger.js';
import type { CommandContext } from '../command-context.js';
import { Rotation, readRotation, withRotation } from '../rotation/rotation.js';
import type { RotationWorld } from '../rotation/rotation-world.js';
import { endOf } from './rotation-shared.js';

/**
 * What a rotation command has begun, or a merged pull request asks for, ends with the update that was just run; a secret whose copy a
 * vault lacks is copied.
 *
 * @param brought the ledger that the update was run with: what somebody has written into the file since is not carried out, and stays
 * @throws InteropError: what was begun stays so, and the next command tries it again
 */
export async function endUpdate(
  context: CommandContext,
  world: RotationWorld,
  brought: Ledger,
): Promise<void> {
  const options = { command: 'up' };
  // Nothing is written then, so that a rotation command at work is not waited for.
  if (brought.pending === undefined)
    return await new Rotation(context, world, readRotation(context), options).copyToVault();
  await withRotation(context, world, options, async (rotation) => {
    if (!sameLedger(rotation.ledger, brought)) return warnOfChange(rotation);
    await rotation.carryOut(true);
    await rotation.copyToVault();
    endOf(rotation);
  });
}

function warnOfChange({ context: { terminal }, stack }: Rotation): void {
  terminal.warn(
    `the ledger in ${basename(stack.file)} was changed while the update ran: what it asks for now was not carried out`,
  );
  terminal.line(`  next: calendar-interop rotation run --stack ${stack.name}`);
}
