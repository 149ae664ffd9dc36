/** `rotation restore`: the ledger of the state takes the place of a lost or an old one in the file. */
import { basename } from 'node:path';
import { parseStackConfig } from '../../infra/config.js';
import { InteropError } from '../../infra/errors.js';
import { type RotationPolicy, reduce, refusalError, rotationPolicy } from '../../infra/rotation/index.js';
import { type Ledger, parseLedger } from '../../infra/rotation/ledger.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { chooseStack, findProject, type ProjectStack } from '../project.js';
import { actorOf } from '../rotation/actor.js';
import { withLedgerLock } from '../rotation/ledger-lock.js';
import type { RotationWorld } from '../rotation/rotation-world.js';
import { readStackFile, stackConfigOf, writeLedger } from '../stack-file.js';
import { standingAsJson } from './rotation-shared.js';

/**
 * Makes nothing and removes nothing in the tenant.
 *
 * @throws InteropError of kind `policy` when the file's ledger is the newer one
 */
export async function rotationRestore(context: CommandContext, world: RotationWorld): Promise<CommandResult> {
  const stack = chooseStack(findProject(context.cwd), context.stack, context.env);
  return await withLedgerLock(stack.file, context.env, async () => {
    const engine = await world.open(context, 'saved');
    const saved = await engine.savedLedger();
    if (saved === undefined) throw nothingSaved(stack);
    const { ledger, inFile, policy } = restored(context, world, stack, saved.read());
    const file = basename(stack.file);
    if (!inFile) {
      writeLedger(stack.file, ledger);
      context.terminal.line(
        `Wrote revision ${ledger.revision} into ${file}, made from revision ${saved.revision} in the state: commit it.`,
      );
    }
    const isNews = ledger.revision > saved.revision;
    if (isNews) await engine.saveLedger('rotation restore');
    if (inFile)
      context.terminal.line(
        isNews
          ? `The state now has revision ${ledger.revision}, which an earlier restore wrote into ${file}: commit it.`
          : `${file} holds the ledger of the state already (revision ${saved.revision}).`,
      );
    return {
      exitCode: 0,
      json: { changed: !inFile || isNews, ...standingAsJson(ledger, policy, world.now(), stack.name) },
    };
  });
}

interface Restored {
  /** What is to be in the file. */
  readonly ledger: Ledger;
  readonly inFile: boolean;
  readonly policy: RotationPolicy;
}

function restored(
  context: CommandContext,
  world: RotationWorld,
  stack: ProjectStack,
  from: Ledger,
): Restored {
  const raw = stackConfigOf(readStackFile(stack.file));
  const { rotation, ...others } = raw.ours;
  const policy = rotationPolicy(parseStackConfig(others, raw.azuread));
  const file = readable(rotation);
  // A file without a ledger, or with one that a merge has spoiled, gets the state's as it is.
  if (file === undefined) return { ledger: from, inFile: false, policy };
  const event = { type: 'restore', from, by: actorOf(context.env) } as const;
  const outcome = reduce(file, event, policy, world.now());
  if (outcome.refusal !== undefined) throw refusalError(outcome.refusal, stack.name);
  return { ledger: outcome.ledger, inFile: !outcome.changed, policy };
}

function readable(rotation: unknown): Ledger | undefined {
  try {
    return parseLedger(rotation);
  } catch (error) {
    if (error instanceof InteropError) return undefined;
    throw error;
  }
}

function nothingSaved(stack: ProjectStack): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary: `the state of ${stack.name} holds no rotation ledger`,
    problems: [{ where: stack.name, what: 'was never brought up with one, so there is nothing to restore' }],
    next: [`calendar-interop up --stack ${stack.name}`],
  });
}
