/** One verdict and one exit code for all sections. Pure. */
import { EXIT_CODES, FAULT_FOUND, type FailureKind, SOMETHING_DUE } from '../errors.js';
import { SECTION_IDS, SECTION_TITLES, type Section, type SectionId, type State } from './section.js';

/** `incomplete`: no fault was seen, but an error kept a section from being looked at. */
export type VerdictState = 'ok' | 'attention' | 'fault' | 'incomplete';

export interface Verdict {
  readonly state: VerdictState;
  readonly exitCode: number;
  /** One sentence without a full stop. */
  readonly words: string;
  /** What to do, best first. */
  readonly next: readonly string[];
}

/** Everything that doctor says. Holds no secret. */
export interface DoctorReport {
  readonly stack: string;
  readonly tenant: string;
  /** ISO time. */
  readonly at: string;
  readonly verdict: Verdict;
  readonly sections: readonly Section[];
  /** Left out because the caller wished so. */
  readonly leftOut: readonly SectionId[];
}

export function doctorReport(
  about: Pick<DoctorReport, 'stack' | 'tenant'>,
  at: Date,
  sections: readonly Section[],
): DoctorReport {
  const seen = new Set(sections.map(({ id }) => id));
  return {
    ...about,
    at: at.toISOString(),
    verdict: verdictOf(sections),
    sections,
    leftOut: SECTION_IDS.filter((id) => !seen.has(id)),
  };
}

/**
 * A fault comes first, whatever else could not be looked at; then what kept a section from being looked at, since nobody knows what is
 * there; then what is due. Any other single thing that was not checked within a section, such as Google's side without credentials, does not
 * count.
 */
export function verdictOf(sections: readonly Section[]): Verdict {
  const inState = (wanted: State) => sections.filter(({ state }) => state === wanted);
  const [faults, due] = [inState('fault'), inState('attention')];
  const blocked = sections.filter(({ failure }) => failure !== undefined);
  const nextOf = (...of: (readonly Section[])[]) => [...new Set(of.flat().flatMap(({ next }) => next))];
  if (faults.length > 0) {
    const words = `${counted(faults)} ${faults.length === 1 ? 'has' : 'have'} a fault: ${titles(faults)}`;
    return { state: 'fault', exitCode: FAULT_FOUND, words, next: nextOf(faults, blocked, due) };
  }
  if (blocked.length > 0) {
    const words = `no fault seen, but ${counted(blocked)} could not be looked at in full: ${titles(blocked)}`;
    return { state: 'incomplete', exitCode: codeOf(blocked), words, next: nextOf(blocked, due) };
  }
  if (due.length > 0) {
    const words = `nothing is broken; ${counted(due)} ${due.length === 1 ? 'wants' : 'want'} attention: ${titles(due)}`;
    return { state: 'attention', exitCode: SOMETHING_DUE, words, next: nextOf(due) };
  }
  const unknown = inState('notChecked');
  const words =
    unknown.length === 0 ? 'all is well' : `nothing wrong was found; not checked: ${titles(unknown)}`;
  return { state: 'ok', exitCode: 0, words, next: nextOf(unknown) };
}

/** A refused sign-in is the reason behind others: it comes first, then the first section's. */
function codeOf(blocked: readonly Section[]): number {
  const kinds = blocked
    .map(({ failure }) => failure)
    .filter((kind): kind is FailureKind => kind !== undefined);
  return EXIT_CODES[kinds.includes('authentication') ? 'authentication' : (kinds[0] ?? 'failure')];
}

function counted({ length }: readonly Section[]): string {
  return length === 1 ? '1 section' : `${length} sections`;
}

function titles(sections: readonly Section[]): string {
  return sections.map(({ id }) => SECTION_TITLES[id]).join(', ');
}
