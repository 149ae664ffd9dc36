/** What a command has begun is carried out: key ids come in, and what was pending ends. */
import { isGuid } from '../../config/values.js';
import type { MadeEvent } from '../events.js';
import type { Ledger } from '../ledger.js';
import type { Refusal } from '../refusal.js';
import {
  describeSecret,
  isForeign,
  otherSlot,
  sameKey,
  sameSecret,
  secretOf,
  slotSecrets,
} from '../secrets.js';
import { badKeyId, refuse } from './refusals.js';
import type { Evidence, Judge, Step } from './step.js';

/** Refuses whatever is not the end of what was begun; undefined where nothing was. */
export function pendingFirst({ ledger: { pending } }: Judge): Refusal | undefined {
  if (pending === undefined) return undefined;
  return refuse('pending', {
    what: 'something was begun that has not been carried out yet',
    found: `${pending.event} of ${describeSecret(secretOf(pending))} since ${pending.at}`,
    allowed: 'the next step once that is finished',
    next: [['rotation', 'run']],
  });
}

/** The key id that Entra gave a secret. */
export function made({ ledger }: Judge, { slot, generation, keyId }: MadeEvent): Step {
  const secret = ledger.slots[slot];
  if (!isGuid(keyId)) return badKeyId(keyId);
  if (secret?.generation !== generation) {
    return refuse('otherGeneration', {
      what: `the secret in slot ${slot} is not the one that the ledger names`,
      found: describeSecret({ slot, generation }),
      allowed:
        secret === undefined
          ? 'nothing: the slot is empty'
          : describeSecret({ slot, generation: secret.generation }),
      next: [['up'], ['rotation', 'restore']],
    });
  }
  if (sameKey(keyId, secret.keyId)) return 'same';
  if (sameKey(keyId, ledger.slots[otherSlot(slot)]?.keyId) || isForeign(ledger, keyId)) {
    return refuse('keyInSlot', {
      what: `the key id of slot ${slot} stands for another secret in the ledger`,
      found: keyId,
      allowed: 'a key id of its own for every secret',
      next: [['rotation', 'status'], ['drift']],
    });
  }
  // Another key id means another value: what Google holds of the former one is of no use any more.
  const confirmed =
    secret.keyId === undefined
      ? ledger.confirmed
      : withoutHolders(ledger.confirmed, (evidence) => sameSecret(evidence, { slot, generation }));
  return {
    slots: { ...ledger.slots, [slot]: { generation, endDate: secret.endDate, keyId: keyId.toLowerCase() } },
    confirmed,
  };
}

/** The end of what was begun, once every secret has its key id. */
export function finish({ ledger }: Judge): Step {
  const { pending } = ledger;
  if (pending === undefined) return 'same';
  const missing = slotSecrets(ledger).find(({ slot }) => ledger.slots[slot]?.keyId === undefined);
  if (pending.keyId !== undefined || missing === undefined) return { pending: undefined };
  return refuse('notMade', {
    what: `the secret in slot ${missing.slot} has not been made yet`,
    found: `no key id for ${describeSecret(missing)}`,
    allowed: 'the end of what was begun once Entra gave every secret its key id',
    next: [['rotation', 'run'], ['up']],
  });
}

function withoutHolders(
  confirmed: Ledger['confirmed'],
  drop: (evidence: Evidence) => boolean,
): Ledger['confirmed'] {
  return Object.fromEntries(Object.entries(confirmed).filter(([, evidence]) => !drop(evidence)));
}
