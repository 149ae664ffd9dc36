/** What went wrong in an engine run, as people are told. */
import { InteropError } from '../infra/errors.js';
import { ROTATION_LEDGER_TYPE } from '../infra/identity/ledger-guard.js';
import { explainPolicyRefusal } from '../infra/identity/secret-policy.js';
import { type Diagnostic, nameOf, type RunRecord, shortType } from './engine-events.js';

/** An engine run that did not end well; `record` tells how far it came. */
export class EngineRunError extends InteropError {
  constructor(
    report: ConstructorParameters<typeof InteropError>[0],
    readonly record: RunRecord,
  ) {
    super(report);
  }
}

/** What is known of a run that failed. */
export interface FailedRun {
  /** The command, such as `up`. */
  readonly run: string;
  readonly stack: string;
  readonly record: RunRecord;
  readonly cancelled: boolean;
}

/** The error for a failed run: which resources failed, in the engine's own words, and the command that goes on. */
export function engineRunError(failed: FailedRun, error: unknown): EngineRunError {
  const { run, stack, record } = failed;
  const again = `calendar-interop ${run} --stack ${stack}`;
  if (failed.cancelled) {
    return new EngineRunError(
      {
        kind: 'cancelled',
        summary: `${run} was cancelled`,
        next: [`${again}   # takes up where it stopped`],
        cause: error,
      },
      record,
    );
  }
  const stale = record.diagnostics.find(isLedgerRefusal);
  if (stale !== undefined) return inItsOwnWords(stale.message, record, error);
  const problems = problemsOf(record, error);
  const forbidden = explainPolicyRefusal(problems.map(({ what }) => what).join('\n'), stack);
  if (forbidden !== undefined) {
    const { kind, summary, next } = forbidden;
    return new EngineRunError(
      { kind, summary, problems: [...forbidden.problems, ...problems], next: [...next, again], cause: error },
      record,
    );
  }
  const names = record.failed.map((resource) => resource.name);
  return new EngineRunError(
    {
      kind: names.length > 0 ? 'resource' : 'failure',
      summary: names.length > 0 ? `${run} failed at ${names.join(', ')}` : `${run} failed`,
      problems,
      next: [again],
      cause: error,
    },
    record,
  );
}

/** The guard against a stale ledger says itself what to do: to repeat the run would be of no use. */
function isLedgerRefusal({ severity, urn = '' }: Diagnostic): boolean {
  return severity === 'error' && urn.includes(`${ROTATION_LEDGER_TYPE}::`);
}

/** An error of ours that came through the engine as text (describeFailure), taken apart again. */
function inItsOwnWords(text: string, record: RunRecord, cause: unknown): EngineRunError {
  const message = text.replace(/^[\s\S]*?before hook "[^"]*" failed: /, '');
  const [summary = '', ...lines] = message.split('\n').map((line) => line.trim());
  const isStep = (line: string) => line.startsWith('next: ');
  return new EngineRunError(
    {
      kind: 'configuration',
      summary,
      problems: lines.filter((line) => line !== '' && !isStep(line)).map((what) => ({ what })),
      next: lines.filter(isStep).map((line) => line.slice('next: '.length)),
      cause,
    },
    record,
  );
}

/** The error for an engine that could not even begin. */
export function engineError(summary: string, error: unknown): InteropError {
  return new InteropError({
    kind: 'failure',
    summary,
    problems: [{ what: engineWords(error) }],
    cause: error,
  });
}

function problemsOf(record: RunRecord, error: unknown) {
  const errors = record.diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  if (errors.length === 0) return [{ what: engineWords(error) }];
  return errors.map((diagnostic) => ({
    ...(diagnostic.urn === undefined || diagnostic.urn === ''
      ? {}
      : { where: resourceLabel(diagnostic.urn) }),
    what: diagnostic.message,
  }));
}

/** `azuread:…:Application::interop` as `Application interop`. */
function resourceLabel(urn: string): string {
  const type = urn.split('::')[2] ?? '';
  return `${shortType(type)} ${nameOf(urn)}`.trim();
}

/** Longest account of a failure that is shown. */
const MAX_LENGTH = 2000;

/** The engine's own words without the Automation API's frame (`code: … stdout: … stderr: …`). */
function engineWords(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const stderr = /stderr: ([\s\S]*?)(?:\n\s*err\?: |$)/.exec(text)?.[1]?.trim();
  return (stderr === undefined || stderr === '' ? text : stderr).slice(0, MAX_LENGTH);
}
