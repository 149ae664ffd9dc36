/** The hand-off as text: what a person enters in Google's console. */
import { GOOGLE_CONSOLE_PATH, type GoogleForm } from '../../infra/endpoints/google-forms.js';
import { progressText, type Step } from '../../infra/handoff/checklist.js';
import type { EndpointSheet, HandoffSheet } from '../../infra/handoff/sheet.js';
import { fromNow } from '../../infra/handoff/timeline.js';
import type { Terminal, Tone } from '../terminal.js';

/** Prints the values of all endpoints. @param secretOf the text that stands for a stack's secret */
export function showValues(
  terminal: Terminal,
  sheet: HandoffSheet,
  secretOf: (stack: string) => string,
): void {
  terminal.line(`  ${GOOGLE_CONSOLE_PATH}`, 'dim');
  for (const endpoint of sheet.endpoints) {
    const several = sheet.stacks.length > 1 ? ` of stack ${endpoint.stack}` : '';
    for (const form of endpoint.forms) showForm(terminal, endpoint, form, several, secretOf);
    for (const form of endpoint.otherForms)
      showForm(terminal, endpoint, form, `${several} while it is being moved`, secretOf);
  }
}

function showForm(
  terminal: Terminal,
  { name, stack }: EndpointSheet,
  { formType, domain, fields, problem }: GoogleForm,
  aside: string,
  secretOf: (stack: string) => string,
): void {
  terminal.line(
    `  Endpoint ${name}${aside}: ${formType}${domain === undefined ? '' : `, entry for ${domain}`}`,
    'strong',
  );
  if (problem !== undefined) terminal.line(`    ${problem}`, 'warn');
  terminal.pairs(
    fields.map(({ label, value, kind }) => [label, kind === 'secret' ? secretOf(stack) : value] as const),
    '    ',
  );
}

const MARKS: Readonly<Record<Step['state'], readonly [mark: string, tone: Tone]>> = {
  proven: ['✓✓', 'good'],
  done: ['✓ ', 'good'],
  open: ['· ', 'plain'],
};

/** Prints which secret it is, until when, and what else should be known. */
export function showSecrets(terminal: Terminal, { stacks, notes }: HandoffSheet, now: Date): void {
  for (const { name, secret } of stacks) {
    const which = secret.staged ? 'new, Google still holds another one' : 'current';
    terminal.line(
      `  Secret of stack ${name}: ${secret.name} (${which}), ends ${secret.endDate.slice(0, 10)}, ${fromNow(secret.endDate, now)}`,
    );
  }
  for (const note of notes) terminal.warn(note);
}

/** Prints the steps with their states. */
export function showSteps(terminal: Terminal, steps: readonly Step[]): void {
  terminal.heading(`Steps: ${progressText(steps)} (✓✓ done and proven, ✓ done, · open)`);
  for (const step of steps) {
    const [mark, tone] = MARKS[step.state];
    terminal.line(
      `  ${terminal.paint(mark, tone)} ${step.title}${step.found === undefined ? '' : `: ${step.found}`}`,
    );
    if (step.state === 'open') for (const sentence of step.what) terminal.line(`       ${sentence}`, 'dim');
  }
}
