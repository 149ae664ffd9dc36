/**
 * The hand-off as a page: checklist, values to copy, timeline. Everything but the secret can be read without JavaScript and without
 * network; the secret is never in it, see page-script.ts.
 */
import type { FormField, GoogleForm } from '../endpoints/google-forms.js';
import { GOOGLE_CONSOLE_PATH, GOOGLE_CONSOLE_URL } from '../endpoints/google-forms.js';
import { servedPage } from '../pages/document.js';
import { type Html, type HtmlPart, html } from '../pages/html.js';
import { endpointId, progressText, type Step, type StepState } from './checklist.js';
import { HANDOFF_SCRIPT } from './page-script.js';
import type { EndpointSheet, HandoffSheet, StackSheet } from './sheet.js';
import { fromNow, type SecretLife } from './timeline.js';

/** What the page shows and what its server gives it. */
export interface HandoffPage {
  readonly sheet: HandoffSheet;
  readonly steps: readonly Step[];
  readonly now: Date;
  /** Evidence is being waited for. */
  readonly watching: boolean;
  readonly nonce: string;
  /** Stands in every request that shows or changes something. */
  readonly csrfToken: string;
  /** How long a secret that is shown stays on the screen. */
  readonly revealSeconds: number;
}

export function handoffPage(page: HandoffPage): string {
  const { sheet, steps, nonce, csrfToken, revealSeconds } = page;
  return servedPage(
    {
      title: "Hand-off to Google's console",
      subject: sheet.stacks.map(({ name }) => name).join(', '),
      lead: leadOf(page),
      main: html`${sheet.notes.map((note) => html`<p class="note">${note}</p>`)}
<div class="columns">
<section aria-labelledby="steps-title">
<h2 id="steps-title">Steps</h2>
<div class="card">
<p id="progress" class="dim">${progressText(steps)}</p>
<ol class="steps">
${steps.map(stepItem)}</ol>
</div>
</section>
<div>
<section aria-labelledby="values-title">
<h2 id="values-title">Values for the form</h2>
<p class="no-script dim">Without JavaScript nothing can be copied by a button or ticked here, and the secret stays hidden: calendar-interop handoff --show-secrets prints it.</p>
${sheet.endpoints.map((endpoint) => endpointSection(endpoint, sheet))}</section>
<section aria-labelledby="timeline-title">
<h2 id="timeline-title">Expiry and rotation</h2>
${sheet.stacks.map((stack) => timeline(stack, page.now))}</section>
</div>
</div>
<div class="notice">
<p id="said" role="status" aria-live="polite">${page.watching ? 'Waiting for evidence.' : 'Copy a value, paste it in the console, tick the step.'}</p>
<button type="button" id="finish" class="main">Finish and close</button>
</div>`,
      wide: true,
    },
    { nonce, script: HANDOFF_SCRIPT, data: { csrf: csrfToken, 'reveal-seconds': String(revealSeconds) } },
  );
}

function leadOf({ sheet, now }: HandoffPage): Html {
  const secrets = sheet.stacks.map(({ name, secret }) => {
    const which = html`<code>${secret.name}</code>${sheet.stacks.length > 1 && ` of stack ${name}`}`;
    return secret.staged
      ? html`The new secret ${which} replaces the one that Google holds; it ends ${day(secret.endDate)}, ${fromNow(secret.endDate, now)}. `
      : html`The secret ${which} ends ${day(secret.endDate)}, ${fromNow(secret.endDate, now)}. `;
  });
  return html`Google has no API for its form: a person pastes these values into the ${GOOGLE_CONSOLE_PATH.split(' > ')[0]}. ${secrets}`;
}

const STATE_TONES: Readonly<Record<StepState, string>> = { proven: 'good', done: 'good', open: '' };

/** What the page says for each state; the script changes it in place. */
const STATE_WORDS: Readonly<Record<StepState, string>> = {
  proven: 'done and proven',
  done: 'done',
  open: 'open',
};

function stepItem({ id, title, what, state, found, tickable, endpoint }: Step): Html {
  return html`<li class="step" data-step="${id}" data-state="${state}">
<div class="mark"><span class="sign" aria-hidden="true"></span></div>
<div>
<div class="step-head"><h3>${title}</h3><span class="badge ${STATE_TONES[state]}" data-state-badge>${STATE_WORDS[state]}</span></div>
${what.map((sentence) => html`<p class="what">${sentence}</p>`)}
${id === 'console' && html`<p class="what"><a href="${GOOGLE_CONSOLE_URL}" target="_blank" rel="noopener noreferrer">Open Google's Admin console<span class="hidden-text"> (in a new tab)</span></a></p>`}
${endpoint !== undefined && html`<p class="no-print"><a href="#${anchor(endpoint)}">Its values</a></p>`}
<p class="found" data-found>${found}</p>
${tickable && html`<label class="tick needs-script no-print"><input type="checkbox" data-tick="${id}"${state !== 'open' && html` checked`}${state === 'proven' && html` disabled`}> I have done this<span class="hidden-text">: ${title}</span></label>`}
</div>
</li>
`;
}

function endpointSection(endpoint: EndpointSheet, sheet: HandoffSheet): Html {
  const id = endpointId(endpoint);
  const several = sheet.stacks.length > 1;
  const heading = html`Endpoint ${endpoint.name}${several && html` <span class="dim">of stack ${endpoint.stack}</span>`}`;
  return html`<article class="card" id="${anchor(id)}" aria-labelledby="${anchor(id)}-title" tabindex="-1">
<div class="card-head"><h3 id="${anchor(id)}-title">${heading}</h3><span class="dim">${endpoint.domains.join(', ')}</span></div>
${endpoint.forms.map((form, index) => formFields(form, endpoint, `${id}:${index}`, endpoint.otherForms.length > 0 ? 'the form that Google holds now' : undefined))}
${endpoint.otherForms.map((form, index) => formFields(form, endpoint, `${id}:other:${index}`, 'the other form, while the endpoint is being moved'))}
</article>
`;
}

function formFields(form: GoogleForm, endpoint: EndpointSheet, id: string, role: string | undefined): Html {
  const name = form.domain === undefined ? form.formType : `${form.formType}, ${form.domain}`;
  return html`<div class="form"><p><span class="dim">Endpoint type</span> <strong>${form.formType}</strong>${form.domain !== undefined && html` <span>entry for ${form.domain}</span>`}${role !== undefined && html` <span class="badge">${role}</span>`}</p>
${form.problem !== undefined && html`<p class="note">${form.problem}</p>`}
<dl class="fields" aria-label="${name}">
${form.fields.map((field, index) => fieldRow(field, endpoint, anchor(`${id}:${index}`), name))}</dl></div>
`;
}

function fieldRow(field: FormField, endpoint: EndpointSheet, id: string, form: string): Html {
  const label = `${field.label} of ${endpoint.name}, ${form}`;
  return html`<div class="field"><dt>${field.label}</dt>${fieldValue(field, endpoint, id, label)}</div>
`;
}

function fieldValue(
  { value, kind, label }: FormField,
  { stack }: EndpointSheet,
  id: string,
  name: string,
): HtmlPart {
  switch (kind) {
    case 'told':
      return html`<dd class="dim">${value}</dd><dd></dd>`;
    case 'value':
      return html`<dd><code class="value" id="${id}">${value}</code></dd><dd class="tools"><button type="button" data-copy="${id}" data-label="${label}" aria-label="Copy ${name}">Copy</button></dd>`;
    case 'secret':
      return html`<dd><code class="value masked secret-shown" id="${id}"><span aria-hidden="true">••••••••••••</span><span class="hidden-text">hidden</span></code><span class="secret-on-paper">never printed</span></dd><dd class="tools"><button type="button" data-reveal="${stack}" data-target="${id}" aria-label="Show ${name}">Show</button><button type="button" data-copy-secret="${stack}" data-label="${label}" aria-label="Copy ${name}">Copy</button></dd>`;
  }
}

const ROLES: Readonly<Record<SecretLife['role'], string>> = {
  current: 'current',
  staged: 'new, to be pasted',
  old: 'former',
  foreign: 'was there before',
};

const LIFE_STATES: Readonly<Record<SecretLife['state'], readonly [tone: string, words: string]>> = {
  fresh: ['good', 'valid'],
  due: ['warn', 'rotation is due'],
  ended: ['bad', 'has ended'],
};

function timeline({ name, lives }: StackSheet, now: Date): Html {
  const scale = timeScale(lives, now);
  const caption = `Secrets of stack ${name}`;
  return html`<div class="scroll" role="group" aria-label="${caption}" tabindex="0"><table>
<caption>${caption}, as of ${day(now.toISOString())}</caption>
<thead><tr><th scope="col">Secret</th><th scope="col" class="life-column" aria-hidden="true">Life</th><th scope="col" class="made-column">Made</th><th scope="col">Rotation due</th><th scope="col">Ends</th><th scope="col">State</th></tr></thead>
<tbody>
${lives.map((life) => lifeRow(life, scale, now))}</tbody>
</table>
<ul class="legend" aria-hidden="true">
<li><svg class="bar" viewBox="0 0 10 10"><rect class="life" width="10" height="10"></rect></svg>valid</li>
<li><svg class="bar" viewBox="0 0 10 10"><rect class="lead-time" width="10" height="10"></rect></svg>rotation is due</li>
<li><svg class="bar" viewBox="0 0 10 10"><rect class="now" x="4" width="2" height="10"></rect></svg>today</li>
</ul></div>
`;
}

function lifeRow(life: SecretLife, scale: TimeScale, now: Date): Html {
  const [tone, words] = LIFE_STATES[life.state];
  return html`<tr><th scope="row"><code class="${life.role === 'foreign' ? '' : 'short'}">${life.name}</code><br><span class="dim">${ROLES[life.role]}</span></th><td class="life-column" aria-hidden="true">${lifeBar(life, scale, now)}</td><td class="when made-column">${life.start === undefined ? 'not known' : day(life.start)}</td><td class="when">${life.due === undefined ? '–' : html`${day(life.due)}<br><span class="dim">${fromNow(life.due, now)}</span>`}</td><td class="when">${day(life.end)}<br><span class="dim">${fromNow(life.end, now)}</span></td><td><span class="badge ${tone}">${words}</span></td></tr>
`;
}

/** Where a moment lies on the bar, in percent. */
type TimeScale = (instant: string | undefined) => number;

function timeScale(lives: readonly SecretLife[], now: Date): TimeScale {
  const times = lives
    .flatMap(({ start, due, end }) => [start, due, end])
    .filter((time) => time !== undefined);
  const instants = [...times.map((time) => Date.parse(time)), now.getTime()];
  const [from, to] = [Math.min(...instants), Math.max(...instants)];
  return (instant) => {
    const time = instant === undefined ? from : Date.parse(instant);
    return to === from ? 0 : Math.round(((time - from) / (to - from)) * 1000) / 10;
  };
}

/** Sizes stand in attributes: the page's policy allows no style of an element. */
function lifeBar({ start, due, end }: SecretLife, scale: TimeScale, now: Date): Html {
  // A secret whose whole life is shorter than the lead time is due from its start.
  const [from, last] = [scale(start), scale(end)];
  const until = Math.max(from, scale(due ?? end));
  return html`<svg class="bar" focusable="false"><rect class="track" width="100%" height="100%" rx="4"></rect><rect class="life" x="${from}%" width="${until - from}%" height="100%"></rect>${due !== undefined && html`<rect class="lead-time" x="${until}%" width="${last - until}%" height="100%"></rect>`}<rect class="now" x="${Math.min(scale(now.toISOString()), 99)}%" width="2" height="100%"></rect></svg>`;
}

function day(instant: string): string {
  return instant.slice(0, 10);
}

/** An id for HTML: readable, and different for different names. */
function anchor(name: string): string {
  return `e-${name.replace(/[^A-Za-z0-9-]/g, (character) => `_${character.codePointAt(0)?.toString(16)}`)}`;
}
