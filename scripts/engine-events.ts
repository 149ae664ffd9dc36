/**
 * Pulumi's engine events, reduced to what our commands say: one step per resource and the totals. Pure.
 */
import type { EngineEvent, StepEventMetadata } from '@pulumi/pulumi/automation/index.js';

/** What happened, or would happen, to one resource. */
export interface ResourceStep {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Pulumi's word for it: create, update, delete, replace, import, refresh, same, … */
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
  if (event.diagnosticEvent !== undefined) {
    const { severity, message, urn, ephemeral } = event.diagnosticEvent;
    if (ephemeral === true) return record;
    const clean = plainText(message);
    if (clean === '') return record;
    return { ...record, diagnostics: [...record.diagnostics, { severity, message: clean, urn }] };
  }
  if (event.summaryEvent !== undefined)
    return { ...record, changes: { ...event.summaryEvent.resourceChanges } };
  return record;
}

/** A step that stands for a change: not `same`, `read` or a refresh that found nothing. */
export function isChange(step: ResourceStep): boolean {
  return !['same', 'read', 'refresh', 'read-discard', 'discard'].includes(step.op);
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
  const others = record.steps.filter((known) => known.urn !== step.urn || known.op !== step.op);
  return { ...record, steps: [...others, step] };
}

function stepOf(metadata: StepEventMetadata): ResourceStep {
  const properties = Object.keys(metadata.detailedDiff ?? {});
  return {
    urn: metadata.urn,
    type: metadata.type,
    name: nameOf(metadata.urn),
    op: metadata.op,
    properties: properties.length > 0 ? properties : [...(metadata.diffs ?? [])],
  };
}

/** The resource's own name: what follows the last `::` of its URN. */
export function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf('::') + 2);
}

/** The engine marks colours as `<{%reset%}>`. */
function plainText(message: string): string {
  return message.replaceAll(/<\{%[^%]*%\}>/g, '').trim();
}
