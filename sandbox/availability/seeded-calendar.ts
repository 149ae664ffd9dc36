/**
 * Calendars from the seed. Nothing is kept: a day's events are made from the seed, the owner and the day whenever somebody looks,
 * so that half a million calendars take no room, and every look shows the same.
 *
 * Every seeded mailbox has one weekly series and one meeting on each working day that are plainly visible to whoever may see details;
 * around them, by chance of the seed: tentative, private, all-day and free entries, out of office, times over midnight,
 * overlaps and subjects that have broken software before.
 */
import type { SeededRandom } from '../random.js';
import { type BusyType, type CalendarEvent, overlaps, type TimeWindow, type WorkingHours } from './event.js';
import { DAY_MS, MINUTE_MS, toLocal, toUtc } from './zones.js';

/** Zones of the owners, by the number of the mailbox. */
const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Asia/Tokyo',
  'UTC',
  'Asia/Kolkata',
  'America/Los_Angeles',
];

const SUBJECTS = [
  'Project review',
  'Budget <draft> & "final"',
  'Kundentermin München',
  '1:1',
  'Vorstellungsgespräch – Zürich 🎉',
  '会議: 新製品',
  'اجتماع الفريق',
  "Director's O'Brien visit ]]> done",
];
const LOCATIONS = ['Room 4.12', 'Raum "Köln" / Süd', 'https://meet.example.com/a?b=1&c=2', '', '第3会議室'];
/** What the events that come by chance show; most are busy. */
const BUSY_TYPES: readonly BusyType[] = [
  'Busy',
  'Tentative',
  'Busy',
  'OOF',
  'Busy',
  'Free',
  'Busy',
  'WorkingElsewhere',
];
const LENGTHS_MINUTES = [30, 60, 45, 90, 15, 120];
const MOST_BY_CHANCE = 3;
/** No event lasts longer, so that so many days before a window are enough to look at. */
const MOST_DAYS = 2;

/** Whose calendar it is. */
export interface CalendarOwner {
  readonly userId: string;
  /** Number of the seeded mailbox; undefined for one that was made later. */
  readonly number: number | undefined;
}

/** The owner's zone and hours. Mailboxes that were made later keep UTC. */
export function workingHoursOf({ number }: CalendarOwner): WorkingHours {
  const zone = number === undefined ? 'UTC' : (ZONES[number % ZONES.length] ?? 'UTC');
  return { zone, startMinutes: 8 * 60, endMinutes: 17 * 60 };
}

/** The owner's events in a window, by start, then by end. Mailboxes that were made later have none. */
export function seededEvents(
  random: SeededRandom,
  owner: CalendarOwner,
  window: TimeWindow,
): readonly CalendarEvent[] {
  const { number } = owner;
  if (number === undefined) return [];
  const { zone } = workingHoursOf(owner);
  const first = Math.floor(toLocal(window.start, zone) / DAY_MS) - MOST_DAYS;
  const last = Math.floor(toLocal(window.end, zone) / DAY_MS);
  const events: CalendarEvent[] = [];
  for (let day = first; day <= last; day += 1)
    events.push(...eventsOfDay(random, owner.userId, number, zone, day));
  return events
    .filter((event) => overlaps(event, window))
    .sort((one, other) => one.start - other.start || one.end - other.end);
}

/** `day` counts from 1970-01-01, as the zone's calendar does. */
function eventsOfDay(
  random: SeededRandom,
  userId: string,
  number: number,
  zone: string,
  day: number,
): readonly CalendarEvent[] {
  const draw = random.bytes(`calendar ${userId} ${day}`);
  const at = (minutes: number) => toUtc(day * DAY_MS + minutes * MINUTE_MS, zone);
  const id = (name: string) => random.bytes(`event ${userId} ${day} ${name}`).toString('hex').toUpperCase();
  // 1970-01-01 was a Thursday.
  const weekday = (day + 4) % 7;
  const isWorkday = weekday >= 1 && weekday <= 5;
  const events: CalendarEvent[] = [];
  if (isWorkday) events.push(meeting(draw, id('meeting'), at));
  if (weekday === 1 + (number % 5)) events.push(weekly(id('weekly'), at));
  // A tenth of the days are all-day entries, some of them private.
  if ((draw[8] ?? 0) % 10 === 0) events.push(allDay(draw, id('all day'), at));
  const byChance = isWorkday ? (draw[9] ?? 0) % (MOST_BY_CHANCE + 1) : (draw[9] ?? 0) % 2;
  for (let index = 0; index < byChance; index += 1) {
    events.push(anything(draw.subarray(10 + index * 6), id(`chance ${index}`), at));
  }
  return events;
}

/** The one of each working day that hides nothing. */
function meeting(draw: Buffer, id: string, at: (minutes: number) => number): CalendarEvent {
  const start = 9 * 60 + 30 * ((draw[0] ?? 0) % 4);
  return {
    ...PLAIN,
    id,
    start: at(start),
    end: at(start + 60),
    subject: SUBJECTS[(draw[1] ?? 0) % SUBJECTS.length] ?? '',
    // Never without a place.
    location: LOCATIONS[(draw[2] ?? 0) % 3] ?? '',
    isMeeting: true,
  };
}

function weekly(id: string, at: (minutes: number) => number): CalendarEvent {
  return {
    ...PLAIN,
    id,
    start: at(13 * 60),
    end: at(13 * 60 + 30),
    subject: 'Weekly team meeting',
    location: 'Room Alpha',
    isMeeting: true,
    isRecurring: true,
  };
}

function allDay(draw: Buffer, id: string, at: (minutes: number) => number): CalendarEvent {
  const days = 1 + ((draw[3] ?? 0) % MOST_DAYS);
  const isPrivate = (draw[4] ?? 0) % 3 === 0;
  return {
    ...PLAIN,
    id,
    start: at(0),
    end: at(days * 24 * 60),
    busy: (draw[5] ?? 0) % 2 === 0 ? 'OOF' : 'Free',
    subject: isPrivate ? 'Surgery' : 'Conference',
    location: isPrivate ? 'Hospital' : 'Lisbon',
    isReminderSet: false,
    isPrivate,
  };
}

function anything(draw: Buffer, id: string, at: (minutes: number) => number): CalendarEvent {
  const [time = 0, length = 0, busy = 0, text = 0, place = 0, kind = 0] = draw;
  // Also into the night, so that some cross midnight.
  const start = (time % 96) * 15;
  const isPrivate = kind % 5 === 0;
  const isRecurring = kind % 4 === 1;
  return {
    id,
    start: at(start),
    end: at(start + (LENGTHS_MINUTES[length % LENGTHS_MINUTES.length] ?? 30)),
    busy: BUSY_TYPES[busy % BUSY_TYPES.length] ?? 'Busy',
    subject: isPrivate ? 'Private matter' : (SUBJECTS[text % SUBJECTS.length] ?? ''),
    location: isPrivate ? 'At home' : (LOCATIONS[place % LOCATIONS.length] ?? ''),
    isMeeting: kind % 2 === 0,
    isRecurring,
    isException: isRecurring && kind % 8 === 1,
    isReminderSet: kind % 3 !== 0,
    isPrivate,
  };
}

const PLAIN = {
  busy: 'Busy',
  isMeeting: false,
  isRecurring: false,
  isException: false,
  isReminderSet: true,
  isPrivate: false,
} as const;
