/** `handoff`: the values for Google's form, as text, JSON and a page, and the wait for evidence that they were pasted. */
import { setTimeout as sleepFor } from 'node:timers/promises';
import { type FormField, type GoogleForm, MASKED_SECRET } from '../../infra/endpoints/google-forms.js';
import { InteropError } from '../../infra/errors.js';
import { checklist, type Step } from '../../infra/handoff/checklist.js';
import { EVIDENCE_NAMES, type EvidenceSource, type Sighting } from '../../infra/handoff/evidence.js';
import { handoffPage } from '../../infra/handoff/page.js';
import { type EndpointSheet, type HandoffSheet, handoffSheet } from '../../infra/handoff/sheet.js';
import { watchEvidence } from '../../infra/handoff/watch.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { HandoffRecord } from './handoff-record.js';
import { type HandoffServer, serveHandoff } from './handoff-server.js';
import { type OpenHandoff, openHandoff } from './handoff-stacks.js';
import { showSecrets, showSteps, showValues } from './handoff-text.js';

export interface HandoffFlags {
  /** Several join their endpoints; none means the one that `--stack` would choose. */
  readonly stacks: readonly string[];
  readonly showSecrets: boolean;
  readonly page: boolean;
  readonly watch: boolean;
  /** Minutes until a watch gives up. */
  readonly timeout: number;
}

/** What the command needs of the stacks; the engine's by default, tests bring their own. */
export interface HandoffPorts {
  readonly open: (context: CommandContext, stacks: readonly string[]) => Promise<OpenHandoff>;
  /** How long the page may be left alone, and how often evidence is looked for. */
  readonly idleMs: number;
  readonly intervalMs: number;
}

const MINUTE = 60_000;
const REVEAL_SECONDS = 30;

export const HANDOFF_PORTS: HandoffPorts = { open: openHandoff, idleMs: 30 * MINUTE, intervalMs: 15_000 };

/**
 * @throws InteropError: `noStack` or `configuration` from the stacks; `configuration` when two endpoints claim one domain or nothing
 * can be watched; `timeout` when evidence did not come in time; `cancelled` when a watch was stopped.
 */
export async function handoff(
  context: CommandContext,
  flags: HandoffFlags,
  ports: HandoffPorts = HANDOFF_PORTS,
): Promise<CommandResult> {
  const { terminal } = context;
  const open = await ports.open(context, flags.stacks);
  const sheet = handoffSheet(
    open.stacks.map(({ handoff }) => handoff),
    new Date(),
  );
  const run: Run = {
    context,
    flags,
    ports,
    open,
    sheet,
    record: new HandoffRecord(sheet, open.project, context.env),
  };
  const secrets = flags.showSecrets ? await readSecrets(open) : undefined;
  terminal.heading("Values for Google's form");
  showSecrets(terminal, sheet, new Date());
  if (secrets !== undefined) terminal.warn('secrets are shown in clear text');
  showValues(terminal, sheet, (stack) => secrets?.get(stack) ?? MASKED_SECRET);
  showSteps(terminal, stepsOf(run));
  await showAndWatch(run);
  return { exitCode: 0, json: jsonOf(sheet, stepsOf(run), secrets) };
}

/** One run of the command. */
interface Run {
  readonly context: CommandContext;
  readonly flags: HandoffFlags;
  readonly ports: HandoffPorts;
  readonly open: OpenHandoff;
  readonly sheet: HandoffSheet;
  readonly record: HandoffRecord;
}

function stepsOf({ sheet, record }: Run): readonly Step[] {
  return checklist(sheet, record.progress);
}

async function readSecrets({ stacks }: OpenHandoff): Promise<ReadonlyMap<string, string>> {
  return new Map(
    await Promise.all(stacks.map(async ({ handoff, secret }) => [handoff.name, await secret()] as const)),
  );
}

/** The page and the watch, together where both are wanted: the watch's end ends the page. */
async function showAndWatch(run: Run): Promise<void> {
  const { page, watch } = run.flags;
  const watched = watch ? await watchedSources(run) : [];
  const server = page ? await openPage(run, watch) : undefined;
  try {
    if (watch) await untilSeen(run, watched, server);
    else if (server !== undefined) await untilClosed(run, server);
  } finally {
    await server?.close('The command has ended, and with it the page; its values stay readable.');
  }
}

async function openPage(run: Run, watching: boolean): Promise<HandoffServer> {
  const { context, ports, open, sheet, record } = run;
  const server = await serveHandoff({
    idleMs: ports.idleMs,
    page: (made) =>
      handoffPage({
        sheet,
        steps: stepsOf(run),
        now: new Date(),
        watching,
        revealSeconds: REVEAL_SECONDS,
        ...made,
      }),
    steps: () => stepsOf(run),
    secret: async (name) => {
      const stack = open.stacks.find(({ handoff }) => handoff.name === name);
      if (stack === undefined) return undefined;
      try {
        const value = await stack.secret();
        context.terminal.line(`  The page was given the secret of stack ${name}.`, 'dim');
        return value;
      } catch (error) {
        context.terminal.warn(`the secret of stack ${name} could not be read: ${String(error)}`);
        throw error;
      }
    },
    tick: (step, done) => {
      if (!stepsOf(run).some(({ id, tickable }) => id === step && tickable)) return false;
      record.tick(step, done, new Date().toISOString().slice(0, 16).replace('T', ' '));
      return true;
    },
  });
  context.terminal.heading('The page, for one browser on this machine; the address works once:');
  context.terminal.line(`  ${server.address}`);
  context.terminal.line(
    '  It closes when you finish there, when nobody uses it for a while, and on Ctrl-C.',
    'dim',
  );
  return server;
}

const ENDINGS = {
  finished: 'The page was finished and is closed.',
  idle: 'Nobody used the page: it is closed. For a new one: calendar-interop handoff --page',
  stopped: 'The page is closed.',
} as const;

async function untilClosed({ context }: Run, server: HandoffServer): Promise<void> {
  const { signal, terminal } = context;
  const stop = () => void server.close('Ctrl-C closed the page; its values stay readable.');
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const why = await server.closed;
  signal.removeEventListener('abort', stop);
  terminal.line(ENDINGS[why]);
}

/** @throws InteropError of kind `configuration` when there is nowhere to look */
async function watchedSources(run: Run): Promise<readonly EvidenceSource[]> {
  const { sources, missing } = await run.open.evidence();
  if (sources.length === 0) {
    throw new InteropError({
      kind: 'configuration',
      summary: 'there is no evidence that could be waited for',
      problems: missing.map((what) => ({ what })),
      next: [`calendar-interop handoff --stack ${run.sheet.stacks[0]?.name ?? ''} --page`],
    });
  }
  for (const what of missing) run.context.terminal.line(`  not watched: ${what}`, 'dim');
  return sources.filter(
    ({ kind, stack }) =>
      !run.record.progress.sightings.some((seen) => seen.kind === kind && seen.stack === stack),
  );
}

async function untilSeen(
  run: Run,
  sources: readonly EvidenceSource[],
  server: HandoffServer | undefined,
): Promise<void> {
  const { context, flags, ports, sheet } = run;
  const { terminal } = context;
  const names = sources.map(({ kind, stack, name }) => `${EVIDENCE_NAMES[kind]} (stack ${stack}, ${name})`);
  terminal.heading(
    `Waiting up to ${flags.timeout} min for evidence: ${names.join('; ') || 'all is there already'}`,
  );
  const timeUp = AbortSignal.timeout(flags.timeout * MINUTE);
  const waiting = await watchEvidence({
    sources,
    since: sinceOf(sheet),
    intervalMs: ports.intervalMs,
    signal: AbortSignal.any([context.signal, timeUp]),
    onSighting: (sighting) => {
      run.record.saw(sighting);
      terminal.line(`  ✓✓ ${sightingText(sighting)}`, 'good');
      server?.announce(sightingText(sighting));
    },
    onTrouble: (source, error) =>
      terminal.warn(
        `${source.name} could not be asked, and is asked again: ${error instanceof Error ? error.message : String(error)}`,
      ),
    sleep: async (ms, signal) => {
      await sleepFor(ms, undefined, { signal }).catch(() => undefined);
    },
  });
  if (waiting.length === 0) {
    for (const { name } of sheet.stacks)
      terminal.line(
        `  next: calendar-interop rotation confirm --stack ${name}   # writes it into the ledger`,
      );
    return;
  }
  throw notSeen(context.signal.aborted ? 'cancelled' : 'timeout', waiting, flags);
}

function sightingText({ kind, stack, what, at }: Sighting): string {
  return `Stack ${stack}: ${EVIDENCE_NAMES[kind]}: ${what} (${at})`;
}

/** Evidence from before the secret was made is about another one. */
function sinceOf({ stacks }: HandoffSheet): Date {
  const made = stacks.map(({ secret, lives }) => lives.find(({ name }) => name === secret.name)?.start);
  const times = made.map((at) => (at === undefined ? Date.now() : Date.parse(at)));
  return new Date(Math.min(...times));
}

function notSeen(
  kind: 'cancelled' | 'timeout',
  waiting: readonly EvidenceSource[],
  flags: HandoffFlags,
): InteropError {
  return new InteropError({
    kind,
    summary:
      kind === 'timeout' ? `not all evidence came within ${flags.timeout} min` : 'the watch was stopped',
    problems: waiting.map(({ kind: missing, stack, name }) => ({
      where: `stack ${stack}`,
      what: `not seen yet: ${EVIDENCE_NAMES[missing]}`,
      found: `nothing in ${name}`,
    })),
    next: [
      `calendar-interop handoff ${[...new Set(waiting.map(({ stack }) => `--stack ${stack}`))].join(' ')} --watch --timeout ${flags.timeout * 2}`,
    ],
  });
}

/** What `--json` prints. A secret is in it only where it was asked for. */
function jsonOf(
  sheet: HandoffSheet,
  steps: readonly Step[],
  secrets: ReadonlyMap<string, string> | undefined,
): unknown {
  const field = ({ label, value, kind }: FormField, stack: string) => {
    if (kind !== 'secret') return { label, value, kind };
    const secret = secrets?.get(stack);
    return secret === undefined ? { label, kind } : { label, value: secret, kind };
  };
  const form = (stack: string) => (one: GoogleForm) => ({
    ...one,
    fields: one.fields.map((each) => field(each, stack)),
  });
  const endpoint = (one: EndpointSheet) => ({
    ...one,
    forms: one.forms.map(form(one.stack)),
    otherForms: one.otherForms.map(form(one.stack)),
  });
  return { ...sheet, endpoints: sheet.endpoints.map(endpoint), steps };
}
