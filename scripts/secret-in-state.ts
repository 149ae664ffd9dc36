/** The one place that reads a secret's value out of a stack's state. */

import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import { InteropError } from '../infra/errors.js';
import { type Ledger, type SlotName, secretName } from '../infra/rotation/ledger.js';
import { AZUREAD_TYPES } from './azuread-types.js';

interface StateResource {
  readonly type: string;
  readonly inputs?: { readonly displayName?: unknown };
  readonly outputs?: { readonly value?: unknown };
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
  const name = generation === undefined ? undefined : secretName(slot, generation);
  const resources: readonly StateResource[] = deployment.deployment?.resources ?? [];
  const resource = resources.find(
    (candidate) => candidate.type === AZUREAD_TYPES.secret && candidate.inputs?.displayName === name,
  );
  const value = plainSecret(resource?.outputs?.value);
  if (value !== undefined) return value;
  throw new InteropError({
    kind: 'failure',
    summary: 'the secret is not in the state',
    problems: [
      {
        where: `slot ${slot}`,
        what: 'no secret of this name in the state',
        found: name ?? 'an empty slot',
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
