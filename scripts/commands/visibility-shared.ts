/** What the visibility commands have in common. */
import type { StackConfig, VisibilityConfig } from '../../infra/config.js';
import { EXIT_CODES, InteropError } from '../../infra/errors.js';
import {
  type Counts,
  type Outcome,
  ProgressText,
  type SweepProgress,
  type VisibilityFiles,
  visibilityFiles,
} from '../../infra/exchange/visibility/index.js';
import type { CommandContext } from '../command-context.js';
import type { ProjectStack } from '../project.js';
import { readStack } from '../read-stack.js';
import type { Terminal } from '../terminal.js';

/** How often the live line is renewed, and how often a line stays, which is all that a log gets. */
const LIVE_MS = 200;
const LINE_MS = 60_000;

/** How many failures are printed one by one. */
const MOST_PRINTED = 10;

/** A stack's visibility without its engine and without a sign-in: for commands that only read this machine's files. */
export interface VisibilityStack {
  readonly stack: ProjectStack;
  readonly config: StackConfig;
  readonly files: VisibilityFiles;
}

/** @throws InteropError of kind `configuration` */
export function visibilityStack(context: CommandContext): VisibilityStack {
  const { stack, config } = readStack(context);
  return { stack, config, files: filesOf(config, stack.name, context.env) };
}

export function filesOf(config: StackConfig, stack: string, env: NodeJS.ProcessEnv): VisibilityFiles {
  return visibilityFiles({ tenant: config.tenant, stack }, env);
}

/** @throws InteropError of kind `configuration` when the stack leaves calendars alone */
export function requireVisibility(config: StackConfig, stack: ProjectStack): VisibilityConfig {
  if (config.visibility !== undefined) return config.visibility;
  throw new InteropError({
    kind: 'configuration',
    summary: `the stack ${stack.name} leaves calendars alone`,
    problems: [
      {
        where: 'calendar-interop:visibility',
        what: 'is not set',
        allowed: 'a map with level, scope, exclude, inlineLimit',
      },
    ],
    next: [`set it in ${stack.file}; docs/configuration.md says how`],
  });
}

/**
 * Shows a sweep's progress: a live line on a terminal, and a line that stays now and then.
 *
 * @param clock milliseconds, growing
 */
export function follow(
  terminal: Terminal,
  what: string,
  clock: () => number = () => performance.now(),
): (progress: SweepProgress) => void {
  const text = new ProgressText();
  let live = clock();
  let line = live;
  return (progress) => {
    const now = clock();
    if (now - live < LIVE_MS) return;
    live = now;
    const [long, short, ...shorter] = text.next(progress, now);
    if (now - line < LINE_MS) {
      terminal.status(`${what}: ${long}`, `${what}: ${short}`, short, ...shorter);
      return;
    }
    line = now;
    terminal.line(`${what}: ${long}`, 'dim');
  };
}

/** Prints failures, the first of them one by one. */
export function printFailures(
  terminal: Terminal,
  counts: Counts,
  failures: readonly Outcome[],
  stack: string,
): void {
  if (counts.failed === 0) return;
  for (const { mailbox, reason } of failures.slice(0, MOST_PRINTED))
    terminal.line(`  ${mailbox.address ?? mailbox.guid}: ${reason ?? 'failed'}`.replace(/\p{C}/gu, '\uFFFD'));
  if (counts.failed > MOST_PRINTED) terminal.line(`  … ${counts.failed - MOST_PRINTED} more`, 'dim');
  terminal.line(`  next: calendar-interop visibility report --stack ${stack}   # who, and why`);
}

/** Failed mailboxes make the command fail, although all others were done. */
export function exitCodeOf(counts: Counts): number {
  return counts.failed > 0 ? EXIT_CODES.resource : 0;
}
