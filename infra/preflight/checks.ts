/** What a check before the first change says: three states, and for each a way on. */
import { describeFailure, InteropError } from '../errors.js';
import { ExchangeError } from '../exchange/transport/exchange-error.js';

/** Headings of the report, in its order. */
export const CHECK_GROUPS = ['permissions', 'policy', 'licences', 'exchange', 'people', 'google'] as const;
export type CheckGroup = (typeof CHECK_GROUPS)[number];

/** `notChecked`: nobody knows, and `what` says why; it is no fault. */
export type CheckState = 'ok' | 'fault' | 'notChecked';

/** One thing that was looked at. Nothing was changed to find it out. */
export interface Check {
  /** Stable, for programs: `group.name`. */
  readonly id: `${CheckGroup}.${string}`;
  readonly state: CheckState;
  /** One sentence without a full stop. */
  readonly what: string;
  readonly found?: string;
  readonly allowed?: string;
  /** The next command or step. */
  readonly next?: string;
}

/** The group that a check belongs to. */
export function groupOf({ id }: Check): CheckGroup {
  return id.slice(0, id.indexOf('.')) as CheckGroup;
}

/**
 * The checks that `work` makes; where it cannot look, one for each id that says so.
 *
 * @throws InteropError of kind `cancelled`, and whatever is no failure of a look.
 */
export async function lookingAt(
  ids: Check['id'] | readonly Check['id'][],
  what: string,
  work: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  const looked = await lookOr(work);
  if (!('failed' in looked)) return looked.value;
  return (typeof ids === 'string' ? [ids] : ids).map((id) => notChecked(id, what, looked.failed));
}

/** Why somebody could not look, and what to do about it. */
export type FailedLook = Required<Pick<Check, 'found'>> & Pick<Check, 'next'>;

/** What was seen, or why nobody could look. */
export type Look<T> = { readonly value: T } | { readonly failed: FailedLook };

/**
 * Looks.
 *
 * @throws InteropError of kind `cancelled`, and whatever is no failure of a look.
 */
export async function lookOr<T>(work: () => Promise<T>): Promise<Look<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof InteropError && error.kind !== 'cancelled') {
      const { kind, summary, problems, next } = error;
      const found = describeFailure({ kind, summary, problems }).replace(/\n\s*/g, '; ');
      return { failed: { found, ...(next[0] === undefined ? {} : { next: next[0] }) } };
    }
    if (error instanceof ExchangeError)
      return { failed: { found: error.message, next: 'run the same command again' } };
    throw error;
  }
}

/** What lets Google's side be looked at. */
export const GIVE_GOOGLE =
  'set calendar-interop:google and export GOOGLE_APPLICATION_CREDENTIALS=<key file>, then run calendar-interop preflight';

/** A check whose outcome is not known. */
export function notChecked(
  id: Check['id'],
  what: string,
  more: Pick<Check, 'found' | 'allowed' | 'next'> = {},
): Check {
  return { id, state: 'notChecked', what, ...more };
}

/** A check that found nothing wrong. */
export function fine(id: Check['id'], what: string, found?: string): Check {
  return { id, state: 'ok', what, ...(found === undefined ? {} : { found }) };
}

/** A check that found a fault. */
export function fault(
  id: Check['id'],
  what: string,
  more: Required<Pick<Check, 'found' | 'next'>> & Pick<Check, 'allowed'>,
): Check {
  return { id, state: 'fault', what, ...more };
}
