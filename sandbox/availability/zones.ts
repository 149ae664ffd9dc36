/** Wall clocks: between a zone's local time and UTC, by the time zone database of Node. */

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US-u-ca-iso8601', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(zone, format);
  return format;
}

/** What the zone's clocks show at `utc`, as if it were UTC. */
export function toLocal(utc: number, zone: string): number {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(new Date(utc))
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

/** When the zone's clocks show `local`; of two such times the first, and where there is none, the time an hour on. */
export function toUtc(local: number, zone: string): number {
  const guess = local - (toLocal(local - DAY_MS, zone) - (local - DAY_MS));
  if (toLocal(guess, zone) === local) return guess;
  return local - (toLocal(local + DAY_MS, zone) - (local + DAY_MS));
}

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

/**
 * Windows' names of zones, which Exchange and Graph go by, and the IANA zones that they mean (Unicode CLDR windowsZones.xml).
 * `Greenwich Standard Time` is what ews-javascript-api calls UTC.
 */
const WINDOWS_ZONES: Readonly<Record<string, string>> = {
  UTC: 'UTC',
  'Greenwich Standard Time': 'Atlantic/Reykjavik',
  'GMT Standard Time': 'Europe/London',
  'W. Europe Standard Time': 'Europe/Berlin',
  'Central Europe Standard Time': 'Europe/Budapest',
  'Romance Standard Time': 'Europe/Paris',
  'GTB Standard Time': 'Europe/Bucharest',
  'Turkey Standard Time': 'Europe/Istanbul',
  'Arab Standard Time': 'Asia/Riyadh',
  'India Standard Time': 'Asia/Kolkata',
  'China Standard Time': 'Asia/Shanghai',
  'Tokyo Standard Time': 'Asia/Tokyo',
  'AUS Eastern Standard Time': 'Australia/Sydney',
  'E. South America Standard Time': 'America/Sao_Paulo',
  'Eastern Standard Time': 'America/New_York',
  'Central Standard Time': 'America/Chicago',
  'Mountain Standard Time': 'America/Denver',
  'Pacific Standard Time': 'America/Los_Angeles',
};

/** The IANA zone of a Windows name; undefined for a name that the sandbox does not know. */
export function zoneOfWindowsName(name: string): string | undefined {
  return Object.hasOwn(WINDOWS_ZONES, name) ? WINDOWS_ZONES[name] : undefined;
}

/** The Windows name of a zone; `UTC` where there is none. */
export function windowsNameOf(zone: string): string {
  return Object.entries(WINDOWS_ZONES).find(([, iana]) => iana === zone)?.[0] ?? 'UTC';
}

/** Whether the zone's name is one of the time zone database. */
export function isIanaZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}
