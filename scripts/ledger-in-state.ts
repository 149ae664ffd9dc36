/** The rotation ledger as the state remembers it. */
import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import { ROTATION_LEDGER_TYPE, type SavedLedger } from '../infra/identity/ledger-guard.js';
import { viewState } from './recovery-evidence.js';

/** The ledger that the stack was last brought up with; undefined before the first time. */
export function readSavedLedger(deployment: Deployment): SavedLedger | undefined {
  const outputs = viewState(deployment).resources.find(({ type }) => type === ROTATION_LEDGER_TYPE)?.outputs;
  const { revision, ledger } = outputs ?? {};
  return typeof revision === 'number' && typeof ledger === 'string' ? { revision, text: ledger } : undefined;
}
