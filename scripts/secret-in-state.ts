/** The one place that reads secrets' values out of a stack's state. */

import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import { InteropError } from '../infra/errors.js';
import type { SecretSlotOutput } from '../infra/identity/interop-application.js';
import { type Ledger, SLOTS, type SlotName, secretName } from '../infra/rotation/ledger.js';
import { AZUREAD_TYPES } from './azuread-types.js';

interface StateResource {
  readonly type: string;
  readonly inputs?: { readonly displayName?: unknown };
  readonly outputs?: { readonly value?: unknown; readonly keyId?: unknown; readonly endDate?: unknown };
}

/** A secret that the state holds. `value` is for memory only: never log it. */
export interface HeldSecret {
  readonly slot: SlotName;
  readonly generation: number;
  readonly keyId: string;
  readonly endDate: string;
  readonly value: string;
}

/**
 * The secrets in slots that the state holds with all that belongs to them.
 *
 * @param deployment the state with secrets in clear text, as `stack.exportStack()` gives it.
 */
export function heldSecrets(deployment: Deployment): readonly HeldSecret[] {
  return secretsInState(deployment).flatMap(({ value, ...secret }) => {
    const plain = plainSecret(value);
    return plain === undefined ? [] : [{ ...secret, value: plain }];
  });
}

/** The secrets in slots that the state holds, without their values, as the stack's output `secretSlots` names them. */
export function slotsInState(deployment: Deployment): Partial<Record<SlotName, SecretSlotOutput>> {
  return Object.fromEntries(
    secretsInState(deployment).map(({ slot, generation, keyId, endDate }) => [
      slot,
      { name: secretName(slot, generation), keyId, endDate },
    ]),
  );
}

function secretsInState(deployment: Deployment) {
  const resources: readonly StateResource[] = deployment.deployment?.resources ?? [];
  return resources
    .filter(({ type }) => type === AZUREAD_TYPES.secret)
    .flatMap(({ inputs, outputs }) => {
      const [, letter, generation] = /^interop-([ab])-g(\d+)$/.exec(String(inputs?.displayName)) ?? [];
      const slot = SLOTS.find((name) => name === letter);
      if (slot === undefined || typeof outputs?.keyId !== 'string') return [];
      const { keyId, endDate, value } = outputs;
      return [{ slot, generation: Number(generation), keyId, endDate: String(endDate), value }];
    });
}

/**
 * The value of the secret that the ledger calls current. For memory only: never log it.
 *
 * @param deployment the state with secrets in clear text, as `stack.exportStack()` gives it.
 * @throws InteropError of kind `failure` when the state does not hold it.
 */
export function currentSecret(deployment: Deployment, ledger: Ledger): string {
  return slotSecret(deployment, ledger, ledger.current);
}

/** The value of the secret in one slot of the ledger; see {@link currentSecret}. */
export function slotSecret(deployment: Deployment, ledger: Ledger, slot: SlotName): string {
  const generation = ledger.slots[slot]?.generation;
  const found = heldSecrets(deployment).find(
    (secret) => secret.slot === slot && secret.generation === generation,
  );
  if (found !== undefined) return found.value;
  throw new InteropError({
    kind: 'failure',
    summary: 'the secret is not in the state',
    problems: [
      {
        where: `slot ${slot}`,
        what: 'no secret of this name in the state',
        found: generation === undefined ? 'an empty slot' : secretName(slot, generation),
      },
    ],
    next: ['calendar-interop up'],
  });
}

/** A secret in an exported state is `{…signature…, plaintext: "<JSON>"}` (pulumi/pulumi sdk/go/common/apitype, SecretV1). */
function plainSecret(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || !('plaintext' in value)) return undefined;
  const text: unknown = JSON.parse(String(value.plaintext));
  return typeof text === 'string' ? text : undefined;
}
