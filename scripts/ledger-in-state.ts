/** The rotation ledger as the state remembers it. */
import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import { ROTATION_LEDGER_TYPE, type SavedLedger, savedLedgerIn } from '../infra/identity/ledger-guard.js';
import { type Ledger, parseLedger } from '../infra/rotation/ledger.js';
import { viewState } from './recovery-evidence.js';
import { withKeyIds } from './rotation/key-ids.js';
import { slotsInState } from './secret-in-state.js';

/** The ledger that the stack was last brought up with. */
export interface LedgerInState extends SavedLedger {
  /**
   * The same as a ledger, with the key ids of the secrets that the state holds.
   *
   * @throws InteropError of kind `configuration` when it is no ledger that this version knows.
   */
  read(): Ledger;
}

/**
 * @returns undefined before the stack was brought up for the first time
 * @throws InteropError of kind `resource` when the state does not tell
 */
export function ledgerInState(deployment: Deployment): LedgerInState | undefined {
  const stash = viewState(deployment).resources.find(({ type }) => type === ROTATION_LEDGER_TYPE);
  if (stash === undefined) return undefined;
  const saved = savedLedgerIn(stash.outputs?.input);
  return {
    ...saved,
    read: () => {
      const ledger = parseLedger(saved.ledger);
      return withKeyIds(ledger, slotsInState(deployment)) ?? ledger;
    },
  };
}
