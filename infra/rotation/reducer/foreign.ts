/** Secrets without a slot, which somebody else made. */
import { isGuid } from '../../config/values.js';
import type { AdoptEvent, RemoveEvent } from '../events.js';
import { MAX_LIVE_SECRETS, SLOTS } from '../ledger.js';
import { describeSecret, evidenceOf, isForeign, liveSecrets, sameKey } from '../secrets.js';
import { badKeyId, badTime, keyInSlot, refuse } from './refusals.js';
import { without } from './removal.js';
import type { Judge, Step } from './step.js';
import { describeTime, instantOf, noted } from './words.js';

/** Counts it from now on. */
export function adopt({ ledger }: Judge, { keyId, endDate, by }: AdoptEvent): Step {
  if (!isGuid(keyId)) return badKeyId(keyId);
  const ends = instantOf(endDate);
  if (ends === undefined) return badTime('the end of the secret', endDate);
  if (isForeign(ledger, keyId)) return 'same';
  const slot = SLOTS.find((name) => sameKey(keyId, ledger.slots[name]?.keyId));
  if (slot !== undefined) return keyInSlot(slot, keyId);
  const live = liveSecrets(ledger);
  if (live.length >= MAX_LIVE_SECRETS) {
    return refuse('noRoom', {
      what: `there are ${MAX_LIVE_SECRETS} secrets already`,
      found: live.map(describeSecret).join(' and '),
      allowed: 'adopting a secret once one of them is gone',
      next: [
        ['rotation', 'status'],
        ['rotation', 'retire'],
      ],
    });
  }
  return {
    foreign: [...ledger.foreign, { keyId: keyId.toLowerCase(), endDate: ends }],
    log: [{ event: 'adopt', keyId: keyId.toLowerCase(), ...noted({ by }) }],
  };
}

/** Takes it off the registration, adopted or not, where Google cannot be using it or somebody insists. */
export function remove({ ledger, policy, at }: Judge, { keyId, by, lastUse, force }: RemoveEvent): Step {
  if (!isGuid(keyId)) return badKeyId(keyId);
  const slot = SLOTS.find((name) => sameKey(keyId, ledger.slots[name]?.keyId));
  if (slot !== undefined) return keyInSlot(slot, keyId);
  const unknown = policy.endpoints.filter((name) => evidenceOf(ledger, name) === undefined);
  const confirmedAt = Math.max(...Object.values(ledger.confirmed).map((evidence) => Date.parse(evidence.at)));
  const usedSince = lastUse !== undefined && !(lastUse.getTime() < confirmedAt);
  if (force !== true && (unknown.length > 0 || usedSince)) {
    return refuse('mayBeInUse', {
      what: 'Google may be using this secret: without it look-ups stop',
      found: usedSince
        ? `a sign-in at ${describeTime(lastUse)}`
        : `no confirmation that ${unknown.join(', ')} ${unknown.length === 1 ? 'holds' : 'hold'} another secret`,
      allowed: 'removal once every endpoint is confirmed for another secret, or by force',
      next: [
        ['rotation', 'confirm', ...unknown],
        ['rotation', 'remove', keyId, '--force'],
      ],
    });
  }
  return {
    ...without(ledger, { keyId: keyId.toLowerCase() }, at, 'remove'),
    log: [{ event: 'remove', keyId: keyId.toLowerCase(), ...noted({ by }) }],
  };
}
