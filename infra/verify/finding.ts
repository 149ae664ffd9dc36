/** What a diagnosis found: a leaf of the table with its evidence. Pure. */
import { GOOGLE_MESSAGES, type LeafCode, leafOf, STAGES, type Stage } from './leaves.js';

/** Values for the placeholders of a leaf's remedies, such as `address`. */
export type Facts = Readonly<Record<string, string>>;

export interface Finding {
  readonly code: LeafCode;
  readonly stage: Stage;
  readonly grave: 'fault' | 'note';
  /** The address, host or URL that it is about. */
  readonly about: string;
  readonly what: string;
  /** What was seen, one line. */
  readonly evidence: string;
  /** Google's own message for it, where Google has one. */
  readonly google?: string;
  readonly mend: readonly string[];
  readonly unconfirmed?: string;
}

const LONGEST_EVIDENCE = 300;

/**
 * A finding of the table.
 *
 * @param evidence may be another's text: it is made one line without control characters.
 */
export function finding(code: LeafCode, about: string, evidence: string, facts: Facts = {}): Finding {
  const { stage, grave, what, google, mend, unconfirmed } = leafOf(code);
  return {
    code,
    stage,
    grave,
    about: oneLine(about),
    what,
    evidence: oneLine(evidence),
    ...(google === undefined ? {} : { google: GOOGLE_MESSAGES[google] }),
    mend: mend.map((step) => filled(step, facts)),
    ...(unconfirmed === undefined ? {} : { unconfirmed }),
  };
}

/** The words for a stage. */
export function stageName(stage: Stage): string {
  return STAGES[stage];
}

/** Another's text for a terminal: one line, no control characters, not long. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').replace(/\p{C}/gu, '\uFFFD').trim();
  return line.length > LONGEST_EVIDENCE ? `${line.slice(0, LONGEST_EVIDENCE)}…` : line;
}

/** A placeholder without a fact stays as `<name>`: something for the reader to put in. */
function filled(step: string, facts: Facts): string {
  return step.replace(/\{([a-zA-Z]+)\}/g, (_, name: string) => oneLine(facts[name] ?? `<${name}>`));
}
