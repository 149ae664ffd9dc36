/**
 * Pulumi's engine events, reduced to what our commands say: one step per resource and the totals. Pure.
 */
import type { EngineEvent, StepEventMetadata } from '@pulumi/pulumi/automation/index.js';

/** What happened, or would happen, to one resource. */
export interface ResourceStep {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Pulumi's word for it: create, update, delete, replace, import, refresh, same, … A replacement is one step: replace. */
  readonly op: string;
  /** Names of the properties that differ; values stay out of it, since they may be secret. */
  readonly properties: readonly string[];
}

/** A message of the engine or of a provider. */
export interface Diagnostic {
  readonly severity: string;
  readonly message: string;
  readonly urn?: string | undefined;
}

/** What one engine run did. */
export interface RunRecord {
  readonly steps: readonly ResourceStep[];
  readonly failed: readonly { readonly urn: string; readonly type: string; readonly name: string }[];
  readonly diagnostics: readonly Diagnostic[];
  /** Pulumi's own totals by operation. */
  readonly changes: Readonly<Record<string, number>>;
}

export const EMPTY_RUN: RunRecord = { steps: [], failed: [], diagnostics: [], changes: {} };

/** The record with one more event in it. */
export function recordEvent(record: RunRecord, event: EngineEvent): RunRecord {
  if (event.resourcePreEvent !== undefined && event.resourcePreEvent.planning === true) {
    return withStep(record, stepOf(event.resourcePreEvent.metadata));
  }
  if (event.resOutputsEvent !== undefined) return withStep(record, stepOf(event.resOutputsEvent.metadata));
  if (event.resOpFailedEvent !== undefined) {
    const { urn, type, name } = stepOf(event.resOpFailedEvent.metadata);
    return { ...record, failed: [...record.failed, { urn, type, name }] };
  }
  const said = diagnosticOf(event);
  if (said !== undefined) return { ...record, diagnostics: [...record.diagnostics, said] };
  if (event.summaryEvent !== undefined)
    return { ...record, changes: { ...event.summaryEvent.resourceChanges } };
  return record;
}

/**
 * The message of an event; undefined where it has none that is to be kept: a passing status line, nothing but colour marks, or a word
 * for debugging, of which a verbose engine sends tens of thousands.
 */
export function diagnosticOf(event: EngineEvent): Diagnostic | undefined {
  if (event.diagnosticEvent === undefined || event.diagnosticEvent.ephemeral === true) return undefined;
  const { severity, message, urn } = event.diagnosticEvent;
  // Pulumi's own type of the event leaves this severity out.
  if ((severity as string) === 'debug') return undefined;
  const clean = plainText(message);
  return clean === '' ? undefined : { severity, message: clean, urn };
}

/** What changes nothing but, at most, the state (`pulumi/pulumi sdk/go/common/apitype/history.go`, type OpType). */
const NO_CHANGE = [
  'same',
  'read',
  'read-replacement',
  'refresh',
  'discard',
  'discard-replaced',
  'remove-pending-replace',
];

/** A step that stands for a change: not `same`, `read` or a refresh that found nothing. */
export function isChange(step: ResourceStep): boolean {
  return !NO_CHANGE.includes(step.op);
}

/** The parts of a replacement as the engine tells of them; their order depends on whether the old resource goes first. */
const REPLACEMENT = ['create-replacement', 'import-replacement', 'replace', 'delete-replaced'];

/**
 * The step of the record that an event with this metadata is told with; undefined for one that tells of it only in passing: of a
 * replacement, all events but that of the new resource.
 */
export function toldStep(
  record: RunRecord,
  { urn, op }: Pick<StepEventMetadata, 'urn' | 'op'>,
): ResourceStep | undefined {
  if (op === 'replace' || op === 'delete-replaced') return undefined;
  return record.steps.find((step) => step.urn === urn && step.op === countedAs(op));
}

function countedAs(op: string): string {
  return REPLACEMENT.includes(op) ? 'replace' : op;
}

/** Changes of real resources: providers and components are Pulumi's bookkeeping. */
export function resourceChanges(record: RunRecord): readonly ResourceStep[] {
  return record.steps.filter((step) => isChange(step) && isResource(step));
}

function isResource(step: ResourceStep): boolean {
  return !step.type.startsWith('pulumi:') && !step.type.startsWith('calendar-interop:');
}

/** The last part of a type token: `azuread:index/application:Application` is `Application`. */
export function shortType(type: string): string {
  return type.slice(type.lastIndexOf(':') + 1);
}

function withStep(record: RunRecord, step: ResourceStep): RunRecord {
  const isSame = (known: ResourceStep) => known.urn === step.urn && known.op === step.op;
  const before = record.steps.find(isSame);
  // Not every part of a replacement knows why it is one.
  const properties = step.properties.length > 0 ? step.properties : (before?.properties ?? []);
  return { ...record, steps: [...record.steps.filter((known) => !isSame(known)), { ...step, properties }] };
}

function stepOf(metadata: StepEventMetadata): ResourceStep {
  const properties = Object.keys(metadata.detailedDiff ?? {});
  return {
    urn: metadata.urn,
    type: metadata.type,
    name: nameOf(metadata.urn),
    op: countedAs(metadata.op),
    properties: properties.length > 0 ? properties : [...(metadata.diffs ?? [])],
  };
}

/** The resource's own name: what follows the last `::` of its URN. */
export function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf('::') + 2);
}

/** A message without the engine's colour marks, which look like `<{%reset%}>`. */
export function plainText(message: string): string {
  return message.replaceAll(/<\{%[^%]*%\}>/g, '').trim();
}
