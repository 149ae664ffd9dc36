/** What a benchmark answers with, and how it is shown. */

/** One measured figure. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  /** `×` for a ratio, `s` for seconds, … */
  readonly unit: string;
  /** What it shall be, in words, such as `at most 1.15`; absent for figures that only inform. */
  readonly goal?: string | undefined;
  readonly holds?: boolean | undefined;
}

/** A benchmark's result, as `--json` prints it. */
export interface BenchReport {
  readonly name: string;
  readonly figures: readonly Figure[];
}

/** A figure that shall not be larger than `limit`. */
export function atMost(what: string, value: number, limit: number, unit: string): Figure {
  return { what, value: rounded(value), unit, goal: `at most ${limit}`, holds: value <= limit };
}

/** A figure without a goal. */
export function informs(what: string, value: number, unit: string): Figure {
  return { what, value: rounded(value), unit };
}

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The figures in columns. */
export function asTable(report: BenchReport): string {
  const rows = report.figures.map(({ what, value, unit, goal, holds }) => [
    what,
    `${value} ${unit}`,
    goal ?? '',
    holds === undefined ? '' : holds ? 'holds' : 'MISSED',
  ]);
  const all = [[report.name, 'measured', 'goal', ''], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
