/**
 * One mailbox: find its calendar, read what `Default` has, act on it.
 *
 * Sources: MicrosoftDocs/office-docs-powershell Get-/Set-MailboxFolderPermission.md; texts and classes of errors as
 * KelvinTegelaar/CIPP-API and the decompiled cmdlets show them. `Default` normally has an entry: it is set, never added.
 */
import type { CmdletRow } from '../transport/cmdlets.js';
import { ExchangeError } from '../transport/exchange-error.js';
import type { CmdletPort } from '../transport/port.js';
import { findCalendar } from './calendar.js';
import type { FolderIds } from './folder-ids.js';
import type { FormerRight, WantedLevel } from './levels.js';
import type { MailboxRef } from './mailbox.js';
import type { Outcome } from './outcome.js';
import { isNotFound } from './scope.js';

/** What a visit works with. */
export interface VisitTools {
  readonly port: CmdletPort;
  readonly folders: FolderIds;
  readonly signal: AbortSignal;
}

/** A calendar whose rights were just read. */
export interface ReadCalendar {
  /** AccessRights of `Default`. */
  readonly rights: readonly string[];
  /** Replaces them; other entries stay as they are. */
  set(level: WantedLevel | FormerRight): Promise<void>;
}

/** What became of it; the visit adds the mailbox. */
export type Finding = Omit<Outcome, 'mailbox'>;

/**
 * Visits one mailbox. A folder id that Exchange does not know is asked for again once.
 *
 * @param act decides and writes; called again, with a fresh reading, when the calendar moved in between
 * @returns also for refusals of Exchange: those become outcomes
 * @throws InteropError of kind `authentication`, and the signal's reason: with those no other mailbox would fare better
 */
export async function visitMailbox(
  tools: VisitTools,
  mailbox: MailboxRef,
  act: (calendar: ReadCalendar) => Promise<Finding>,
): Promise<Outcome> {
  try {
    return { mailbox, ...(await attempt(tools, mailbox, act)) };
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    return { mailbox, ...refusal(error) };
  }
}

async function attempt(
  tools: VisitTools,
  mailbox: MailboxRef,
  act: (calendar: ReadCalendar) => Promise<Finding>,
): Promise<Finding> {
  for (const anew of [false, true]) {
    const found = await findOrVanished(tools, mailbox, anew);
    if ('result' in found) return found;
    try {
      const rights = await readDefault(tools, mailbox, found.identity);
      if (rights === undefined)
        return {
          result: 'incomparable',
          before: '(no entry)',
          reason: 'the calendar has no entry for Default',
        };
      return await act({ rights, set: (level) => setDefault(tools, mailbox, found.identity, level) });
    } catch (error) {
      if (anew || !isNotFound(error)) throw error;
    }
  }
  throw new Error('unreachable');
}

async function findOrVanished(
  { port, folders, signal }: VisitTools,
  mailbox: MailboxRef,
  anew: boolean,
): Promise<{ readonly identity: string } | Finding> {
  try {
    const found = await findCalendar(port, folders, mailbox, { anew, signal });
    return 'missing' in found ? { result: 'noCalendar', reason: found.missing } : found;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return { result: 'vanished', reason: (error as ExchangeError).text };
  }
}

/** The rights of `Default`; undefined when the calendar has no such entry. */
async function readDefault(
  { port, signal }: VisitTools,
  mailbox: MailboxRef,
  identity: string,
): Promise<readonly string[] | undefined> {
  try {
    const { rows } = await port.run({
      cmdlet: 'Get-MailboxFolderPermission',
      parameters: { Identity: identity, User: 'Default' },
      anchor: mailbox.address ?? mailbox.guid,
      signal,
    });
    return defaultRow(rows).AccessRights;
  } catch (error) {
    if (error instanceof ExchangeError && error.className === 'UserNotFoundInPermissionEntryException')
      return undefined;
    throw error;
  }
}

/** The answer to a question about one user: its only row, whatever the language calls it. */
function defaultRow(
  rows: readonly CmdletRow<'Get-MailboxFolderPermission'>[],
): CmdletRow<'Get-MailboxFolderPermission'> {
  const candidates = rows.length > 1 ? rows.filter(({ User }) => User === 'Default') : rows;
  const [row, ...others] = candidates;
  if (row !== undefined && others.length === 0) return row;
  throw new ExchangeError({
    cmdlet: 'Get-MailboxFolderPermission',
    className: '',
    text: `asked for the entry of Default, got ${rows.length} entries that do not tell which it is`,
    transient: rows.length === 0,
  });
}

async function setDefault(
  { port, signal }: VisitTools,
  mailbox: MailboxRef,
  identity: string,
  level: WantedLevel | FormerRight,
): Promise<void> {
  await port.run({
    cmdlet: 'Set-MailboxFolderPermission',
    parameters: { Identity: identity, User: 'Default', AccessRights: [level] },
    anchor: mailbox.address ?? mailbox.guid,
    signal,
  });
}

function refusal(error: ExchangeError): Finding {
  const kind = error.className === '' ? '' : `${error.className}: `;
  return { result: 'failed', reason: `${error.cmdlet}: ${kind}${error.text}`, transient: error.transient };
}
