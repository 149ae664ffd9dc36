/** Objects that parameters name. */
import type { CmdletRun } from '../cmdlet.js';
import { ambiguous, notFound } from '../cmdlet-error.js';
import type { Mailbox } from '../model.js';

/** The one mailbox that an identity names. @throws CmdletError if there is none or more than one. */
export function mailboxNamed(run: CmdletRun, identity: string): Mailbox {
  const found = run.exchange.mailboxes.find(identity);
  const [only] = found;
  if (only === undefined) throw notFound(identity);
  if (found.length > 1) throw ambiguous(identity);
  return only;
}
