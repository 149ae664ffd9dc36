/**
 * The one style of all pages: light, dark, narrow and on paper. Colours of text have a contrast of 4.5 to 1 or more on what they
 * stand on (WCAG 2.2, AA): a test computes it in a browser. Edges of controls are meant to have 3 to 1, which no test computes.
 */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f6f3; --card: #ffffff; --text: #1d2125; --dim: #565d66; --line: #dcded8; --edge: #767d86;
  --accent: #0b5c59; --on-accent: #ffffff; --good: #14613a; --good-ground: #e3f3e8; --warn: #7d4400;
  --warn-ground: #fbf0dc; --bad: #9c1f1f; --bad-ground: #fbe9e7; --field: #f3f4f1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #13171a; --card: #1b2025; --text: #e8eaec; --dim: #a8b0b8; --line: #333b43; --edge: #7f8994;
    --accent: #79d4ca; --on-accent: #07211f; --good: #86dba7; --good-ground: #17342a; --warn: #f2bf73;
    --warn-ground: #382b15; --bad: #ffa59b; --bad-ground: #40211f; --field: #242b31;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.55 system-ui, "Segoe UI", Roboto, "Open Sans", sans-serif; }
.page { max-width: 64rem; margin: 0 auto; padding: 0 1.25rem; }
.page.wide { max-width: 84rem; }
header.page { padding-top: 2rem; }
main.page { padding-bottom: 4rem; }
main:focus { outline: none; }
.product { margin: 0; color: var(--dim); font-size: .875rem; letter-spacing: .02em; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: .1rem 0 .5rem; font-weight: 650; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.25rem 0 .75rem; font-weight: 650; }
h3 { font-size: 1rem; margin: 0; font-weight: 650; overflow-wrap: anywhere; }
p { margin: .5rem 0; }
a { color: var(--accent); text-underline-offset: .15em; }
.lead { color: var(--dim); margin: 0 0 1.5rem; max-width: 46rem; }
.dim { color: var(--dim); }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem .75rem; border-radius: .4rem; z-index: 2; }
.hidden-text { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .25rem; }
code { font: .9375em/1.5 ui-monospace, "SF Mono", Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }

.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.1rem 1.25rem; margin: 0 0 1rem; }
.card > :first-child { margin-top: 0; }
.card > :last-child { margin-bottom: 0; }
.card-head { display: flex; flex-wrap: wrap; gap: .35rem .75rem; align-items: baseline; margin-bottom: .25rem; }
.note { border-left: .25rem solid var(--warn); background: var(--warn-ground); color: var(--text); padding: .6rem .9rem; border-radius: 0 .5rem .5rem 0; margin: .75rem 0; }
.badge { display: inline-block; max-width: 100%; font-size: .8125rem; line-height: 1.2; font-weight: 600; padding: .2rem .5rem; border-radius: 1rem; background: var(--field); color: var(--dim); }
.badge.good { background: var(--good-ground); color: var(--good); }
.badge.warn { background: var(--warn-ground); color: var(--warn); }
.badge.bad { background: var(--bad-ground); color: var(--bad); }

.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: .35rem 1.25rem .6rem; margin: 0 0 1rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: .5rem 0; color: var(--dim); font-size: .9375rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem 1rem .5rem 0; border-top: 1px solid var(--line); overflow-wrap: break-word; }
thead th { border-top: 0; color: var(--dim); font-size: .875rem; font-weight: 600; overflow-wrap: normal; }
tbody th { font-weight: 600; }
tbody th bdi { overflow-wrap: anywhere; display: inline-block; min-width: 9rem; }
tbody th .dim { font-weight: 400; }
tbody th code { overflow-wrap: normal; }
th:last-child, td:last-child { padding-right: 0; }
td.count, th.count { text-align: right; font-variant-numeric: tabular-nums; }
td .badge { border-radius: .5rem; }
td.when { white-space: nowrap; font-variant-numeric: tabular-nums; }

.ways { margin: 0; padding-left: 1.1rem; }
.ways li + li { margin-top: .25rem; }

.card-head h2 { margin: 0; }
table.items { table-layout: fixed; }
table.items th:first-child { width: 44%; }
table.items tbody th bdi { min-width: 0; }
table.items td, table.items th code { overflow-wrap: anywhere; }

button { font: inherit; font-size: .875rem; font-weight: 600; line-height: 1.2; padding: .45rem .8rem; min-height: 2.1rem; border-radius: .45rem; border: 1px solid var(--edge); background: var(--card); color: var(--accent); cursor: pointer; white-space: nowrap; }
button:hover { border-color: var(--accent); background: var(--field); }
button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.main:hover { text-decoration: underline; }
button[disabled] { color: var(--dim); border-color: var(--line); background: var(--field); cursor: default; text-decoration: none; }
html:not(.js) button, html:not(.js) .needs-script { display: none; }
html.js .no-script { display: none; }

.form { margin: .75rem 0 0; }
.form + .form { margin-top: 1.5rem; padding-top: 1rem; border-top: 2px solid var(--line); }
.form > p { display: flex; flex-wrap: wrap; gap: .25rem .5rem; align-items: baseline; }
.fields { margin: .5rem 0 0; }
.field { display: grid; grid-template-columns: minmax(10rem, 15rem) 1fr auto; gap: .25rem 1rem; align-items: center; padding: .5rem 0; border-top: 1px solid var(--line); }
.field dt { color: var(--dim); font-size: .9375rem; }
.field dd { margin: 0; min-width: 0; }
.field .tools { display: flex; flex-wrap: wrap; gap: .5rem; justify-content: flex-end; }
.value { display: inline-block; background: var(--field); border-radius: .35rem; padding: .15rem .5rem; user-select: all; }
.masked { letter-spacing: .12em; user-select: none; color: var(--dim); }

.steps { list-style: none; margin: 0; padding: 0; counter-reset: step; }
.step { display: grid; grid-template-columns: 1.75rem 1fr; gap: 0 .65rem; padding: .75rem 0; border-top: 1px solid var(--line); counter-increment: step; }
.step:first-child { border-top: 0; padding-top: 0; }
.step:last-child { padding-bottom: 0; }
.step .mark { display: flex; justify-content: center; padding-top: .15rem; }
.step .mark .sign::before { content: counter(step); display: grid; place-items: center; width: 1.5rem; height: 1.5rem; border-radius: 50%; border: 1px solid var(--edge); color: var(--dim); font-size: .8125rem; font-weight: 600; line-height: 1; }
.step[data-state="done"] .sign::before, .step[data-state="proven"] .sign::before { content: "\\2713"; border-color: var(--good); color: var(--good); background: var(--good-ground); }
.step-head { display: grid; grid-template-columns: 1fr auto; gap: .6rem; align-items: baseline; }
.step[data-state="done"] .what, .step[data-state="proven"] .what { display: none; }
.step p { margin: .2rem 0 0; color: var(--dim); font-size: .9375rem; }
.step .found { color: var(--good); }
.step label.tick { display: inline-flex; gap: .5rem; align-items: center; margin-top: .4rem; font-size: .9375rem; cursor: pointer; }
input[type="checkbox"] { width: 1.15rem; height: 1.15rem; margin: 0; accent-color: var(--accent); flex: none; }

.bar { display: block; width: 100%; height: 1.1rem; min-width: 8rem; }
.bar .track { fill: var(--field); }
.bar .life { fill: var(--accent); }
.bar .lead-time { fill: var(--warn); }
.bar .now { fill: var(--text); stroke: var(--card); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .6rem 0 0; padding: 0; list-style: none; color: var(--dim); font-size: .875rem; }
.legend .bar { display: inline-block; min-width: 0; width: .85rem; height: .85rem; vertical-align: -.08rem; margin-right: .4rem; }

.notice { position: sticky; bottom: 0; margin: 1.5rem 0 0; padding: .6rem 1rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; }
.notice p { margin: 0; min-height: 1.55em; }
@media (min-width: 72rem) {
  .columns { display: grid; grid-template-columns: 25rem minmax(0, 1fr); gap: 0 2rem; align-items: start; }
  .columns > section > h2, .columns > div > section:first-child > h2 { margin-top: 0; }
}
@media (max-width: 40rem) {
  .page { padding: 0 .9rem; }
  h1 { font-size: 1.4rem; }
  .card { padding: .9rem; }
  .scroll { padding: .25rem .9rem .5rem; }
  .life-column { display: none; }
  table { font-size: .875rem; }
  th, td { padding-right: .6rem; }
  .field { grid-template-columns: 1fr auto; }
  .field dt { grid-column: 1 / -1; }
}
@media (prefers-reduced-motion: no-preference) { button { transition: border-color .12s, background-color .12s; } }
@media print {
  :root { --ground: #fff; --card: #fff; --text: #000; --dim: #444; --line: #bbb; --edge: #666; --field: #fff; --accent: #0b5c59; --good: #14613a; --good-ground: #fff; --warn: #7d4400; --warn-ground: #fff; --bad: #9c1f1f; --bad-ground: #fff; }
  body { font-size: 10pt; }
  .page, .page.wide { max-width: none; padding: 0; }
  .columns { display: block; }
  button, .skip, .notice, .no-print { display: none !important; }
  .secret-shown { display: none !important; }
  .secret-on-paper { display: inline !important; }
  .card, .scroll { border-radius: 0; }
  .field, .step, tr { break-inside: avoid; }
  h2, h3, .card-head { break-after: avoid; }
  .value { padding: 0; }
  .bar rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
.secret-on-paper { display: none; }
`;
