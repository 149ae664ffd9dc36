/** Zones as a client of EWS tells them: rules in the request, or a Windows name in its header. */
import { MINUTE_MS, toLocal, toUtc, zoneOfWindowsName } from '../availability/zones.js';
import { EwsError } from './ews-error.js';
import { TYPES } from './names.js';
import { childOf, type XmlElement } from './xml.js';

/** How a client's clocks go. Local times are milliseconds as if they were UTC. */
export interface ClientZone {
  toUtc(local: number): number;
  toLocal(utc: number): number;
}

export const UTC_ZONE: ClientZone = { toUtc: (local) => local, toLocal: (utc) => utc };

/** `TimeZoneContext/TimeZoneDefinition Id="…"`. @throws EwsError for a name that is unknown. */
export function zoneOfContext(context: XmlElement): ClientZone {
  const definition = childOf(context, TYPES, 'TimeZoneDefinition');
  const zone = zoneOfWindowsName(definition?.attributes.Id ?? '');
  if (zone === undefined) throw new EwsError('ErrorTimeZone');
  return { toUtc: (local) => toUtc(local, zone), toLocal: (utc) => toLocal(utc, zone) };
}

/** When one of the two times begins, each year. */
interface Transition {
  /** Minutes: UTC is local time plus them. */
  readonly bias: number;
  /** 0: there is no change. */
  readonly month: number;
  /** 1 to 4, or 5 for the last; with `year` the day of the month. */
  readonly dayOrder: number;
  readonly weekday: number;
  readonly timeMs: number;
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/**
 * `TimeZone` with Bias, StandardTime and DaylightTime (docs/web-service-reference/timezone-availability.md).
 *
 * @throws EwsError unless it is complete and in range.
 */
export function zoneOfRules(element: XmlElement): ClientZone {
  const bias = wholeNumber(element, 'Bias', -1440, 1440);
  const standard = transitionOf(childOf(element, TYPES, 'StandardTime'), bias);
  const daylight = transitionOf(childOf(element, TYPES, 'DaylightTime'), bias);
  return {
    toUtc: (local) => local + biasAt(local, standard, daylight) * MINUTE_MS,
    toLocal: (utc) => {
      const asStandard = utc - standard.bias * MINUTE_MS;
      const asDaylight = utc - daylight.bias * MINUTE_MS;
      return biasAt(asDaylight, standard, daylight) === daylight.bias ? asDaylight : asStandard;
    },
  };
}

function transitionOf(element: XmlElement | undefined, bias: number): Transition {
  if (element === undefined) throw new EwsError('ErrorTimeZone');
  const time = /^(\d{2}):(\d{2}):(\d{2})$/.exec(textOf(element, 'Time'));
  const weekday = WEEKDAYS.indexOf(textOf(element, 'DayOfWeek'));
  if (time === null || weekday < 0) throw new EwsError('ErrorTimeZone');
  const [, hours, minutes, seconds] = time;
  return {
    bias: bias + wholeNumber(element, 'Bias', -1440, 1440),
    month: wholeNumber(element, 'Month', 0, 12),
    dayOrder: wholeNumber(element, 'DayOrder', 0, 5),
    weekday,
    timeMs: ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000,
  };
}

/** The minutes in force when the clocks show `local`. */
function biasAt(local: number, standard: Transition, daylight: Transition): number {
  if (standard.month === 0 || daylight.month === 0) return standard.bias;
  const year = new Date(local).getUTCFullYear();
  const from = beginOf(daylight, year);
  const to = beginOf(standard, year);
  const isDaylight = from < to ? local >= from && local < to : local >= from || local < to;
  return isDaylight ? daylight.bias : standard.bias;
}

function beginOf({ month, dayOrder, weekday, timeMs }: Transition, year: number): number {
  const first = new Date(Date.UTC(year, month - 1, 1)).getUTCDay();
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  let day = 1 + ((weekday - first + 7) % 7) + (Math.max(1, dayOrder) - 1) * 7;
  while (day > days) day -= 7;
  return Date.UTC(year, month - 1, day) + timeMs;
}

function textOf(element: XmlElement, name: string): string {
  return (childOf(element, TYPES, name)?.text ?? '').trim();
}

function wholeNumber(element: XmlElement, name: string, least: number, most: number): number {
  const text = textOf(element, name);
  const value = Number(text);
  if (!/^-?\d{1,5}$/.test(text) || value < least || value > most) throw new EwsError('ErrorTimeZone');
  return value;
}
