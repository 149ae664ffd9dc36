/** The stretch of time that a look-up asks for. */

export interface TimeWindow {
  readonly start: Date;
  readonly end: Date;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Exchange allows 42 days or 62, depending on whom one asks: 14 hold everywhere. */
export const MOST_DAYS = 14;

/** How far is looked ahead unless somebody says otherwise. */
export const USUAL_DAYS = 7;

/** From the full hour that has begun, for so many days. */
export function windowFrom(now: number, days: number): TimeWindow {
  const start = Math.floor(now / HOUR_MS) * HOUR_MS;
  return { start: new Date(start), end: new Date(start + days * DAY_MS) };
}
