/** Refusals that several events have in common. */
import type { Ledger, SlotName } from '../ledger.js';
import type { RotationPolicy } from '../policy.js';
import type { Refusal, RefusalCode } from '../refusal.js';
import { describeSecret, slotSecrets } from '../secrets.js';
import { describeTime } from './words.js';

export function refuse(code: RefusalCode, words: Omit<Refusal, 'code'>): Refusal {
  return { code, ...words };
}

export function emptySlot(ledger: Ledger, slot: SlotName): Refusal {
  return refuse('emptySlot', {
    what: `slot ${slot} does not hold this secret`,
    found:
      ledger.slots[slot] === undefined
        ? 'an empty slot'
        : describeSecret({ slot, generation: ledger.slots[slot].generation }),
    allowed: slotSecrets(ledger).map(describeSecret).join(' or '),
    next: [['rotation', 'status']],
  });
}

export function unknownEndpoint(policy: RotationPolicy, name: string): Refusal {
  return refuse('unknownEndpoint', {
    what: 'no endpoint of this name holds the secret',
    found: JSON.stringify(name),
    allowed:
      policy.endpoints.length === 0 ? 'none: all endpoints are on premises' : policy.endpoints.join(', '),
    next: [['rotation', 'status']],
  });
}

export function unknownKey(ledger: Ledger, keyId: string): Refusal {
  return refuse('noForeign', {
    what: 'the ledger names no secret outside of the slots with this key id',
    found: JSON.stringify(keyId),
    allowed: ledger.foreign.map((secret) => secret.keyId).join(' or ') || 'none',
    next: [
      ['rotation', 'status'],
      ['rotation', 'remove', keyId],
    ],
  });
}

export function badKeyId(keyId: string): Refusal {
  return refuse('badKeyId', {
    what: 'this is not a key id',
    found: JSON.stringify(keyId),
    allowed: 'a GUID, as `rotation status` shows it',
    next: [['rotation', 'status']],
  });
}

export function badTime(where: string, time: Date): Refusal {
  return refuse('badTime', {
    what: `${where} is no time that can be written`,
    found: describeTime(time),
    allowed: 'a moment in the years 0 to 9999',
    next: [['rotation', 'status']],
  });
}

export function keyInSlot(slot: SlotName, keyId: string): Refusal {
  return refuse('keyInSlot', {
    what: `this secret lies in slot ${slot}`,
    found: keyId,
    allowed: 'a secret outside of the slots; one in a slot is retired or revoked',
    next: [
      ['rotation', 'retire'],
      ['rotation', 'revoke', slot, '--now'],
    ],
  });
}
