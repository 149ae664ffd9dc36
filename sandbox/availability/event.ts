/** An appointment of a calendar. Times in milliseconds since 1970. */

/** How a time shows to others (MicrosoftDocs/office-developer-exchange-docs docs/web-service-reference/busytype.md). */
export type BusyType = 'Free' | 'Tentative' | 'Busy' | 'OOF' | 'WorkingElsewhere';

export interface CalendarEvent {
  /** Opaque, upper-case hex, as EWS shows entry ids. */
  readonly id: string;
  readonly start: number;
  readonly end: number;
  readonly busy: BusyType;
  readonly subject: string;
  readonly location: string;
  readonly isMeeting: boolean;
  readonly isRecurring: boolean;
  readonly isException: boolean;
  readonly isReminderSet: boolean;
  readonly isPrivate: boolean;
}

/** The hours in which the owner works, in the owner's own zone. */
export interface WorkingHours {
  /** IANA name. */
  readonly zone: string;
  readonly startMinutes: number;
  readonly endMinutes: number;
}

/** A span of time, its end not in it. */
export interface TimeWindow {
  readonly start: number;
  readonly end: number;
}

/** Whether two spans have time in common; an event without length counts where it begins within. */
export function overlaps(event: TimeWindow, window: TimeWindow): boolean {
  if (event.start === event.end) return event.start >= window.start && event.start < window.end;
  return event.start < window.end && event.end > window.start;
}
