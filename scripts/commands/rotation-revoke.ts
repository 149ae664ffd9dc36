/** `rotation revoke`: a secret that may be known to others goes, at once or when Google holds another one. */
import { InteropError } from '../../infra/errors.js';
import { describeSecret, type RevokeEvent } from '../../infra/rotation/index.js';
import { type Ledger, SLOTS } from '../../infra/rotation/ledger.js';
import { endOf as secretEnd, slotSecrets } from '../../infra/rotation/secrets.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { actorOf } from '../rotation/actor.js';
import { finishFirst, type Rotation, withRotation } from '../rotation/rotation.js';
import type { RotationWorld } from '../rotation/rotation-world.js';
import { dayOf, endOf } from './rotation-shared.js';

export interface RevokeFlags {
  /** A slot, or the key id of a secret in no slot. */
  readonly secret: string;
  readonly now: boolean;
  readonly afterSwitch: boolean;
  readonly deadline: Date | undefined;
  readonly yes: boolean;
  readonly writeOnly: boolean;
}

export async function rotationRevoke(
  context: CommandContext,
  flags: RevokeFlags,
  world: RotationWorld,
): Promise<CommandResult> {
  const when = whenOf(flags);
  const { writeOnly } = flags;
  return await withRotation(context, world, { command: 'rotation revoke', writeOnly }, async (rotation) => {
    const secret = secretNamed(flags.secret);
    // What leaked goes before anything else: a revoke at once does not wait for what another command began.
    const again = isBegun(rotation.ledger, secret);
    if (when !== 'now' || again) await finishFirst(rotation);
    const consequences = consequencesOf(rotation, secret, when);
    // The same command, cut off before, is finished now; the secret that took the other one's place must not go, too.
    if (when !== 'now' || !again || writeOnly) {
      for (const line of consequences) context.terminal.prose(line, 'warn');
      await requireConsent(rotation, flags.yes);
      if (!writeOnly) await rotation.engine();
      await rotation.readTenantPolicy();
      const entraTime = await rotation.entraTime();
      rotation.apply({ type: 'revoke', secret, when, by: actorOf(context.env), entraTime });
      if (!writeOnly) await rotation.carryOut();
    }
    await rotation.save();
    await rotation.copyToVault();
    return endOf(rotation, { consequences: consequencesOf(rotation, secret, when) });
  });
}

function whenOf({ now, afterSwitch, deadline }: RevokeFlags): RevokeEvent['when'] {
  if (now && !afterSwitch && deadline === undefined) return 'now';
  if (!now && afterSwitch && deadline !== undefined) return { deadline };
  throw new InteropError({
    kind: 'configuration',
    summary: 'when shall the secret go?',
    problems: [
      {
        where: 'rotation revoke',
        what: 'wants one of two ways',
        allowed: '--now, or --after-switch with --deadline <time>',
      },
    ],
    next: [
      'calendar-interop rotation revoke a --now   # look-ups stop until Google holds another secret',
      'calendar-interop rotation revoke a --after-switch --deadline 2027-01-31T08:00:00Z   # until then Google can be moved',
    ],
  });
}

function secretNamed(text: string): RevokeEvent['secret'] {
  const slot = SLOTS.find((name) => name === text);
  return slot === undefined ? { keyId: text } : { slot };
}

/** Whether the revoke of this very secret was begun, and not seen through. */
function isBegun({ pending }: Ledger, named: RevokeEvent['secret']): boolean {
  if (pending?.event !== 'revoke') return false;
  return 'slot' in named ? pending.slot === named.slot : pending.keyId === named.keyId.toLowerCase();
}

/** What stops working, and until when. */
export function consequencesOf(
  { ledger, policy, world }: Pick<Rotation, 'ledger' | 'policy' | 'world'>,
  named: RevokeEvent['secret'],
  when: RevokeEvent['when'],
): readonly string[] {
  const users = usersOf(ledger, named, policy.endpoints);
  if (users.length === 0) return ['No endpoint is known to use this secret: nothing stops.'];
  const sure = users.every(({ known }) => known);
  const names = users.map(({ endpoint }) => endpoint).join(', ');
  const stop = sure ? 'stop' : 'may stop';
  const from = when === 'now' ? world.now() : when.deadline;
  const until = `until ${successorOf(ledger, named, from)} pasted in Google's Admin console`;
  if (when === 'now') return [`Look-ups through ${names} ${stop} at once (${dayOf(world.now())}), ${until}.`];
  return [
    `Look-ups through ${names} go on until ${when.deadline.toISOString()}; from then on they ${stop}, ${until}.`,
  ];
}

/** What has to be pasted. A secret that has ended by then helps nobody: with one beside it, no other is made by the revoke. */
function successorOf(ledger: Ledger, named: RevokeEvent['secret'], from: Date): string {
  const others = slotSecrets(ledger).filter(({ slot }) => !('slot' in named && named.slot === slot));
  const alive = others.find((secret) => secretEnd(ledger, secret) > from.getTime());
  if (alive !== undefined) return `${describeSecret(alive)} is`;
  return others.length === 0
    ? 'the secret that is made now is'
    : 'another one is staged (`rotation stage`) and';
}

/** The endpoints that use a secret; those of which nothing is known may. */
function usersOf(ledger: Ledger, named: RevokeEvent['secret'], endpoints: readonly string[]) {
  return endpoints.flatMap((endpoint) => {
    const evidence = Object.hasOwn(ledger.confirmed, endpoint) ? ledger.confirmed[endpoint] : undefined;
    if (evidence === undefined) return [{ endpoint, known: false }];
    return 'slot' in named && evidence.slot === named.slot ? [{ endpoint, known: true }] : [];
  });
}

/** @throws InteropError: `configuration` where nobody can be asked and `--yes` is missing, `cancelled` when the answer is no */
export async function requireConsent(
  { world, stack, context }: Pick<Rotation, 'world' | 'stack' | 'context'>,
  yes: boolean,
  words = { question: 'Revoke it?', wanted: 'a revoke wants a yes', refused: 'nothing was revoked' },
): Promise<void> {
  if (yes) return;
  if (world.ask === undefined) {
    throw new InteropError({
      kind: 'configuration',
      summary: words.wanted,
      problems: [{ where: '--yes', what: 'there is no terminal to ask on', allowed: '--yes' }],
      next: [`calendar-interop rotation status --stack ${stack.name}`],
    });
  }
  if (await world.ask(words.question, context.signal)) return;
  throw new InteropError({ kind: 'cancelled', summary: words.refused });
}
