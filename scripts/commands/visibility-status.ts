/** `visibility status`: what the last sweeps of this machine came to, and which of them were cut off. Asks nobody. */
import type { StackConfig } from '../../infra/config.js';
import { countdown } from '../../infra/exchange/ews-access/retirement.js';
import {
  applyText,
  type Counts,
  lastAccount,
  noCounts,
  planText,
  readAccount,
  totalOf,
  undoText,
} from '../../infra/exchange/visibility/index.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { visibilityStack } from './visibility-shared.js';

/** A sweep in the past or one that was cut off, or is under way now. */
interface KnownSweep {
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly counts: Counts;
}

const SWEEPS = [
  ['plan', 'Read', planText],
  ['apply', 'Raised', applyText],
  ['undo', 'Undone', undoText],
] as const;

export async function visibilityStatus(context: CommandContext): Promise<CommandResult> {
  const { stack, config, files } = visibilityStack(context);
  const { terminal } = context;
  const json: Record<string, { last: KnownSweep | null; unfinished: KnownSweep | null }> = {};
  for (const [name, verb, words] of SWEEPS) {
    const [last, unfinished] = await Promise.all([known(lastAccount(files[name])), known(files[name])]);
    json[name] = { last: last ?? null, unfinished: unfinished ?? null };
    if (last !== undefined)
      terminal.line(`${verb} ${(last.finishedAt ?? last.startedAt).toISOString()}: ${words(last.counts)}.`);
    if (unfinished !== undefined) {
      terminal.line(
        `Under way or cut off: ${name} of ${unfinished.startedAt.toISOString()}, ${totalOf(unfinished.counts)} mailboxes done; the next run goes on there.`,
        'warn',
      );
    }
  }
  if (Object.values(json).every(({ last, unfinished }) => last === null && unfinished === null)) {
    terminal.line(`No sweep of the stack ${stack.name} has run on this machine.`);
    terminal.line(`  next: calendar-interop visibility plan --stack ${stack.name}`);
  }
  const retirement = keepsEws(config) ? countdown(new Date()) : undefined;
  if (retirement !== undefined) terminal.line(`${retirement.words}.`, 'warn');
  return {
    exitCode: 0,
    json: {
      ...json,
      ewsRetirement:
        retirement === undefined ? null : { phase: retirement.phase, daysLeft: retirement.daysLeft },
    },
  };
}

function keepsEws({ protocol }: StackConfig): boolean {
  return protocol === 'ews' || protocol === 'both';
}

async function known(path: string): Promise<KnownSweep | undefined> {
  const counts = noCounts();
  const account = await readAccount(path, ({ result }) => {
    counts[result] += 1;
  });
  if (account === undefined) return undefined;
  const { startedAt, finishedAt = null } = account;
  return { startedAt, finishedAt, counts };
}
