/**
 * HTML that is escaped by construction: text becomes markup only through the template {@link html}, and whatever is put into a
 * template is text unless it came out of one.
 */

/** Markup that is safe to send. Made by {@link html} only. */
export class Html {
  readonly markup: string;

  /** Not for callers: {@link html} and the document are the only ones who may call text markup. */
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What may stand in a template. `undefined` and `false` are nothing. */
export type HtmlPart = Html | string | number | undefined | false | readonly HtmlPart[];

/** A piece of HTML. Values are escaped, for text and for attributes in double quotes alike. */
export function html(texts: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(texts.map((text, index) => text + markupOf(parts[index])).join(''));
}

/** Text of any direction of writing, which must not turn its neighbours around. */
export function isolated(text: string): HtmlPart {
  return text === '' ? undefined : html`<bdi>${text}</bdi>`;
}

function markupOf(part: HtmlPart): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part === 'object') return part.map(markupOf).join('');
  return escaped(String(part));
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
