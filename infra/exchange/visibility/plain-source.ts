/** Mailboxes of which only the GUID is known, as a record holds them. */
import type { MailboxRef } from './mailbox.js';

export async function* mailboxesOf(guids: Iterable<string>): AsyncGenerator<MailboxRef> {
  for (const guid of guids) yield { guid, address: undefined, kind: undefined };
}
