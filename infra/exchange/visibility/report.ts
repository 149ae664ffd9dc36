/** Who has which level, and what failed: made of the accounts of the last sweeps on this machine. */
import type { VisibilityFiles } from './files.js';
import { GuidTable } from './guids.js';
import { lastAccount, readAccount, type SweepAccount } from './journal.js';
import { noCounts, number, type Outcome, RESULTS, type Result } from './outcome.js';

/** Mailboxes that the report lists one by one; the counts are of all. */
export const MOST_ROWS = 5_000;

/** One mailbox. */
export interface ReportRow {
  readonly guid: string;
  readonly address: string | undefined;
  readonly kind: string | undefined;
  /** What `Default` has, as far as the sweeps know; undefined where it was not read. */
  readonly level: string | undefined;
  readonly result: Result;
  readonly reason: string | undefined;
}

export interface VisibilityReport {
  readonly read: SweepAccount;
  /** The sweep after it that wrote last, where there was one. */
  readonly written: SweepAccount | undefined;
  readonly counts: Readonly<Record<Result, number>>;
  /** How many mailboxes of each kind have which level; `(not read)` for those that were not asked. */
  readonly levels: readonly { readonly level: string; readonly kind: string; readonly count: number }[];
  /** Failures, what was left alone, and exclusions, first; then the others. */
  readonly rows: readonly ReportRow[];
  /** How many mailboxes there are beyond `rows`. */
  readonly more: number;
}

/** When calendars were read, and the sweep after it that wrote last, where there was one. */
export type LastSweep = Pick<VisibilityReport, 'read' | 'written'>;

/**
 * Goes through the mailboxes of the last sweep on this machine, each with what became of it since, in bounded memory.
 *
 * @returns undefined when no sweep has run on this machine
 */
export async function readLastSweep(
  files: VisibilityFiles,
  take: (row: ReportRow) => void,
): Promise<LastSweep | undefined> {
  const readFrom = (await accountAt(lastAccount(files.plan))) ?? (await accountAt(files.plan));
  if (readFrom === undefined) return undefined;
  const changes = await changesAfter(readFrom.account, files);
  await readAccount(readFrom.path, (outcome) => take(rowOf(outcome, changes.of(outcome.mailbox.guid))));
  return { read: readFrom.account, written: changes.account };
}

/** @returns undefined when no sweep has run on this machine */
export async function makeReport(files: VisibilityFiles): Promise<VisibilityReport | undefined> {
  const counts = noCounts();
  const levels = new Map<string, number>();
  const shown = new ShownRows();
  const sweep = await readLastSweep(files, (row) => {
    counts[row.result] += 1;
    const key = JSON.stringify([row.level ?? '(not read)', row.kind ?? '(unknown)']);
    levels.set(key, (levels.get(key) ?? 0) + 1);
    shown.add(row);
  });
  if (sweep === undefined) return undefined;
  return {
    ...sweep,
    counts,
    levels: [...levels]
      .map(([key, count]) => {
        const [level = '', kind = ''] = JSON.parse(key) as string[];
        return { level, kind, count };
      })
      .sort((one, other) => other.count - one.count || one.level.localeCompare(other.level, 'en')),
    ...shown.result(),
  };
}

async function accountAt(
  path: string,
): Promise<{ readonly path: string; readonly account: SweepAccount } | undefined> {
  const account = await readAccount(path, () => {});
  return account === undefined ? undefined : { path, account };
}

/** What later sweeps did to a mailbox. */
type LaterOutcome = Pick<Outcome, 'result' | 'before' | 'after' | 'reason'>;

/** The outcomes of the sweeps that wrote after the reading, the latest for each mailbox, each different one kept once. */
async function changesAfter(
  read: SweepAccount,
  files: VisibilityFiles,
): Promise<{ readonly account: SweepAccount | undefined; of(guid: string): LaterOutcome | undefined }> {
  const paths = [files.apply, files.undo].flatMap((path) => [lastAccount(path), path]);
  const found = (await Promise.all(paths.map(accountAt)))
    .filter((one) => one !== undefined)
    .filter(({ account }) => account.startedAt >= read.startedAt)
    .sort((one, other) => one.account.startedAt.getTime() - other.account.startedAt.getTime());
  const guids = new GuidTable();
  const kinds = new Map<string, number>();
  const distinct: LaterOutcome[] = [];
  const numbers: number[] = [];
  for (const { path } of found) {
    await readAccount(path, ({ mailbox, result, before, after, reason }) => {
      const outcome: LaterOutcome = { result, before, after, reason };
      const key = JSON.stringify(outcome);
      const known = kinds.get(key) ?? distinct.push(outcome) - 1;
      kinds.set(key, known);
      numbers[guids.add(mailbox.guid).index] = known;
    });
  }
  return {
    account: found.at(-1)?.account,
    of: (guid) => distinct[numbers[guids.indexOf(guid)] ?? -1],
  };
}

function rowOf({ mailbox, result, before, reason }: Outcome, later: LaterOutcome | undefined): ReportRow {
  const { guid, address, kind } = mailbox;
  if (later === undefined) return { guid, address, kind, level: before, result, reason };
  return {
    guid,
    address,
    kind,
    level: later.after ?? later.before ?? before,
    result: later.result,
    reason: later.reason,
  };
}

/** Results that somebody may have to look at, most pressing first. */
export const NOTEWORTHY: readonly Result[] = [
  'failed',
  'noCalendar',
  'vanished',
  'incomparable',
  'changedByOthers',
  'excluded',
  'lower',
];

/** Keeps the noteworthy rows and as many others as there is room for. */
class ShownRows {
  readonly #noteworthy: ReportRow[] = [];
  readonly #others: ReportRow[] = [];
  #count = 0;

  add(row: ReportRow): void {
    this.#count += 1;
    const list = NOTEWORTHY.includes(row.result) ? this.#noteworthy : this.#others;
    if (list.length < MOST_ROWS) list.push(row);
  }

  result(): { readonly rows: readonly ReportRow[]; readonly more: number } {
    const rank = ({ result }: ReportRow) => NOTEWORTHY.indexOf(result);
    const noteworthy = this.#noteworthy.sort((one, other) => rank(one) - rank(other));
    const rows = [...noteworthy, ...this.#others].slice(0, MOST_ROWS);
    return { rows, more: this.#count - rows.length };
  }
}

/** The report as lines for a terminal; nothing in them can steer it. */
export function reportLines(report: VisibilityReport, mostRows = 20): readonly string[] {
  const width = Math.max(...report.levels.map(({ level }) => level.length), 0);
  const noteworthy = report.rows.filter(({ result }) => NOTEWORTHY.includes(result));
  return [
    accountLine(report),
    '',
    ...report.levels.map(({ level, kind, count }) =>
      plain(`  ${level.padEnd(width)}  ${number(count).padStart(9)}  ${kind}`),
    ),
    ...(noteworthy.length === 0 ? [] : ['', 'Worth a look:']),
    ...noteworthy.slice(0, mostRows).map((row) => plain(`  ${rowText(row)}`)),
    ...(noteworthy.length > mostRows
      ? [`  … and ${number(noteworthy.length - mostRows)} more: see --html or --json`]
      : []),
  ];
}

/** When the calendars were read, and written to since. */
export function accountLine({ read, written }: LastSweep): string {
  const state =
    read.finishedAt === undefined
      ? `Being read since ${iso(read.startedAt)}, not complete`
      : `Read ${iso(read.finishedAt)}`;
  if (written === undefined) return `${state}.`;
  return written.finishedAt === undefined
    ? `${state}; being written to since ${iso(written.startedAt)}, not complete.`
    : `${state}; last written to ${iso(written.finishedAt)}.`;
}

function rowText({ address, guid, level, result, reason }: ReportRow): string {
  const facts = [level, RESULTS[result], reason].filter((fact) => fact !== undefined);
  return `${address ?? guid}: ${facts.join('; ')}`;
}

/** Names and texts come from the directory: characters that do not show are replaced. */
function plain(text: string): string {
  return text.replace(/\p{C}/gu, '\uFFFD');
}

function iso(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
