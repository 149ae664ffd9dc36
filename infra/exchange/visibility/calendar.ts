/**
 * The default calendar of a mailbox, in any language: by its folder type and id, never by its name.
 *
 * Sources: KelvinTegelaar/CIPP-API Set-CIPPCalendarPermission (identity `<mailbox>:<FolderId>` without a backslash, FolderType
 * Calendar in every language).
 */
import type { CmdletPort } from '../transport/port.js';
import type { FolderIds } from './folder-ids.js';
import type { MailboxRef } from './mailbox.js';

/** A calendar that is there, or why there is none to speak of. */
export type FoundCalendar =
  | { readonly identity: string; readonly cached: boolean }
  | { readonly missing: string };

/**
 * @param anew ask Exchange even where the id is remembered: it was wrong
 * @throws ExchangeError when the mailbox is not there or cannot be asked
 */
export async function findCalendar(
  port: CmdletPort,
  folders: FolderIds,
  mailbox: MailboxRef,
  options: { readonly anew: boolean; readonly signal: AbortSignal },
): Promise<FoundCalendar> {
  const remembered = options.anew ? undefined : folders.get(mailbox.guid);
  if (remembered !== undefined) return { identity: `${mailbox.guid}:${remembered}`, cached: true };
  const { rows } = await port.run({
    cmdlet: 'Get-MailboxFolderStatistics',
    parameters: { Identity: mailbox.guid, FolderScope: 'Calendar' },
    anchor: mailbox.address ?? mailbox.guid,
    signal: options.signal,
  });
  const [calendar, ...others] = rows.filter(({ FolderType }) => FolderType === 'Calendar');
  if (calendar === undefined) return { missing: 'the mailbox has no default calendar' };
  if (others.length > 0) return { missing: 'the mailbox has several default calendars' };
  if (calendar.FolderId === '') return { missing: 'the default calendar has no id' };
  folders.set(mailbox.guid, calendar.FolderId);
  return { identity: `${mailbox.guid}:${calendar.FolderId}`, cached: false };
}
