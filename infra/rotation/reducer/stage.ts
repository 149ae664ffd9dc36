/** The next secret beside the one in use. */
import type { SecretRef, SlotSecret, StageEvent } from '../events.js';
import { MAX_LIVE_SECRETS } from '../ledger.js';
import type { Refusal } from '../refusal.js';
import { describeSecret, isSwitched, oldSecret, otherSlot, targetSecret } from '../secrets.js';
import { newSecret } from './new-secret.js';
import { refuse } from './refusals.js';
import type { Judge, Step } from './step.js';
import { noted } from './words.js';

/** The next generation in the free slot, where there is one. */
export function stage(judge: Judge, { by, entraTime }: StageEvent): Step {
  const { ledger, at } = judge;
  const [newest, old] = [targetSecret(ledger), oldSecret(ledger)];
  if (old !== undefined) return noFreeSlot(judge, newest, old);
  const slot = otherSlot(newest.slot);
  const secret = newSecret(judge, entraTime, 'asWished');
  if ('code' in secret) return secret;
  const { generation } = secret;
  return {
    slots: { ...ledger.slots, [slot]: secret },
    pending: { event: 'stage', slot, generation, at },
    log: [{ event: 'stage', slot, generation, ...noted({ by }) }],
  };
}

function noFreeSlot({ ledger, policy }: Judge, newest: SlotSecret, old: SecretRef): Refusal {
  const switched = isSwitched(ledger, policy);
  return refuse(switched || !('slot' in old) ? 'noRoom' : 'staged', {
    what: `there are two secrets already: a third would go beyond ${MAX_LIVE_SECRETS}`,
    found: `${describeSecret(newest)} and ${describeSecret(old)}`,
    allowed: 'a new secret once the old one is gone',
    next: switched
      ? [['rotation', 'retire']]
      : [['handoff'], ['rotation', 'confirm'], ['rotation', 'revoke', newest.slot, '--now']],
  });
}
