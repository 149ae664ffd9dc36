/** The report as one HTML page: no script, nothing from the network, readable in light and dark, on paper, by screen readers. Pure. */
import { filePage } from '../pages/document.js';
import { type Html, type HtmlPart, html, isolated } from '../pages/html.js';
import { countOf, type Item, SECTION_TITLES, type Section, type State } from './section.js';
import type { DoctorReport, Verdict, VerdictState } from './verdict.js';

const STATE_WORDS: Readonly<Record<State, readonly [string, string]>> = {
  ok: ['fine', 'good'],
  attention: ['to do', 'warn'],
  fault: ['fault', 'bad'],
  notChecked: ['not checked', ''],
};

const VERDICT_WORDS: Readonly<Record<VerdictState, readonly [string, string]>> = {
  ok: ['all is well', 'good'],
  attention: ['to do', 'warn'],
  fault: ['fault', 'bad'],
  incomplete: ['incomplete', 'warn'],
};

export function doctorPage(report: DoctorReport): string {
  return filePage({
    title: 'State of the stack',
    subject: report.stack,
    lead: html`Tenant ${isolated(report.tenant)}, looked at on <time datetime="${report.at}">${moment(report.at)}</time>. Nothing was changed.`,
    main: html`${verdictSection(report.verdict)}
${overview(report)}
${report.sections.map(sectionPart)}`,
  });
}

function verdictSection({ state, words, next }: Verdict): Html {
  const [word, tone] = VERDICT_WORDS[state];
  return html`<section class="card" aria-labelledby="verdict">
<div class="card-head"><h2 id="verdict">Verdict</h2><span class="badge ${tone}">${word}</span></div>
<p>${sentence(words)}</p>
${next.length > 0 && html`<h3>What to do</h3>${steps(next)}`}
</section>`;
}

function overview({ sections, leftOut }: DoctorReport): Html {
  const rows = sections.map(
    ({
      id,
      state,
      summary,
      items,
    }) => html`<tr><th scope="row"><a href="#${id}">${SECTION_TITLES[id]}</a></th><td>${badge(state)}</td><td>${isolated(summary)}</td><td class="count">${items.length}</td></tr>
`,
  );
  return html`<h2>Sections</h2>
${inFrame(
  'Sections of the report and their states',
  'overview',
  html`<thead><tr><th scope="col">Section</th><th scope="col">State</th><th scope="col">In short</th><th scope="col" class="count">Looked at</th></tr></thead>
<tbody>
${rows}</tbody>`,
)}
${leftOut.length > 0 && html`<p class="dim">Left out: ${leftOut.map((id) => SECTION_TITLES[id]).join(', ')}.</p>`}`;
}

/** What is not fine comes first; the order within a state is that of the report. */
const ORDER: readonly State[] = ['fault', 'attention', 'notChecked', 'ok'];

function sectionPart({ id, state, summary, items }: Section): Html {
  const sorted = ORDER.flatMap((wanted) => items.filter((item) => item.state === wanted));
  const fine = countOf(items, 'ok');
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${SECTION_TITLES[id]} ${badge(state)}</h2>
<p>${sentence(summary)}</p>
${inFrame(
  `${SECTION_TITLES[id]}: ${items.length} looked at, ${fine} fine`,
  'items',
  html`<thead><tr><th scope="col">Looked at</th><th scope="col">Found, and what to do</th></tr></thead>
<tbody>
${sorted.map(itemRow)}</tbody>`,
)}
</section>
`;
}

function itemRow({ state, id, what, about, found, allowed, next }: Item): Html {
  return html`<tr><th scope="row">${badge(state)}<br>${isolated(what)}<br><code class="dim">${id}</code></th><td>${about?.map((one, index) => html`${index > 0 && ', '}${isolated(one)}`)}${about !== undefined && found !== undefined && html`<br>`}${isolated(found ?? '')}${allowed !== undefined && html`<br><span class="dim">allowed:</span> ${isolated(allowed)}`}${steps(next)}</td></tr>
`;
}

function steps(next: readonly string[]): HtmlPart {
  if (next.length === 0) return undefined;
  return html`<ul class="ways">${next.map((step) => html`<li>${isCommand(step) ? html`<code>${step}</code>` : isolated(step)}</li>`)}</ul>`;
}

/** What is to be typed, as against what is to be clicked or thought about. */
function isCommand(step: string): boolean {
  return /^(calendar-interop|export|az|curl|openssl|nc|nslookup|gcloud|timedatectl|[A-Z][a-z]+-[A-Z])/.test(
    step,
  );
}

function badge(state: State): Html {
  const [word, tone] = STATE_WORDS[state];
  return html`<span class="badge ${tone}">${word}</span>`;
}

/** A table that scrolls by itself where the window is narrow, by keyboard as well. */
function inFrame(caption: string, kind: 'overview' | 'items', content: Html): Html {
  return html`<div class="scroll" role="group" aria-label="${caption}" tabindex="0"><table class="${kind}">
<caption>${caption}</caption>
${content}
</table></div>`;
}

function sentence(text: string): HtmlPart {
  return isolated(`${text.charAt(0).toUpperCase()}${text.slice(1)}.`);
}

function moment(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
