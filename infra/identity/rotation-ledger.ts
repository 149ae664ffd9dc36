/**
 * The rotation ledger as a resource: what the state remembers of it, and the guard before the secrets.
 *
 * The engine itself keeps it (pulumi.Stash) and asks the program before it takes a new one (a resource hook), so that it costs no
 * provider of its own: a preview of a stack without Exchange would wait for that process longer than for all the rest.
 */
import * as pulumi from '@pulumi/pulumi';
import type { Ledger } from '../rotation/ledger.js';
import { refuseStaleLedger, savedLedgerIn, toSave } from './ledger-guard.js';

export interface RotationLedgerArgs {
  readonly ledger: Ledger;
  /** Name of the stack, for the command that an error names. */
  readonly stack: string;
}

/**
 * The ledger that the secrets are made after. Whatever makes or removes a secret depends on it: it fails, in a preview too, when
 * the ledger is older than the one before.
 */
export class RotationLedger extends pulumi.Stash {
  constructor(name: string, { ledger, stack }: RotationLedgerArgs) {
    const guard = new pulumi.ResourceHook(
      `${name}-guard`,
      ({ oldInputs }) => {
        const refusal = refuseStaleLedger(savedLedgerIn(oldInputs?.input), ledger, stack);
        if (refusal !== undefined) throw refusal;
      },
      { onDryRun: true },
    );
    super(name, { input: toSave(ledger) }, { hooks: { beforeUpdate: [guard] } });
  }
}
