/**
 * What one account sees of another one's calendar: the one core beneath EWS and Graph.
 *
 * Levels follow MicrosoftDocs/office-developer-exchange-docs docs/web-service-reference (requestedview.md, calendareventdetails.md,
 * responsecode.md) and office-docs-powershell Set-MailboxFolderPermission.md.
 */
import type { PermissionEntry } from '../exchange/model.js';
import { rightsIn } from '../exchange/rights.js';
import { type BusyType, type CalendarEvent, overlaps, type TimeWindow } from './event.js';

/** How much of a calendar shows: nothing, times, times with subject and place, everything. */
export type DetailLevel = 'none' | 'times' | 'details' | 'all';

/** What an entry lets its holder see. */
export interface Visibility {
  readonly level: DetailLevel;
  /** Private events show like others. */
  readonly seesPrivate: boolean;
}

const NOTHING: Visibility = { level: 'none', seesPrivate: false };

/**
 * What the permissions of a calendar let an account see: by the entry of its own if there is one, else by that of `Default`.
 * UNCONFIRMED: rights without ReadItems, such as Contributor or FolderVisible, show nothing.
 */
export function visibilityFor(
  entries: Readonly<Record<string, PermissionEntry>>,
  viewerId: string,
  ownerId: string,
): Visibility {
  if (viewerId === ownerId) return { level: 'all', seesPrivate: true };
  const entry = entries[`internal:${viewerId}`] ?? entries.Default;
  if (entry === undefined) return NOTHING;
  return { level: levelOf(entry.rights), seesPrivate: entry.flags.includes('CanViewPrivateItems') };
}

function levelOf(rights: readonly string[]): DetailLevel {
  if (rightsIn(rights).includes('ReadItems')) return 'all';
  if (rights.includes('LimitedDetails')) return 'details';
  return rights.includes('AvailabilityOnly') ? 'times' : 'none';
}

/** What a private event hides. */
export type EventContent = Pick<
  CalendarEvent,
  'id' | 'subject' | 'location' | 'isMeeting' | 'isRecurring' | 'isException' | 'isReminderSet'
>;

/** What else than its times shows of an event. */
export interface EventDetails {
  readonly isPrivate: boolean;
  /** Absent where the event is private to the viewer. */
  readonly content?: EventContent;
}

export interface VisibleEvent {
  readonly start: number;
  readonly end: number;
  readonly busy: BusyType;
  /** Absent where only times show. */
  readonly details?: EventDetails;
}

/** An event as it shows; the level is at least `times`. */
export function shown(event: CalendarEvent, { level, seesPrivate }: Visibility): VisibleEvent {
  const { start, end, busy } = event;
  if (level === 'none' || level === 'times') return { start, end, busy };
  return { start, end, busy, details: detailsOf(event, seesPrivate) };
}

function detailsOf(event: CalendarEvent, seesPrivate: boolean): EventDetails {
  const { isPrivate, id, subject, location, isMeeting, isRecurring, isException, isReminderSet } = event;
  if (isPrivate && !seesPrivate) return { isPrivate };
  return {
    isPrivate,
    content: { id, subject, location, isMeeting, isRecurring, isException, isReminderSet },
  };
}

/** Digits of the merged string (mergedfreebusy.md). The later in the list, the more it weighs. */
const DIGITS: readonly BusyType[] = ['Free', 'Tentative', 'Busy', 'OOF'];

/**
 * One digit per interval of a window, the weightiest of the events in it: 0 free, 1 tentative, 2 busy, 3 out of office. The last
 * interval may be cut short. Working elsewhere is `4` and weighs less than tentative (UNCONFIRMED for EWS; Graph's
 * scheduleInformation documents the digit).
 */
export function mergedFreeBusy(
  events: readonly Pick<CalendarEvent, 'start' | 'end' | 'busy'>[],
  window: TimeWindow,
  intervalMs: number,
): string {
  const weights = new Array<number>(Math.ceil((window.end - window.start) / intervalMs)).fill(0);
  for (const event of events) {
    if (!overlaps(event, window)) continue;
    const from = Math.max(0, Math.floor((event.start - window.start) / intervalMs));
    const to = Math.min(
      weights.length,
      Math.max(from + 1, Math.ceil((event.end - window.start) / intervalMs)),
    );
    for (let index = from; index < to; index += 1)
      weights[index] = Math.max(weights[index] ?? 0, weightOf(event.busy));
  }
  return weights.map(digitOf).join('');
}

const ELSEWHERE = 0.5;

function weightOf(busy: BusyType): number {
  return busy === 'WorkingElsewhere' ? ELSEWHERE : DIGITS.indexOf(busy);
}

function digitOf(weight: number): string {
  return weight === ELSEWHERE ? '4' : String(weight);
}
