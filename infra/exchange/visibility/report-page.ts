/** The report as one HTML page: no script, nothing from the network, readable in light and dark and by screen readers. */
import { filePage } from '../../pages/document.js';
import { type Html, type HtmlPart, html, isolated } from '../../pages/html.js';
import { number, RESULTS, type Result } from './outcome.js';
import { accountLine, NOTEWORTHY, type ReportRow, type VisibilityReport } from './report.js';

/** @param title for example the stack's name */
export function reportPage(report: VisibilityReport, title: string): string {
  const noteworthy = report.rows.filter(({ result }) => NOTEWORTHY.includes(result));
  const others = report.rows.filter(({ result }) => !NOTEWORTHY.includes(result));
  return filePage({
    title: 'Calendar visibility',
    subject: title,
    lead: accountLine(report),
    main: html`<h2>Who sees what</h2>
${levelTable(report)}
<h2>Worth a look</h2>
${noteworthy.length === 0 ? html`<p>Nothing.</p>` : rowTable(noteworthy, 'Mailboxes that failed, were left alone, or would change')}
<h2>All others</h2>
${others.length === 0 ? html`<p>None.</p>` : rowTable(others, 'Mailboxes whose calendars show what they shall')}
${report.more > 0 && html`<p>${number(report.more)} more mailboxes are counted above and not listed.</p>`}`,
  });
}

function levelTable({ levels }: VisibilityReport): Html {
  const rows = levels.map(
    ({
      level,
      kind,
      count,
    }) => html`<tr><th scope="row">${level}</th><td>${kind}</td><td class="count">${number(count)}</td></tr>
`,
  );
  return inFrame(
    'What everybody in the organisation may see of a calendar',
    html`<thead><tr><th scope="col">Level</th><th scope="col">Kind of mailbox</th><th scope="col" class="count">Mailboxes</th></tr></thead>
<tbody>
${rows}</tbody>`,
  );
}

function rowTable(rows: readonly ReportRow[], caption: string): Html {
  return inFrame(
    caption,
    html`<thead><tr><th scope="col">Mailbox</th><th scope="col">Level</th><th scope="col">Result</th><th scope="col">Why</th></tr></thead>
<tbody>
${rows.map(tableRow)}</tbody>`,
  );
}

/** A table that scrolls by itself where the window is narrow, by keyboard as well. */
function inFrame(caption: string, content: Html): Html {
  return html`<div class="scroll" role="group" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}</caption>
${content}
</table></div>`;
}

function tableRow({ address, guid, level, result, reason }: ReportRow): Html {
  return html`<tr><th scope="row">${isolated(address ?? guid)}</th><td>${isolated(level ?? '')}</td><td>${resultBadge(result)}</td><td>${isolated(reason ?? '')}</td></tr>
`;
}

function resultBadge(result: Result): HtmlPart {
  const tone = result === 'failed' ? 'bad' : NOTEWORTHY.includes(result) ? 'warn' : 'good';
  return html`<span class="badge ${tone}">${RESULTS[result]}</span>`;
}
