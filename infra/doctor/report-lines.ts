/** The report for a terminal. Pure. */
import type { ReportLine } from '../verify/report.js';
import { type Item, SECTION_TITLES, type Section, type State } from './section.js';
import type { DoctorReport, VerdictState } from './verdict.js';

const MARKS: Readonly<Record<State, readonly [string, ReportLine['tone']]>> = {
  ok: ['✓', 'good'],
  attention: ['!', 'warn'],
  fault: ['✗', 'bad'],
  notChecked: ['–', 'dim'],
};

const VERDICT_TONES: Readonly<Record<VerdictState, ReportLine['tone']>> = {
  ok: 'good',
  attention: 'warn',
  incomplete: 'warn',
  fault: 'bad',
};

/** One section: its state, then what is not fine. What to do is told once, with the first item that it mends. */
export function sectionLines(section: Section): readonly ReportLine[] {
  const [mark, tone] = MARKS[section.state];
  const state = section.state === 'notChecked' ? 'not checked: ' : '';
  const headline = { text: `${mark} ${SECTION_TITLES[section.id]}  ${state}${section.summary}`, tone };
  const told = new Set<string>();
  const lines: ReportLine[] = [headline];
  for (const item of section.items) {
    if (item.state === 'ok') continue;
    lines.push(...itemLines({ ...item, next: item.next.filter((step) => !told.has(step)) }, section));
    for (const step of item.next) told.add(step);
  }
  return lines;
}

function itemLines(
  { state, id, what, about, found, allowed, next }: Item,
  section: Section,
): readonly ReportLine[] {
  const [mark, tone] = MARKS[state];
  const repeatsHeadline = section.state === 'notChecked' && what === section.summary;
  const code = id.startsWith('CI-') ? `${id}  ` : '';
  const head = { text: `    ${mark} ${state === 'notChecked' ? 'not checked: ' : ''}${code}${what}`, tone };
  const rows = [
    ...(about === undefined ? [] : [['about', about.join(', ')] as const]),
    ...(found === undefined ? [] : [['found', found] as const]),
    ...(allowed === undefined ? [] : [['allowed', allowed] as const]),
    ...next.map((step, index) => [index === 0 ? 'next' : 'or', step] as const),
  ];
  return [
    ...(repeatsHeadline ? [] : [head]),
    ...rows.map(([label, text]) => ({
      text: `        ${label.padEnd(7)}  ${text}`,
      tone: label === 'next' ? ('plain' as const) : ('dim' as const),
    })),
  ];
}

/** The verdict, and the first thing to do: last. */
export function verdictLines(report: DoctorReport): readonly ReportLine[] {
  const [first] = report.verdict.next;
  return [
    verdictLine(report),
    ...(first === undefined ? [] : [{ text: `  next: ${first}`, tone: 'plain' as const }]),
  ];
}

function verdictLine({ verdict, leftOut }: DoctorReport): ReportLine {
  const words = `${verdict.words.charAt(0).toUpperCase()}${verdict.words.slice(1)}.`;
  const left = leftOut.length === 0 ? '' : ` Left out: ${leftOut.join(', ')}.`;
  return { text: `${words}${left} Nothing was changed.`, tone: VERDICT_TONES[verdict.state] };
}
