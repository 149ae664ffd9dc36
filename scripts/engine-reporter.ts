/** What is said of an engine run while it goes on. */
import type { EngineEvent, StepEventMetadata } from '@pulumi/pulumi/automation/index.js';
import type { StackConfig } from '../infra/config.js';
import {
  type Diagnostic,
  diagnosticOf,
  plainText,
  type ResourceStep,
  type RunRecord,
  resourceChanges,
  shortType,
  toldStep,
} from './engine-events.js';
import type { EngineVersions } from './open-stack.js';
import type { Terminal, Tone } from './terminal.js';

export interface EngineReporter {
  opened(stack: string, config: StackConfig, versions: EngineVersions): void;
  event(record: RunRecord, event: EngineEvent): void;
  /** The changes of a finished run and their number. */
  summary(record: RunRecord, verb: { readonly done: string; readonly none: string }): void;
}

const MARKS: Readonly<Record<string, readonly [string, Tone]>> = {
  create: ['+', 'good'],
  import: ['=', 'good'],
  update: ['~', 'warn'],
  replace: ['±', 'warn'],
  delete: ['-', 'bad'],
};

/** A reporter that writes to `terminal`. */
export function reportEngine(terminal: Terminal): EngineReporter {
  return {
    opened(stack, config, versions) {
      terminal.line(
        `Stack ${stack} · tenant ${config.tenant} · protocol ${config.protocol ?? 'none'} · access ${config.access}`,
        'strong',
      );
      terminal.line(
        `pulumi ${versions.engine.version} (${versions.engine.source}), azuread ${versions.azuread.version} (${versions.azuread.source})`,
        'dim',
      );
    },
    event(record, event) {
      reportEvent(terminal, record, event);
    },
    summary(record, verb) {
      const changes = resourceChanges(record);
      terminal.line(changes.length === 0 ? verb.none : `${countChanges(changes)} ${verb.done}`, 'strong');
    },
  };
}

/** One resource as a line: `+ Application interop (tags, owners)`. */
export function describeStep(terminal: Terminal, step: ResourceStep): string {
  const [mark, tone] = MARKS[step.op] ?? ['·', 'plain' as const];
  const namesThem = step.op === 'update' || step.op === 'replace';
  const properties = namesThem && step.properties.length > 0 ? ` (${step.properties.join(', ')})` : '';
  return `  ${terminal.paint(mark, tone)} ${shortType(step.type)} ${step.name}${terminal.paint(properties, 'dim')}`;
}

/** `2 to create, 1 to update` in Pulumi's words. */
export function countChanges(changes: readonly ResourceStep[]): string {
  const counts = new Map<string, number>();
  for (const { op } of changes) counts.set(op, (counts.get(op) ?? 0) + 1);
  return [...counts].map(([op, count]) => `${count} ${op}`).join(', ');
}

/** The engine's warning about a plugin on PATH: which provider runs, and why, is said when the stack is opened. */
const SAID_ALREADY = /^using pulumi-resource-\S+ from \$PATH/;

function reportEvent(terminal: Terminal, record: RunRecord, event: EngineEvent): void {
  if (event.resourcePreEvent !== undefined) {
    const { metadata, planning } = event.resourcePreEvent;
    if (planning === true) reportStep(terminal, record, metadata);
    else terminal.status(`  … ${metadata.op} ${shortType(metadata.type)}`);
  }
  if (event.resOutputsEvent !== undefined && event.resOutputsEvent.planning !== true) {
    reportStep(terminal, record, event.resOutputsEvent.metadata);
  }
  const said = diagnosticOf(event);
  if (said?.severity === 'warning' && !SAID_ALREADY.test(said.message)) terminal.warn(said.message);
  if (said?.severity === 'info' && isProviderMessage(said) && isNews(record, said))
    terminal.line(`    ${said.message}`, 'dim');
  const passing = event.diagnosticEvent;
  if (passing?.ephemeral === true) {
    const message = plainText(passing.message);
    // What is being done can be guessed; how far it is cannot.
    terminal.status(`  … ${message}`, message, message.slice(message.indexOf(': ') + 1).trim());
  }
}

/** What a provider says of a resource of ours: counts of a sweep, the days that EWS has left. */
function isProviderMessage({ urn }: Diagnostic): boolean {
  return /[:$]exchange:index:/.test(urn ?? '');
}

/** A refresh, the comparison after it and an update may all say the same; the record holds this one already. */
function isNews({ diagnostics }: RunRecord, { urn, message }: Diagnostic): boolean {
  return diagnostics.filter((one) => one.urn === urn && one.message === message).length === 1;
}

function reportStep(terminal: Terminal, record: RunRecord, metadata: StepEventMetadata): void {
  const step = toldStep(record, metadata);
  if (step !== undefined && resourceChanges(record).includes(step))
    terminal.line(describeStep(terminal, step));
}
