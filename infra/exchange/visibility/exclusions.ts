/**
 * Mailboxes that are stricter on purpose: looked up by their addresses, and by an attribute with one list for each value, however
 * many mailboxes there are.
 *
 * Source: MicrosoftDocs/office-docs-powershell exchange/exchange-ps/ExchangePowerShell/Get-Mailbox.md (Filter).
 */
import type { ExclusionConfig, VisibilityConfig } from '../../config.js';
import { InteropError } from '../../errors.js';
import { anyOf } from '../opath.js';
import { ExchangeError } from '../transport/exchange-error.js';
import type { CmdletPort } from '../transport/port.js';
import { GuidTable, isMailboxGuid } from './guids.js';
import { isNotFound } from './scope.js';

/** What an exclusion of the configuration stands for in the tenant. */
export interface Exclusions {
  /** Why a mailbox is excluded, the first reason of the configuration; undefined where it is not. */
  reasonFor(guid: string): string | undefined;
  /** Those that no mailbox belongs to. */
  readonly unknown: readonly ExclusionConfig[];
}

/**
 * Looks up what is excluded, so that a mailbox is left alone whichever of its addresses was given.
 *
 * @throws InteropError of kind `resource` when one cannot be looked up: then nothing may be written, since it might be changed
 */
export async function resolveExclusions(
  port: CmdletPort,
  exclude: VisibilityConfig['exclude'],
  signal?: AbortSignal,
): Promise<Exclusions> {
  const found: { readonly mailboxes: GuidTable; readonly reason: string }[] = [];
  const unknown: ExclusionConfig[] = [];
  for (const exclusion of exclude) {
    const mailboxes = await lookUp(port, exclusion, signal);
    if (mailboxes.size === 0) unknown.push(exclusion);
    found.push({ mailboxes, reason: exclusion.reason });
  }
  return { reasonFor: (guid) => found.find(({ mailboxes }) => mailboxes.has(guid))?.reason, unknown };
}

/** An exclusion that no mailbox belongs to, in words. */
export function unknownExclusionText(exclusion: ExclusionConfig): string {
  return 'address' in exclusion
    ? `the excluded address ${exclusion.address} belongs to no mailbox`
    : `no mailbox is excluded by ${exclusion.attribute}: none has the value ${exclusion.value}`;
}

async function lookUp(
  port: CmdletPort,
  exclusion: ExclusionConfig,
  signal: AbortSignal | undefined,
): Promise<GuidTable> {
  try {
    return 'address' in exclusion
      ? await mailboxAt(port, exclusion.address, signal)
      : await mailboxesWith(port, exclusion, signal);
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    const where = 'address' in exclusion ? exclusion.address : `${exclusion.attribute} ${exclusion.value}`;
    throw new InteropError({
      kind: 'resource',
      summary: 'an excluded mailbox could not be looked up, so no calendar was changed',
      problems: [{ where: 'visibility.exclude', what: `${where}: ${error.text}` }],
      next: ['correct the entry, or run the command again'],
      cause: error,
    });
  }
}

async function mailboxAt(
  port: CmdletPort,
  address: string,
  signal: AbortSignal | undefined,
): Promise<GuidTable> {
  const mailboxes = new GuidTable();
  try {
    const { rows } = await port.run({
      cmdlet: 'Get-Mailbox',
      parameters: { Identity: address },
      anchor: address,
      signal,
    });
    for (const { Guid } of rows) mailboxes.add(Guid);
  } catch (error) {
    if (!isNotFound(error) || /multiple entries/i.test((error as ExchangeError).text)) throw error;
  }
  return mailboxes;
}

async function mailboxesWith(
  port: CmdletPort,
  { attribute, value }: Extract<ExclusionConfig, { attribute: unknown }>,
  signal: AbortSignal | undefined,
): Promise<GuidTable> {
  const mailboxes = new GuidTable();
  const rows = port.stream({
    cmdlet: 'Get-Mailbox',
    parameters: { ResultSize: 'Unlimited', Filter: anyOf([{ property: attribute, value }]) },
    signal,
  });
  for await (const { Guid } of rows) if (isMailboxGuid(Guid)) mailboxes.add(Guid);
  return mailboxes;
}
