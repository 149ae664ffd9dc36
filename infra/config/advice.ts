/**
 * What is allowed and yet worth a second thought. Nothing here stops a command.
 */
import type { StackConfig } from '../config.js';
import type { Problem } from '../errors.js';
import { problem } from './mistakes.js';
import { RECOMMENDED_SECRET_DAYS } from './schema.js';

/** Main role account and the ten more that Google asks for where rooms are booked (support.google.com/a/answer/9193836). */
const ROOM_BOOKING_ACCOUNTS = 11;

/** Recommendations for a configuration that is valid, in the order of its keys; empty when there is nothing to say. */
export function configurationAdvice(config: StackConfig): readonly Problem[] {
  return [...ewsAdvice(config), ...secretAdvice(config), ...detailAdvice(config), ...roomAdvice(config)];
}

function ewsAdvice(config: StackConfig): readonly Problem[] {
  if (config.protocol !== 'ews') return [];
  const what = 'lasts until 2027-04-01 at the longest: Microsoft then ends EWS in Exchange Online';
  return [problem(['protocol'], what, config.protocol, 'both, to move the endpoints to graph one by one')];
}

function secretAdvice(config: StackConfig): readonly Problem[] {
  const { lifetimeDays } = config.secret;
  if (lifetimeDays <= RECOMMENDED_SECRET_DAYS) return [];
  return [
    problem(
      ['secret', 'lifetimeDays'],
      'is longer than Microsoft recommends',
      lifetimeDays,
      `at most ${RECOMMENDED_SECRET_DAYS} days`,
    ),
  ];
}

function detailAdvice(config: StackConfig): readonly Problem[] {
  if (!config.eventDetails || config.visibility?.level !== 'AvailabilityOnly') return [];
  const what = 'shows busy or free only, while eventDetails asks for titles and locations';
  return [
    problem(['visibility', 'level'], what, config.visibility.level, 'LimitedDetails, or eventDetails false'),
  ];
}

function roomAdvice(config: StackConfig): readonly Problem[] {
  if (!config.roomBooking) return [];
  const accounts = new Set(
    config.endpoints.flatMap((endpoint) => endpoint.roleAccounts.map((account) => account.toLowerCase())),
  );
  const more = config.roleMailboxes.reduce(
    (sum, { address, count }) => sum + count - (accounts.has(address.toLowerCase()) ? 1 : 0),
    0,
  );
  const total = accounts.size + more;
  if (total >= ROOM_BOOKING_ACCOUNTS) return [];
  const what = `goes with ${total} role accounts, but Google asks for ten besides the main one so that many rooms can be checked at once`;
  return [problem(['roomBooking'], what, config.roomBooking, `${ROOM_BOOKING_ACCOUNTS} role accounts`)];
}
