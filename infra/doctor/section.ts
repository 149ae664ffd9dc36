/** The sections of doctor's report: each with one state, what was looked at, and a way on. Pure. */
import type { FailureKind, InteropError } from '../errors.js';
import { describeProblem } from '../errors.js';

/** In the order of the report. Each is what the command of its name looks at; `ews` is the countdown to the end of EWS. */
export const SECTION_IDS = ['preflight', 'drift', 'rotation', 'ews', 'verify'] as const;
export type SectionId = (typeof SECTION_IDS)[number];

export const SECTION_TITLES: Readonly<Record<SectionId, string>> = {
  preflight: 'Preflight',
  drift: 'Drift',
  rotation: 'Rotation of the secret',
  ews: 'End of EWS',
  verify: 'Look-ups as Google makes them',
};

/**
 * - `ok`: nothing to do;
 * - `attention`: it works, and somebody has something to do;
 * - `fault`: something is broken, or was changed behind our back;
 * - `notChecked`: nobody knows, and the reason is told; it is no fault.
 */
export const STATES = ['ok', 'attention', 'fault', 'notChecked'] as const;
export type State = (typeof STATES)[number];

/** One thing that was looked at. Texts are one line each and hold no secret. */
export interface Item {
  readonly state: State;
  /** Stable, for programs, such as `permissions.graph` or `CI-CALENDAR-CLOSED`. */
  readonly id: string;
  /** One sentence without a full stop. */
  readonly what: string;
  /** Addresses, hosts or accounts that it is about; the first ten where there are many. */
  readonly about?: readonly string[];
  readonly found?: string;
  readonly allowed?: string;
  /** Commands or steps that lead out of it, best first. */
  readonly next: readonly string[];
}

export interface Section {
  readonly id: SectionId;
  readonly state: State;
  /** One sentence without a full stop; where nothing was checked, why. */
  readonly summary: string;
  readonly items: readonly Item[];
  /** What to do, best first: of faults, else of what wants attention. */
  readonly next: readonly string[];
  /** The kind of failure that kept the section from being looked at, or a part of it that counts; absent where there was none. */
  readonly failure?: FailureKind;
}

/**
 * The section that its items make: a fault is one whatever else was found, and only where nothing was looked at is the section not
 * checked.
 */
export function sectionOf(id: SectionId, summary: string, items: readonly Item[]): Section {
  const clean = items.map(cleaned);
  const state = worstOf(clean.map((item) => item.state));
  const next = clean.filter((item) => item.state === state).flatMap((item) => item.next);
  return {
    id,
    state,
    summary: singleLine(summary),
    items: clean,
    next: state === 'ok' ? [] : distinct(next),
  };
}

/** A section that an error kept from being looked at. */
export function blockedSection(
  id: SectionId,
  error: Pick<InteropError, 'kind' | 'summary' | 'problems' | 'next'>,
): Section {
  // The first problem is the reason; what follows is what it led to.
  const [first, ...others] = error.problems.map(describeProblem);
  const more = others.length === 0 ? '' : `; and ${others.length} more`;
  const item: Item = {
    state: 'notChecked',
    id: `${id}.${error.kind}`,
    what: error.summary,
    ...(first === undefined ? {} : { found: `${first}${more}` }),
    next: error.next,
  };
  return { ...sectionOf(id, error.summary, [item]), failure: error.kind };
}

/** A fault outweighs what wants attention; what was not checked counts only where nothing else is known. */
function worstOf(states: readonly State[]): State {
  const known = (['fault', 'attention', 'ok'] as const).find((state) => states.includes(state));
  return known ?? (states.length === 0 ? 'ok' : 'notChecked');
}

/** `2 of 3 …` needs counts of states everywhere. */
export function countOf(items: readonly Item[], state: State): number {
  return items.filter((item) => item.state === state).length;
}

function cleaned({ state, id, what, about, found, allowed, next }: Item): Item {
  return {
    state,
    id: singleLine(id),
    what: singleLine(what),
    ...(about === undefined ? {} : { about: about.map(singleLine) }),
    ...(found === undefined ? {} : { found: singleLine(found) }),
    ...(allowed === undefined ? {} : { allowed: singleLine(allowed) }),
    next: next.map(singleLine),
  };
}

/** Texts may come from a server: one line, no control characters. */
function singleLine(text: string): string {
  return text
    .trim()
    .replace(/\s*[\r\n\t]\s*/g, ' ')
    .replace(/\p{C}/gu, '\uFFFD');
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
