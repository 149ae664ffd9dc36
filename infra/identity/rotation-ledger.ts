/** The rotation ledger as a resource: what the state remembers of it, and the guard before the secrets. */
import * as pulumi from '@pulumi/pulumi';
import type { ExchangeProvider } from '../exchange/resources.js';
import type { Ledger } from '../rotation/ledger.js';
import { ledgerText, ROTATION_LEDGER_TYPE } from './ledger-guard.js';

export interface RotationLedgerArgs {
  readonly ledger: Ledger;
  /** Name of the stack, for the command that an error names. */
  readonly stack: string;
}

/**
 * The ledger that the secrets are made after. Whatever makes or removes a secret depends on it: it fails, in a preview too, when
 * the ledger is older than the one before.
 *
 * Provider `exchange` keeps it because that is our own provider; nothing is asked of Exchange.
 */
export class RotationLedger extends pulumi.CustomResource {
  /** The ledger, as readLedgerText reads it. */
  declare readonly ledger: pulumi.Output<string>;
  declare readonly revision: pulumi.Output<number>;

  constructor(
    name: string,
    { ledger, stack }: RotationLedgerArgs,
    options: pulumi.CustomResourceOptions & { readonly provider: ExchangeProvider },
  ) {
    const inputs = { ledger: ledgerText(ledger), revision: ledger.revision, stack };
    super(ROTATION_LEDGER_TYPE, name, inputs, options);
  }
}
