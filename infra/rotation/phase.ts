/** Where a rotation stands: derived from the ledger, stored nowhere. */
import type { Ledger } from './ledger.js';
import type { RotationPolicy } from './policy.js';
import { holdersOf, isSwitched, oldSecret, targetSecret } from './secrets.js';

export const PHASES = ['unconfirmed', 'steady', 'staged', 'partlyConfirmed', 'switched', 'revoking'] as const;

/**
 * - `unconfirmed`: one secret, and not every endpoint is known to hold it;
 * - `steady`: one secret, held by all endpoints;
 * - `staged`: two secrets, the new one held by no endpoint as far as is known;
 * - `partlyConfirmed`: two secrets, the new one held by some;
 * - `switched`: two secrets, the new one held by all: the old one can go;
 * - `revoking`: a secret shall go as soon as Google holds another one, at the latest at a deadline.
 *
 * What a command has begun and not seen through is `pending` in the ledger, in any phase.
 */
export type Phase = (typeof PHASES)[number];

export function phaseOf(ledger: Ledger, policy: RotationPolicy): Phase {
  const switched = isSwitched(ledger, policy);
  if (ledger.revoking !== undefined) return 'revoking';
  if (oldSecret(ledger) === undefined) return switched ? 'steady' : 'unconfirmed';
  if (switched) return 'switched';
  return holdersOf(ledger, policy, targetSecret(ledger)).length === 0 ? 'staged' : 'partlyConfirmed';
}
