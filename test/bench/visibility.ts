/**
 * What sweeps over calendars cost, beside the loop of Google's guide (Get-Mailbox, then Set-MailboxFolderPermission one after the
 * other) over the same transport: on emulated tenants in processes of their own, each cmdlet with a latency, under a ceiling of
 * cmdlets at once that nobody tells the sweep. Figures are of one sweep: `up` reads, saves the baseline, and sweeps what it found.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import {
  applyVisibility,
  planVisibility,
  UndoRecord,
  type VisibilityFiles,
  visibilityFiles,
} from '../../infra/exchange/visibility/index.js';
import { atMost, type BenchReport, type Figure, informs } from './figures.js';
import { killedSweep } from './visibility-kill.js';
import { memoryOfLargeSweep } from './visibility-memory.js';
import { atLeast, type BenchTenant, openExchange, startTenant } from './visibility-tenant.js';

const MAILBOXES = 1_500;
/** The guide's loop costs the same for each mailbox: fewer of them say what it takes. */
const GUIDE_MAILBOXES = 150;
const LATENCY_MS = 150;
const CEILING = 10;
/** Far above what a sweep begins with: it has to be found. A longer run, since finding it takes a while. */
const HIGH_CEILING = 25;
const HIGH_MAILBOXES = 3_000;
const TARGET = { level: 'LimitedDetails', scope: { all: true }, exclude: [] } as const;

export async function benchVisibility(): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), 'calendar-interop-bench-'));
  const files = (stack: string): VisibilityFiles =>
    visibilityFiles(
      { tenant: 'contoso.onmicrosoft.com', stack },
      { XDG_CACHE_HOME: join(folder, 'cache'), XDG_STATE_HOME: join(folder, 'state') },
    );
  try {
    const figures = [
      ...(await beside(files('speed'))),
      ...(await underHighCeiling(files('high'))),
      ...(await killedSweep(files('kill'))),
      ...(await memoryOfLargeSweep(files('memory'))),
    ];
    return { name: 'visibility', figures };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One sweep, measured. */
interface Measured {
  readonly seconds: number;
  readonly mailboxes: number;
  readonly cmdlets: number;
  readonly requests: number;
}

const tenantOptions = (ceiling: number, mailboxes: number) => ({
  mailboxes,
  latencyMs: LATENCY_MS,
  faults: [`ceiling=${ceiling}`, 'defaultRights=AvailabilityOnly'],
});

/** Part of what the ceiling allows that a run did, in percent. */
function shareOf(ceiling: number, { cmdlets, seconds }: Measured): number {
  return (100 * cmdlets * LATENCY_MS) / 1000 / seconds / ceiling;
}

/** A first run in which all is to be changed, and a later one in which nothing is, beside the guide's loop. */
async function beside(files: VisibilityFiles): Promise<readonly Figure[]> {
  const [ours, guides] = await Promise.all([
    startTenant(tenantOptions(CEILING, MAILBOXES)),
    startTenant(tenantOptions(CEILING, GUIDE_MAILBOXES)),
  ]);
  try {
    const guideFirst = await guideLoop(guides);
    const { first, sets } = await firstRun(ours, files);
    const { later, writes } = await laterRun(ours, files);
    const guideLater = await guideLoop(guides);
    const perMailbox = ({ seconds, mailboxes }: Measured) => seconds / mailboxes;
    const sums = { requests: first.requests + later.requests, cmdlets: first.cmdlets + later.cmdlets };
    const ceiling = `share of a ceiling of ${CEILING} that is reached`;
    return [
      atLeast(`${ceiling}, first run`, shareOf(CEILING, first), 90, '%'),
      atLeast(`${ceiling}, later run`, shareOf(CEILING, later), 90, '%'),
      atLeast('nothing to change, against the guide’s loop', guideLater / perMailbox(later), 8, '×'),
      atLeast('first run, all to be changed, same', guideFirst / perMailbox(first), 3, '×'),
      informs('the guide’s loop', guideFirst * 1000, 'ms a mailbox'),
      atMost('cmdlets a mailbox, first run', first.cmdlets / first.mailboxes, 3, ''),
      atMost('cmdlets a mailbox, later run, listing apart', later.cmdlets / later.mailboxes, 1, ''),
      atMost('HTTP requests a cmdlet, both runs', sums.requests / sums.cmdlets, 0.12, ''),
      informs('calendars changed by the first run', sets, ''),
      atMost('writes on a run with nothing to change', writes, 0, ''),
    ];
  } finally {
    await Promise.all([ours.stop(), guides.stop()]);
  }
}

async function underHighCeiling(files: VisibilityFiles): Promise<readonly Figure[]> {
  const tenant = await startTenant(tenantOptions(HIGH_CEILING, HIGH_MAILBOXES));
  try {
    const { first } = await firstRun(tenant, files);
    const what = `share of a ceiling of ${HIGH_CEILING} that is reached, first run`;
    return [atLeast(what, shareOf(HIGH_CEILING, first), 90, '%')];
  } finally {
    await tenant.stop();
  }
}

/** Applies a baseline without any folder id remembered: each mailbox is found, read and set. */
async function firstRun(
  tenant: BenchTenant,
  files: VisibilityFiles,
): Promise<{ readonly first: Measured; readonly sets: number }> {
  const reader = openExchange(tenant.info);
  const plan = await planVisibility({ port: reader, files: undefined }, TARGET, UndoRecord.empty);
  await reader.close();
  const before = (await tenant.statistics()).cmdlets[SET] ?? 0;
  const first = await measured(tenant, (port) =>
    applyVisibility({ port, files }, TARGET, plan).then(() => plan.pending.size),
  );
  return { first, sets: ((await tenant.statistics()).cmdlets[SET] ?? 0) - before };
}

async function laterRun(
  tenant: BenchTenant,
  files: VisibilityFiles,
): Promise<{ readonly later: Measured; readonly writes: number }> {
  const before = (await tenant.statistics()).cmdlets[SET] ?? 0;
  const later = await measured(tenant, async (port) => {
    const { counts } = await planVisibility({ port, files }, TARGET, UndoRecord.empty);
    return counts.enough;
  });
  return { later, writes: ((await tenant.statistics()).cmdlets[SET] ?? 0) - before };
}

const SET = 'Set-MailboxFolderPermission';

/** @param sweep answers with the number of mailboxes that it visited */
async function measured(
  tenant: BenchTenant,
  sweep: (port: CmdletPort) => Promise<number>,
): Promise<Measured> {
  const before = await folderCmdlets(tenant);
  const port = openExchange(tenant.info);
  try {
    const started = performance.now();
    const mailboxes = await sweep(port);
    const seconds = (performance.now() - started) / 1000;
    const { requests } = port.statistics();
    return { seconds, mailboxes, requests, cmdlets: (await folderCmdlets(tenant)) - before };
  } finally {
    await port.close();
  }
}

async function folderCmdlets(tenant: BenchTenant): Promise<number> {
  const { cmdlets } = await tenant.statistics();
  return Object.entries(cmdlets)
    .filter(([name]) => name.includes('-MailboxFolder'))
    .reduce((sum, [, count]) => sum + count, 0);
}

/**
 * The guide's loop. That `:\Calendar` fails where the calendar has another name costs it nothing: a refusal takes as long.
 *
 * @returns seconds a mailbox
 */
async function guideLoop(tenant: BenchTenant): Promise<number> {
  const port = openExchange(tenant.info);
  try {
    const started = performance.now();
    const { rows } = await port.run({ cmdlet: 'Get-Mailbox', parameters: { ResultSize: 'Unlimited' } });
    for (const { PrimarySmtpAddress: address } of rows) {
      await port
        .run({
          cmdlet: SET,
          parameters: {
            Identity: `${address}:\\Calendar`,
            User: 'Default',
            AccessRights: ['LimitedDetails'],
          },
          anchor: address,
        })
        .catch(() => {});
    }
    return (performance.now() - started) / 1000 / rows.length;
  } finally {
    await port.close();
  }
}
