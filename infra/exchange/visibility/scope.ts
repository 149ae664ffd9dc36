/**
 * Which mailboxes a sweep is about: listed as a stream, each once, by GUID.
 *
 * Source: MicrosoftDocs/office-docs-powershell exchange/exchange-ps/ExchangePowerShell/Get-Mailbox.md,
 * Get-DistributionGroupMember.md.
 */
import type { VisibilityScope } from '../../config.js';
import type { CmdletRow } from '../transport/cmdlets.js';
import { ExchangeError } from '../transport/exchange-error.js';
import type { CmdletPort } from '../transport/port.js';
import { GuidSet, GuidTable, isMailboxGuid } from './guids.js';
import { type MailboxRef, mailboxKind } from './mailbox.js';

/** What was passed over while listing. */
export interface ListingNotes {
  /** Rows of kinds without a calendar that people look up, such as discovery mailboxes and contacts in a group. */
  otherKinds: number;
  /** Rows without a usable id: nothing can be asked about them. */
  withoutId: number;
  /** Rows of mailboxes that had come before. */
  repeated: number;
}

export function emptyNotes(): ListingNotes {
  return { otherKinds: 0, withoutId: 0, repeated: 0 };
}

/**
 * Lists the mailboxes in scope, excluded ones included.
 *
 * @param notes counted up while listing
 * @param table where the mailboxes are numbered, those of others as well
 * @throws ExchangeError when the list cannot be had whole: a short one would leave mailboxes out in silence
 */
export async function* listMailboxes(
  port: CmdletPort,
  scope: VisibilityScope,
  notes: ListingNotes,
  signal?: AbortSignal,
  table = new GuidTable(),
): AsyncGenerator<MailboxRef> {
  const known = new GuidSet(table);
  let sinceNew = 0;
  for await (const row of rowsInScope(port, scope, signal)) {
    const kind = mailboxKind(row.RecipientTypeDetails);
    if (kind === undefined || ('recipientTypes' in scope && !scope.recipientTypes.includes(kind)))
      notes.otherKinds += 1;
    else if (!isMailboxGuid(row.Guid)) notes.withoutId += 1;
    else if (!known.add(row.Guid)) {
      notes.repeated += 1;
      // Groups within groups may well repeat that many.
      if (++sinceNew >= MOST_REPEATED && !('group' in scope)) throw endlessList(sinceNew);
    } else {
      sinceNew = 0;
      yield { guid: row.Guid.toLowerCase(), address: row.PrimarySmtpAddress ?? undefined, kind };
    }
  }
}

/** Ten full pages with nothing new on them: a list that goes round in circles. */
const MOST_REPEATED = 10_000;

function endlessList(rows: number): ExchangeError {
  return new ExchangeError({
    cmdlet: 'Get-Mailbox',
    className: '',
    text: `the list of mailboxes goes round in circles: ${rows} rows in a row had come before`,
    transient: true,
  });
}

type ScopeRow = Pick<
  CmdletRow<'Get-DistributionGroupMember'>,
  'Guid' | 'PrimarySmtpAddress' | 'RecipientTypeDetails'
>;

function rowsInScope(
  port: CmdletPort,
  scope: VisibilityScope,
  signal: AbortSignal | undefined,
): AsyncIterable<ScopeRow> {
  if ('group' in scope) return groupMembers(port, scope.group, signal);
  return port.stream({
    cmdlet: 'Get-Mailbox',
    parameters: {
      ResultSize: 'Unlimited',
      ...('recipientTypes' in scope ? { RecipientTypeDetails: [...scope.recipientTypes] } : {}),
      ...('filter' in scope ? { Filter: scope.filter } : {}),
    },
    signal,
  });
}

/** Members of a group and of the groups in it, however they are nested. */
async function* groupMembers(
  port: CmdletPort,
  group: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ScopeRow> {
  const waiting = [group];
  const visited = new GuidTable();
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const members = port.stream({
      cmdlet: 'Get-DistributionGroupMember',
      parameters: { Identity: next, ResultSize: 'Unlimited' },
      signal,
    });
    for await (const member of members) {
      const isGroup = /Group$/.test(member.RecipientTypeDetails ?? member.RecipientType ?? '');
      if (isGroup && isMailboxGuid(member.Guid) && visited.add(member.Guid).isNew) waiting.push(member.Guid);
      else yield member;
    }
  }
}

/** Exchange's class for an object that is not there; also for an identity that fits several. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ExchangeError && error.className === 'ManagementObjectNotFoundException';
}
