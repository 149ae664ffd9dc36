/**
 * Our own uses of Google's secret. At Microsoft they look like Google's, so each is noted before it happens, and evidence that Google
 * uses a secret counts from our last use on (infra/rotation-evidence/judge.ts).
 *
 * Commands that only look write neither the ledger nor the state: the note is a tag of the stack in its backend, which all machines see
 * and which no git and no update knows of. Commands that confirm by evidence tell it to the ledger.
 */
import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import { InteropError } from '../infra/errors.js';
import { readLedgerText } from '../infra/identity/ledger-guard.js';
import {
  awaitedEndpoints,
  describeSecret,
  rotationPolicy,
  targetSecret,
  type UseEvent,
} from '../infra/rotation/index.js';
import { formatInstant, type Ledger, SLOTS, type SlotName } from '../infra/rotation/ledger.js';
import type { CommandContext } from './command-context.js';
import { readSavedLedger } from './ledger-in-state.js';
import type { OpenStack } from './open-stack.js';
import { currentSecret, heldSecrets } from './secret-in-state.js';
import type { StackSession } from './stack-session.js';

/** What is needed of an open stack. */
export type UsedStack = Pick<OpenStack, 'config' | 'ledger'> & {
  readonly session: Pick<StackSession, 'readSecrets' | 'setTag'>;
  readonly stack: { readonly name: string };
};

/** Who uses a secret, for the ledger. */
export type OwnUser = 'verify' | 'doctor' | 'demo';

/**
 * The secret that Google holds, for one use of ours, which is noted first. It is the one that the ledger calls current: never a staged
 * one before it is confirmed, and never the old one after that.
 *
 * @returns the value, for memory only: never log it
 * @throws InteropError of kind `failure` when the state does not hold it, or when Google is not known to hold it yet and the use cannot
 * be noted: it would pass for Google's
 */
export async function secretForOwnUse(
  context: Pick<CommandContext, 'terminal'>,
  open: UsedStack,
  user: OwnUser,
): Promise<string> {
  const state = await open.session.readSecrets();
  const ledger = ledgerInForce(open, state);
  const value = currentSecret(state, ledger);
  await note(context, open, ledger, ledger.current, user);
  return value;
}

/**
 * Notes the use of a secret that was handed in, where the state holds it as well.
 *
 * @returns whether it does
 * @throws InteropError as {@link secretForOwnUse}
 */
export async function noteUseOf(
  value: string,
  context: Pick<CommandContext, 'terminal'>,
  open: UsedStack,
  user: OwnUser,
): Promise<boolean> {
  const state = await open.session.readSecrets();
  const ledger = ledgerInForce(open, state);
  const held = heldSecrets(state).find(
    (secret) => secret.value === value && ledger.slots[secret.slot]?.generation === secret.generation,
  );
  if (held === undefined) return false;
  await note(context, open, ledger, held.slot, user);
  return true;
}

/** Our noted uses of the secrets that a ledger names, as events for it. What is no note of ours is left out. */
export async function notedOwnUses(
  session: Pick<StackSession, 'tags'>,
  ledger: Ledger,
): Promise<readonly UseEvent[]> {
  const tags = await session.tags();
  return SLOTS.flatMap((slot): readonly UseEvent[] => {
    const [generation = '', at = '', user = ''] = (tags[tagOf(slot)] ?? '').split(' ');
    const usedAt = new Date(at);
    const isLive = ledger.slots[slot]?.generation === Number(generation);
    return isLive && !Number.isNaN(usedAt.getTime())
      ? [{ type: 'use', slot, generation: Number(generation), usedAt, note: user }]
      : [];
  });
}

function tagOf(slot: SlotName): string {
  return `calendar-interop:own-use-${slot}`;
}

async function note(
  { terminal }: Pick<CommandContext, 'terminal'>,
  { session, config, stack }: UsedStack,
  ledger: Ledger,
  slot: SlotName,
  user: OwnUser,
): Promise<void> {
  const generation = ledger.slots[slot]?.generation;
  try {
    await session.setTag(tagOf(slot), `${generation} ${formatInstant(new Date())} ${user}`);
  } catch (error) {
    if (!(error instanceof InteropError) || error.kind === 'cancelled') throw error;
    const target = targetSecret(ledger);
    if (slot === target.slot && awaitedEndpoints(ledger, rotationPolicy(config)).length > 0) {
      throw new InteropError({
        kind: error.kind,
        summary: 'the use of the secret cannot be noted, and would pass for its use by Google',
        problems: [
          { where: describeSecret(target), what: 'is not yet confirmed for every endpoint' },
          ...error.problems,
        ],
        next: [
          `calendar-interop rotation confirm --stack ${stack.name}   # where it was pasted everywhere`,
          "give this command the right to write to the stack's backend",
        ],
        cause: error,
      });
    }
    terminal.warn(`this use of the secret could not be noted in the backend: ${error.message}`);
  }
}

/** The file's ledger, or the state's where that is newer: an old checkout must not make us use a secret that Google has left. */
export function ledgerInForce({ ledger }: Pick<UsedStack, 'ledger'>, state: Deployment): Ledger {
  const text = readSavedLedger(state)?.text;
  const saved = text === undefined ? undefined : readLedgerText(text);
  return saved !== undefined && saved.revision > ledger.revision ? saved : ledger;
}
