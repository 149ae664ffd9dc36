/** The report for people: a short tree per endpoint, one table of attendees, and for each fault the line that mends it. Pure. */
import type { Detail } from './attendee.js';
import type { EndpointReport, Step } from './endpoint.js';
import { type Finding, stageName } from './finding.js';
import type { AttendeeReport } from './people.js';

/** A line with its meaning; the terminal chooses the colour. */
export interface ReportLine {
  readonly text: string;
  readonly tone: 'plain' | 'strong' | 'dim' | 'good' | 'warn' | 'bad';
}

const KINDS = {
  ews: 'Microsoft 365 (Legacy EWS)',
  graph: 'Microsoft 365 (Graph API)',
  onPremises: 'On-premises Exchange',
} as const;

/** What people in Google Calendar see of somebody's calendar. */
export const SEEN: Readonly<Record<Detail, string>> = {
  details: 'subject and place',
  busyOnly: 'busy or free only',
  nothing: 'nothing',
  unknown: 'free; nothing in this time tells more',
};

/** How many attendees are listed one by one: those with a finding first. */
const MOST_LISTED = 25;

export function reportLines(report: EndpointReport): readonly ReportLine[] {
  const lines = [
    headline(report),
    ...steps(report),
    ...report.findings.filter(({ about }) => !isAttendee(report, about)).flatMap(findingLines),
  ];
  if (report.attendees.length > 0) lines.push(plain(''), ...attendeeLines(report.attendees));
  return lines;
}

/** The kind of an endpoint in Google's words. */
export function kindName(kind: EndpointReport['kind']): string {
  return KINDS[kind];
}

function headline({ endpoint, kind, works, attendees, seconds }: EndpointReport): ReportLine {
  const reached = attendees.filter((attendee) => attendee.reached).length;
  const verdict = works
    ? `✓ works: ${reached} of ${attendees.length} calendars answered in ${seconds.toFixed(1)} s`
    : '✗ does not work';
  return { text: `${endpoint}  ${KINDS[kind]}  ${verdict}`, tone: works ? 'good' : 'bad' };
}

const MARKS = {
  held: { mark: '✓', tone: 'plain' },
  failed: { mark: '✗', tone: 'bad' },
  notLookedAt: { mark: '–', tone: 'dim' },
} as const;

function steps({ steps: all }: EndpointReport): readonly ReportLine[] {
  const width = Math.max(0, ...all.map(({ stage }) => stageName(stage).length));
  return all.map(({ stage, state, seen }: Step) => {
    const { mark, tone } = MARKS[state];
    return { text: `  ${mark} ${stageName(stage).padEnd(width)}  ${seen}`, tone };
  });
}

function isAttendee({ attendees }: EndpointReport, about: string): boolean {
  return attendees.some(({ address, findings }) => address === about && findings.length > 0);
}

function findingLines(found: Finding): readonly ReportLine[] {
  const tone = found.grave === 'fault' ? 'bad' : 'warn';
  return [
    { text: `    ${found.code}  ${found.what}`, tone },
    ...labelled([
      ['about', found.about],
      ['seen', found.evidence],
      ...(found.google === undefined ? [] : [['Google', `"${found.google}"`] as const]),
      ...found.mend.map((step, index) => [index === 0 ? 'next' : 'or', step] as const),
      ...(found.unconfirmed === undefined
        ? []
        : [['open', `nobody has confirmed ${found.unconfirmed}`] as const]),
    ]),
  ];
}

function labelled(rows: readonly (readonly [string, string])[]): readonly ReportLine[] {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => ({
    text: `      ${label.padEnd(width)}  ${value}`,
    tone: label === 'next' ? 'plain' : 'dim',
  }));
}

function attendeeLines(attendees: readonly AttendeeReport[]): readonly ReportLine[] {
  const worth = [...attendees].sort((one, other) => weight(other) - weight(one));
  const listed = worth.slice(0, MOST_LISTED);
  const rows = listed.map((attendee) => [
    attendee.address,
    SEEN[attendee.detail],
    attendee.reached ? String(attendee.events) : '',
    attendee.findings.map(({ code }) => code).join(' '),
  ]);
  const table = [['attendee', 'Google sees', 'events', 'why not more'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const text = (row: readonly string[]) =>
    `  ${row.map((cell, column) => (column === 2 ? cell.padStart(widths[2] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ')}`.trimEnd();
  const [head = [], ...body] = table;
  return [
    { text: text(head), tone: 'dim' },
    ...body.map((row, index) => ({ text: text(row), tone: toneOf(listed[index]) })),
    ...(attendees.length > listed.length
      ? [{ text: `  … ${attendees.length - listed.length} more`, tone: 'dim' } as const]
      : []),
    ...oncePerCode(attendees),
    ...googleLine(attendees),
  ];
}

function weight({ findings }: AttendeeReport): number {
  if (findings.some(({ grave }) => grave === 'fault')) return 2;
  return findings.length > 0 ? 1 : 0;
}

function toneOf(attendee: AttendeeReport | undefined): ReportLine['tone'] {
  return (['plain', 'warn', 'bad'] as const)[attendee === undefined ? 0 : weight(attendee)] ?? 'plain';
}

/** What a code means and how to mend it, told once, with the first one that has it. */
function oncePerCode(attendees: readonly AttendeeReport[]): readonly ReportLine[] {
  const first = new Map<string, Finding>();
  for (const found of attendees.flatMap(({ findings }) => findings)) {
    if (!first.has(found.code)) first.set(found.code, found);
  }
  return [...first.values()].flatMap(findingLines);
}

function googleLine(attendees: readonly AttendeeReport[]): readonly ReportLine[] {
  const unchecked = attendees.filter(({ google }) => google === 'notChecked').length;
  if (unchecked === 0) return [];
  return [
    {
      text: `  – whether ${unchecked === 1 ? 'this person has' : 'these people have'} Google Calendar turned off was not checked`,
      tone: 'dim',
    },
  ];
}

function plain(text: string): ReportLine {
  return { text, tone: 'plain' };
}
