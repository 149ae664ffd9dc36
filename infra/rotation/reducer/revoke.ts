/** The end of a secret that may be known to others. */
import type { RevokeEvent, SecretRef } from '../events.js';
import type { Ledger } from '../ledger.js';
import { describeSecret, oldSecret, otherSlot, sameSecret, secretOf, slotSecrets } from '../secrets.js';
import { pendingFirst } from './carry-out.js';
import { namedSecret } from './named-secret.js';
import { newSecret } from './new-secret.js';
import { badTime, refuse } from './refusals.js';
import { without } from './removal.js';
import { stage } from './stage.js';
import type { Change, Judge, Step } from './step.js';
import { instantOf, noted } from './words.js';

/** At once, with another secret in its place where there is none, or when Google holds another. */
export function revoke(judge: Judge, event: RevokeEvent): Step {
  const { ledger } = judge;
  const secret = namedSecret(ledger, event.secret);
  if ('code' in secret) return secret;
  const wait = undoesPending(ledger, event, secret) ? undefined : pendingFirst(judge);
  if (wait !== undefined) return wait;
  return event.when === 'now'
    ? revokeNow(judge, event, secret)
    : revokeLater(judge, event, secret, event.when.deadline);
}

/** A secret that cannot be made, as where the tenant forbids it, must not block everything else: it may be taken back. */
function undoesPending({ pending }: Ledger, { when }: RevokeEvent, secret: SecretRef): boolean {
  return when === 'now' && pending?.event === 'stage' && sameSecret(secretOf(pending), secret);
}

function revokeNow(judge: Judge, { by, entraTime }: RevokeEvent, secret: SecretRef): Step {
  const { ledger, at } = judge;
  const log = { event: 'revoke', ...secret, ...noted({ by, note: 'now' }) } as const;
  const alone = 'slot' in secret && slotSecrets(ledger).length === 1;
  if (!alone) return { ...without(ledger, secret, at, 'revoke'), log: [log] };
  const successor = newSecret(judge, entraTime, 'asAllowed');
  if ('code' in successor) return successor;
  // In the other slot the successor is made before the revoked one goes; beside a foreign secret that would be a third.
  const slot = ledger.foreign.length === 0 ? otherSlot(secret.slot) : secret.slot;
  return {
    slots: { [slot]: successor },
    current: slot,
    pending: { event: 'revoke', ...secret, at },
    log: [log, { event: 'stage', slot, generation: successor.generation, ...noted({ by }) }],
  };
}

function revokeLater(judge: Judge, { by, entraTime }: RevokeEvent, secret: SecretRef, deadline: Date): Step {
  const { ledger, now, at } = judge;
  const until = instantOf(deadline);
  if (until === undefined) return badTime('the deadline', deadline);
  const again: readonly string[] = 'slot' in secret ? [secret.slot] : [secret.keyId];
  if (deadline.getTime() <= now.getTime()) {
    return refuse('deadlinePast', {
      what: 'the deadline has passed',
      found: until,
      allowed: `a time after ${at}`,
      next: [['rotation', 'revoke', ...again, '--now']],
    });
  }
  const { revoking } = ledger;
  if (revoking !== undefined && !sameSecret(secretOf(revoking), secret)) {
    return refuse('revokingOther', {
      what: 'another secret is being revoked',
      found: describeSecret(secretOf(revoking)),
      allowed: 'one at a time; at once is always possible',
      next: [
        ['rotation', 'status'],
        ['rotation', 'revoke', ...again, '--now'],
      ],
    });
  }
  const demand: Change = {
    revoking: { ...secret, at, deadline: until, ...noted({ by }) },
    log: [{ event: 'revoke', ...secret, ...noted({ by, note: `after the switch, at the latest ${until}` }) }],
  };
  const old = oldSecret(ledger);
  if (old !== undefined) {
    if (sameSecret(old, secret)) return demand;
    return refuse('revokeNowInstead', {
      what: `${describeSecret(secret)} is the newest secret: Google cannot be moved away from it while there are two`,
      found: `${describeSecret(secret)} beside ${describeSecret(old)}`,
      allowed: 'revoking the older one after the switch, or this one at once',
      next: [
        ['rotation', 'revoke', ...again, '--now'],
        ['rotation', 'retire'],
      ],
    });
  }
  const staged = stage(judge, { type: 'stage', by, entraTime });
  if (staged === 'same' || 'code' in staged) return staged;
  return { ...staged, ...demand, log: [...(staged.log ?? []), ...(demand.log ?? [])] };
}
