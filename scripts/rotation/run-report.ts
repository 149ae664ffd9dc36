/** What `rotation run` tells in Markdown, for a pull request, a comment or a ticket. Pure; holds no secret. */
import { commandLine, type DueReport, type Timeline } from '../../infra/rotation/index.js';

export interface RunReport {
  readonly stack: string;
  readonly tenant: string;
  readonly timeline: Timeline;
  /** What the run has done, one sentence each. */
  readonly done: readonly string[];
  /** What it could not do, and why. */
  readonly blocked: readonly string[];
  readonly contradictions: readonly string[];
  readonly due: DueReport;
  /** Secrets of the registration that somebody else made, one line each. */
  readonly foreign: readonly string[];
  /** Who has to do a step, in words. */
  readonly who: (due: DueReport['due'][number]) => string;
  /** Whether the stack's file was changed, and has to be committed. */
  readonly changed: boolean;
}

export function runReport(report: RunReport): string {
  const { stack, tenant, timeline, done, blocked, contradictions, due, foreign, changed } = report;
  return `${[
    `## Secret rotation of ${cell(stack)} (${cell(tenant)})`,
    '',
    `Phase: **${timeline.phase}**, ${timeline.now.toISOString().slice(0, 16)}Z`,
    '',
    '| secret | role | ends | days left |',
    '| --- | --- | --- | --- |',
    ...timeline.secrets.map(
      ({ name, role, end, daysLeft }) =>
        `| ${cell(name)} | ${role} | ${end.toISOString().slice(0, 10)} | ${daysLeft} |`,
    ),
    ...list('Done', done),
    ...list('Not done', blocked),
    ...list('Contradictions in the evidence', contradictions),
    ...list(
      'Due',
      due.due.map(
        (one) =>
          `${one.what} (by ${report.who(one)}${one.before === undefined ? '' : `, before ${one.before.toISOString().slice(0, 10)}`}): ${one.next.map((next) => `\`${commandLine(next, stack)}\``).join(', ')}`,
      ),
    ),
    ...(due.due.length === 0 && due.upcoming !== undefined
      ? [
          '',
          `Nothing is due before ${due.upcoming.since.toISOString().slice(0, 10)}: ${cell(due.upcoming.what)}.`,
        ]
      : []),
    ...list('Secrets that somebody else made', foreign),
    ...(changed ? ['', `The ledger in \`Pulumi.${stack}.yaml\` was changed: commit it.`] : []),
  ].join('\n')}\n`;
}

function list(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `### ${title}`, '', ...lines.map((line) => `- ${cell(line)}`)];
}

/** Text from outside stays on its line and in its cell. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
