/** Google's switches of Calendar Interop against the configuration. Pure. */
import type { StackConfig } from '../config.js';
import { GOOGLE_CONSOLE_PATH } from '../endpoints/google-forms.js';
import type { InteropSwitches } from '../google/index.js';
import { type Check, fault, fine, notChecked } from './checks.js';

/** A switch that is not set is not known: Google documents no default. Until the first form is saved that is to be expected. */
export function switchChecks(
  switches: InteropSwitches,
  config: Pick<StackConfig, 'eventDetails' | 'roomBooking'>,
): readonly Check[] {
  return [
    switchCheck('google.interop', 'Calendar Interop', switches.interoperability, true),
    switchCheck('google.event-details', '"Show event details"', switches.eventDetails, config.eventDetails),
    switchCheck('google.room-booking', 'booking of Exchange rooms', switches.roomBooking, config.roomBooking),
  ];
}

function switchCheck(id: Check['id'], name: string, found: boolean | undefined, wanted: boolean): Check {
  if (found === wanted) return fine(id, `${name} is ${words(found)} at Google, as wished`);
  const next = `${GOOGLE_CONSOLE_PATH}: turn ${name} ${words(wanted)}`;
  if (found === undefined) {
    return notChecked(id, `whether ${name} is ${words(wanted)} at Google: it was never set there`, { next });
  }
  return fault(id, `${name} is not as the configuration has it`, {
    found: words(found),
    allowed: words(wanted),
    next,
  });
}

function words(state: boolean): string {
  return state ? 'on' : 'off';
}
