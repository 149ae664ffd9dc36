/**
 * The frame of every page that the tool makes: one look, nothing from the network, a Content Security Policy that allows just the
 * page's own style and, where there is one, its own script.
 */
import { createHash } from 'node:crypto';
import { Html, type HtmlPart, html } from './html.js';
import { PAGE_STYLE } from './style.js';

/** What a page says. */
export interface PageContent {
  /** Title of the window, and the page's one first-level heading. */
  readonly title: string;
  /** What the page is about, such as the stack's name. */
  readonly subject: string;
  /** One or two sentences under the heading. */
  readonly lead: HtmlPart;
  /** The main part: sections with second-level headings. */
  readonly main: HtmlPart;
  /** Wide pages use two columns where there is room. */
  readonly wide?: boolean;
}

/** A page that is saved as a file: its policy stands in the page, and it has no script. */
export function filePage(content: PageContent): string {
  const hash = createHash('sha256').update(PAGE_STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'`;
  return document(content, {
    head: html`<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    style: new Html(`<style>${PAGE_STYLE}</style>`),
    end: undefined,
  });
}

/** What a served page needs besides its content. */
export interface ServedParts {
  /** Of the answer's Content-Security-Policy, see {@link servedPolicy}. */
  readonly nonce: string;
  /** The page's script: text of our own, never made of data. */
  readonly script: string;
  /** Handed to the script as attributes `data-…` of the body. */
  readonly data: Readonly<Record<string, string>>;
}

/** A page that is served: style and script carry the nonce of the answer's policy. */
export function servedPage(content: PageContent, { nonce, script, data }: ServedParts): string {
  if (/<\/|<!--/.test(script)) throw new RangeError('a script must hold no end tag and no comment of HTML');
  return document(content, {
    head: undefined,
    style: html`<style nonce="${nonce}">${new Html(PAGE_STYLE)}</style>`,
    end: html`<script nonce="${nonce}">${new Html(script)}</script>`,
    data,
  });
}

/** The policy that a served page is sent with. */
export function servedPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

interface Frame {
  readonly head: HtmlPart;
  readonly style: HtmlPart;
  readonly end: HtmlPart;
  readonly data?: Readonly<Record<string, string>>;
}

function document({ title, subject, lead, main, wide }: PageContent, frame: Frame): string {
  const data = Object.entries(frame.data ?? {}).map(([name, value]) => html` data-${name}="${value}"`);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${frame.head}
<title>${title}: ${subject}</title>
${frame.style}
</head>
<body${data}>
<a class="skip" href="#main">Skip to the content</a>
<header class="${wide === true ? 'page wide' : 'page'}">
<p class="product">calendar-interop</p>
<h1>${title}: <bdi>${subject}</bdi></h1>
<p class="lead">${lead}</p>
</header>
<main id="main" class="${wide === true ? 'page wide' : 'page'}" tabindex="-1">
${main}
</main>
${frame.end}
</body>
</html>
`.markup;
}
