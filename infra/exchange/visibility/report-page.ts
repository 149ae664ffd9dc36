/** The report as one HTML page: no script, nothing from the network, readable in light and dark and by screen readers. */
import { number, RESULTS } from './outcome.js';
import { accountLine, NOTEWORTHY, type ReportRow, type VisibilityReport } from './report.js';

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --dim: #666; }
@media (prefers-color-scheme: dark) { :root { --dim: #aaa; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
p.dim, td.dim { color: var(--dim); }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: .3rem 0; color: var(--dim); }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
td.count, th.count { text-align: right; font-variant-numeric: tabular-nums; }
td { overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } }
`;

/** @param title for example the stack's name */
export function reportPage(report: VisibilityReport, title: string): string {
  const noteworthy = report.rows.filter(({ result }) => NOTEWORTHY.includes(result));
  const others = report.rows.filter(({ result }) => !NOTEWORTHY.includes(result));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Calendar visibility: ${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Calendar visibility: ${escaped(title)}</h1>
<p class="dim">${escaped(accountLine(report))}</p>
<h2>Who sees what</h2>
${levelTable(report)}
<h2>Worth a look</h2>
${noteworthy.length === 0 ? '<p>Nothing.</p>' : rowTable(noteworthy, 'Mailboxes that failed, were left alone, or would change')}
<h2>All others</h2>
${others.length === 0 ? '<p>None.</p>' : rowTable(others, 'Mailboxes whose calendars show what they shall')}
${report.more > 0 ? `<p>${number(report.more)} more mailboxes are counted above and not listed.</p>` : ''}
</main>
</body>
</html>
`;
}

function levelTable({ levels }: VisibilityReport): string {
  const rows = levels.map(
    ({ level, kind, count }) =>
      `<tr><th scope="row">${escaped(level)}</th><td>${escaped(kind)}</td><td class="count">${number(count)}</td></tr>`,
  );
  return `<table>
<caption>What everybody in the organisation may see of a calendar</caption>
<thead><tr><th scope="col">Level</th><th scope="col">Kind of mailbox</th><th scope="col" class="count">Mailboxes</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`;
}

function rowTable(rows: readonly ReportRow[], caption: string): string {
  return `<table>
<caption>${escaped(caption)}</caption>
<thead><tr><th scope="col">Mailbox</th><th scope="col">Level</th><th scope="col">Result</th><th scope="col">Why</th></tr></thead>
<tbody>
${rows.map(tableRow).join('\n')}
</tbody>
</table>`;
}

function tableRow({ address, guid, level, result, reason }: ReportRow): string {
  const cells = [level ?? '', RESULTS[result], reason ?? ''].map((text) => `<td>${isolated(text)}</td>`);
  return `<tr><th scope="row">${isolated(address ?? guid)}</th>${cells.join('')}</tr>`;
}

/** Text of any direction of writing, which must not turn its neighbours around. */
function isolated(text: string): string {
  return text === '' ? '' : `<bdi>${escaped(text)}</bdi>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML; control characters, which HTML cannot hold, are replaced. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(/[^\P{Cc}\n\t]/gu, '\uFFFD');
}
