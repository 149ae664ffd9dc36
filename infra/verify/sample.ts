/** Whom to look up where nobody was named: a few people whom the last sweep over the calendars on this machine has seen. */
import { domainOf } from '../config/values.js';
import {
  lastAccount,
  type Outcome,
  readAccount,
  type VisibilityFiles,
} from '../exchange/visibility/index.js';
import { type EndpointReport, worksWith } from './endpoint.js';

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

/**
 * Somebody of the last sweep who is not known any more has left since: that is no fault of the endpoint. Where nobody is known, it is.
 *
 * @param report a look-up of people whom nobody named
 * @returns the report without those who left, and their addresses
 */
export function leaveOutThoseGone(report: EndpointReport): {
  readonly report: EndpointReport;
  readonly gone: readonly string[];
} {
  const left = report.attendees.filter(({ findings }) =>
    findings.some(({ code }) => code === 'CI-ATTENDEE-UNKNOWN'),
  );
  if (left.length === 0 || left.length === report.attendees.length) return { report, gone: [] };
  const findings = report.findings.filter((found) => !left.some((one) => one.findings.includes(found)));
  return {
    report: {
      ...report,
      findings,
      attendees: report.attendees.filter((attendee) => !left.includes(attendee)),
      works: worksWith(findings),
    },
    gone: left.map(({ address }) => address),
  };
}
