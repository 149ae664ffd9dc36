/** The stack's outputs as they may be shown: secrets stay hidden. */
import type { OutputMap } from '@pulumi/pulumi/automation/index.js';
import type { Terminal } from '../terminal.js';

/** Pulumi's own placeholder for a secret. */
const HIDDEN = '[secret]';

/** Plain values by name; a secret one is replaced by a placeholder. */
export function stackOutputs(outputs: OutputMap): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, output]) => [name, output.secret ? HIDDEN : output.value]),
  );
}

/** Prints the outputs in two columns; structured ones as JSON. */
export function showOutputs(terminal: Terminal, outputs: Readonly<Record<string, unknown>>): void {
  terminal.heading('Outputs');
  terminal.pairs(
    Object.entries(outputs).map(
      ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
    ),
  );
}
