/** Whom to look up where nobody was named: a few people whom the last sweep over the calendars on this machine has seen. */
import { domainOf } from '../config/values.js';
import {
  lastAccount,
  type Outcome,
  readAccount,
  type VisibilityFiles,
} from '../exchange/visibility/index.js';

/** How many are taken. */
const MOST = 4;

/**
 * People whose calendars the sweep found or made open enough, the first ones that it met, and one whose calendar is stricter on
 * purpose: what a healthy endpoint shows.
 *
 * @returns nobody where no sweep has run on this machine
 */
export async function peopleOfLastSweep(
  files: VisibilityFiles,
  domains: readonly string[],
): Promise<readonly string[]> {
  const open: string[] = [];
  const strict: string[] = [];
  const take = ({ mailbox, result }: Outcome) => {
    const { address, kind } = mailbox;
    if (address === undefined || kind !== 'UserMailbox' || !domains.includes(domainOf(address))) return;
    if ((result === 'enough' || result === 'raised') && open.length < MOST) open.push(address);
    if (result === 'excluded' && strict.length < 1) strict.push(address);
  };
  for (const file of [files.apply, files.plan]) {
    if ((await readAccount(lastAccount(file), take)) !== undefined && open.length > 0) break;
  }
  return [...new Set([...open, ...strict])];
}
