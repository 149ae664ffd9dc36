/** What a look-up says about one attendee, the same for both protocols. */

/** How much Google would see. `unknown`: it was answered, and nothing in the window tells how much would show. */
export type Detail = 'details' | 'busyOnly' | 'nothing' | 'unknown';

export interface BusyTime {
  /** UTC, ISO 8601 with seconds. */
  readonly start: string;
  readonly end: string;
  /** Free, Tentative, Busy, OOF, WorkingElsewhere, NoData. */
  readonly status: string;
  readonly subject?: string;
  readonly location?: string;
  readonly isPrivate: boolean;
}

/** An answer about one address. */
export type AttendeeAnswer =
  | {
      readonly address: string;
      readonly detail: Exclude<Detail, 'nothing'>;
      readonly events: readonly BusyTime[];
    }
  | { readonly address: string; readonly detail: 'nothing'; readonly code: string; readonly text: string };
