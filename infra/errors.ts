/**
 * The one error type that people are meant to read.
 *
 * An error says what is wrong, what was found, what is allowed and which command to run next; its kind decides
 * the exit code. The codes are Pulumi's own (pulumi/pulumi sdk/go/common/util/cmdutil/exit.go), so that a pipeline which
 * knows `pulumi` knows this tool.
 */

/** Exit code for each kind of failure. */
export const EXIT_CODES = {
  failure: 1,
  configuration: 2,
  authentication: 3,
  resource: 4,
  policy: 5,
  noStack: 6,
  drift: 7,
  cancelled: 8,
  timeout: 9,
} as const;

/** Exit codes of our own, above Pulumi's: nothing is broken and somebody has something to do; a check found a fault. */
export const SOMETHING_DUE = 10;
export const FAULT_FOUND = 12;

export type FailureKind = keyof typeof EXIT_CODES;

/** One thing that is wrong. `where` is a configuration key, a resource name, a file or a host. */
export interface Problem {
  readonly where?: string;
  readonly what: string;
  readonly found?: string;
  readonly allowed?: string;
}

/** What is needed to make an {@link InteropError}. */
export interface FailureReport {
  readonly kind: FailureKind;
  /** One sentence without a full stop, for example `Pulumi.dev.yaml has 3 mistakes`. */
  readonly summary: string;
  readonly problems?: readonly Problem[];
  /** Commands (or, failing that, single steps) that lead out of it, best first. */
  readonly next?: readonly string[];
  readonly cause?: unknown;
}

/** A failure with a way out. Its `message` is complete in itself, for logs that show nothing else. */
export class InteropError extends Error {
  override readonly name = 'InteropError';
  readonly kind: FailureKind;
  readonly summary: string;
  readonly problems: readonly Problem[];
  readonly next: readonly string[];

  constructor(report: FailureReport) {
    super(describeFailure(report), report.cause === undefined ? undefined : { cause: report.cause });
    this.kind = report.kind;
    this.summary = report.summary;
    this.problems = report.problems ?? [];
    this.next = report.next ?? [];
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind];
  }
}

/** The failure as lines of plain text: summary, one line per problem, then the next steps. */
export function describeFailure(report: FailureReport): string {
  const lines = [
    report.summary,
    ...(report.problems ?? []).map((problem) => `  ${describeProblem(problem)}`),
  ];
  for (const step of report.next ?? []) lines.push(`  next: ${step}`);
  return lines.join('\n');
}

/** A problem as one line: `where: what (found …; allowed …)`. */
export function describeProblem(problem: Problem): string {
  const facts = [
    problem.found === undefined ? undefined : `found ${problem.found}`,
    problem.allowed === undefined ? undefined : `allowed: ${problem.allowed}`,
  ].filter((fact) => fact !== undefined);
  const place = problem.where === undefined ? '' : `${problem.where}: `;
  return `${place}${problem.what}${facts.length === 0 ? '' : ` (${facts.join('; ')})`}`;
}
