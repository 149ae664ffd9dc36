/** Whom to look up where nobody was named: a few people whom the last sweep over the calendars on this machine has seen. */
import { domainOf } from '../config/values.js';
import { type ReportRow, readLastSweep, type VisibilityFiles } from '../exchange/visibility/index.js';
import { type EndpointReport, worksWith } from './endpoint.js';
import type { AttendeeReport } from './people.js';

/** How many are taken. */
const MOST = 4;

/** What the last sweep tells about people. */
export interface SweepSample {
  /** Whom to look up, for each group of domains in their order: nobody where no sweep has run on this machine. */
  readonly people: readonly (readonly string[])[];
  /**
   * Who shows less on purpose, by primary address in small letters, with the reason: of those chosen and of those asked about. The
   * sweep knows them whatever excluded them: this address, another one of theirs, or an attribute.
   */
  readonly excluded: ReadonlyMap<string, string>;
}

/**
 * People whose calendars the sweep found or made open enough, the first ones that it met, and one whose calendar is stricter on
 * purpose: what a healthy endpoint shows.
 *
 * @param groups the domains of each endpoint
 * @param named addresses of others whose exclusion is asked about
 */
export async function sampleOfLastSweep(
  files: VisibilityFiles,
  groups: readonly (readonly string[])[],
  named: readonly string[],
): Promise<SweepSample> {
  const wanted = new Set(named.map((address) => address.toLowerCase()));
  const samples = groups.map((domains) => ({ domains, open: [] as string[], strict: [] as string[] }));
  const excluded = new Map<string, string>();
  await readLastSweep(files, ({ address, kind, result, reason = '' }) => {
    if (address === undefined) return;
    const lower = address.toLowerCase();
    if (kind === 'UserMailbox') {
      for (const { domains, open, strict } of samples) {
        if (!domains.includes(domainOf(lower))) continue;
        if (isOpen(result) && open.length < MOST) open.push(address);
        if (result !== 'excluded' || strict.length > 0) continue;
        strict.push(address);
        wanted.add(lower);
      }
    }
    if (result === 'excluded' && wanted.has(lower)) excluded.set(lower, reason);
  });
  return { people: samples.map(({ open, strict }) => [...open, ...strict]), excluded };
}

function isOpen(result: ReportRow['result']): boolean {
  return result === 'enough' || result === 'raised';
}

/** Who was chosen for an endpoint, and has left since the last sweep. */
export interface GoneOfEndpoint {
  readonly endpoint: string;
  readonly addresses: readonly string[];
}

/**
 * Somebody of the last sweep who has left since is no fault of the endpoint. Who is not known counts as one who has left
 *
 * - where the tenant itself says that it has no such mailbox and no such person;
 * - where nobody could look into the tenant, only beside somebody of the same domain whom the look-up knows: that the whole domain is
 *   not known is a fault of the endpoint, not of its people.
 *
 * Whom the tenant has, and the look-up does not know, stays a fault. Where nobody would be left, nothing is proven: then all stay.
 *
 * @param report a look-up of people whom nobody named
 * @returns the report without those who left, and their addresses
 */
export function leaveOutThoseGone(report: EndpointReport): {
  readonly report: EndpointReport;
  readonly gone: readonly string[];
} {
  const { attendees } = report;
  const alive = new Set(attendees.filter(isKnown).map(({ address }) => domainOf(address.toLowerCase())));
  const left = attendees.filter((attendee) => hasLeft(attendee, alive));
  if (left.length === 0 || left.length === attendees.length) return { report, gone: [] };
  const findings = report.findings.filter((found) => !left.some((one) => one.findings.includes(found)));
  return {
    report: {
      ...report,
      findings,
      attendees: attendees.filter((attendee) => !left.includes(attendee)),
      works: worksWith(findings),
    },
    gone: left.map(({ address }) => address),
  };
}

/** Whether the look-up found the mailbox, however little its calendar shows. */
function isKnown({ findings }: AttendeeReport): boolean {
  return findings.every(({ stage }) => stage !== 'mailbox');
}

/** @param alive domains in which the look-up knows somebody */
function hasLeft({ address, findings, inTenant }: AttendeeReport, alive: ReadonlySet<string>): boolean {
  if (!findings.some(({ code }) => code === 'CI-ATTENDEE-UNKNOWN')) return false;
  return inTenant === undefined ? alive.has(domainOf(address.toLowerCase())) : !inTenant;
}
