/**
 * Recipient filters in Exchange's OPATH language: the only place that puts one together or takes one apart.
 *
 * Facts: learn.microsoft.com/powershell/exchange/recipient-filters (single quotes around a value, a quote in it doubled); Exchange
 * stores a filter in a form of its own (MicrosoftDocs/office-docs-powershell, New-ManagementScope).
 */
import { CUSTOM_ATTRIBUTES } from '../config.js';

/** Properties that this product filters by. */
const PROPERTIES = [
  'UserPrincipalName',
  'PrimarySmtpAddress',
  'ExternalDirectoryObjectId',
  'Guid',
  'MemberOfGroup',
  ...CUSTOM_ATTRIBUTES,
] as const;

export type OpathProperty = (typeof PROPERTIES)[number];

/** One comparison `property -eq 'value'`. */
export interface Equality {
  readonly property: OpathProperty;
  readonly value: string;
}

/** PowerShell takes these for quotes, too, so that a value with one could end early. */
const QUOTE_LIKE = /[\u2018-\u201b]/u;

/**
 * A value in quotes.
 *
 * @throws TypeError for text that no directory value holds: control characters, lone surrogates, typographic quotes.
 */
export function quoteOpath(value: string): string {
  if (/\p{Cc}/u.test(value) || !value.isWellFormed() || QUOTE_LIKE.test(value)) {
    throw new TypeError('a filter value holds a character that cannot be quoted');
  }
  return `'${value.replaceAll("'", "''")}'`;
}

/**
 * A filter that is true where any of the comparisons is.
 *
 * @throws TypeError without a comparison: an empty filter would be true for everybody.
 */
export function anyOf(equalities: readonly Equality[]): string {
  if (equalities.length === 0) throw new TypeError('a filter needs a comparison');
  return equalities.map(({ property, value }) => `(${property} -eq ${quoteOpath(value)})`).join(' -or ');
}

/** The comparisons of a filter that is true where any of them is; undefined for every other filter. */
export function readAnyOf(filter: string): readonly Equality[] | undefined {
  const tokens = tokensOf(filter);
  if (tokens === undefined) return undefined;
  const reader = new Reader(tokens);
  const equalities = reader.anyOf();
  return equalities !== undefined && reader.isAtEnd ? equalities : undefined;
}

/** Whether a stored filter means the same as comparisons of ours, in whatever form Exchange keeps it. */
export function means(filter: string, equalities: readonly Equality[]): boolean {
  const stored = readAnyOf(filter);
  if (stored === undefined) return false;
  const key = ({ property, value }: Equality) => `${property}\n${value.toLowerCase()}`;
  const [one, other] = [new Set(stored.map(key)), new Set(equalities.map(key))];
  return one.size === other.size && [...one].every((entry) => other.has(entry));
}

type Token =
  | { readonly kind: '(' | ')' | '-eq' | '-or' }
  | { readonly kind: 'property'; readonly property: OpathProperty }
  | { readonly kind: 'value'; readonly value: string };

const TOKEN = /\s*(?:([()])|(-eq\b|-or\b)|'((?:[^']|'')*)'|([A-Za-z]+))/iy;

function tokensOf(filter: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const text = filter.trim();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) return undefined;
    const [, bracket, operator, value, word] = match;
    const property = PROPERTIES.find((name) => name.toLowerCase() === word?.toLowerCase());
    if (bracket === '(' || bracket === ')') tokens.push({ kind: bracket });
    else if (operator !== undefined) tokens.push({ kind: operator.toLowerCase() === '-eq' ? '-eq' : '-or' });
    else if (value !== undefined) tokens.push({ kind: 'value', value: value.replaceAll("''", "'") });
    else if (property !== undefined) tokens.push({ kind: 'property', property });
    else return undefined;
  }
  return tokens;
}

class Reader {
  #next = 0;
  constructor(readonly tokens: readonly Token[]) {}

  get isAtEnd(): boolean {
    return this.#next === this.tokens.length;
  }

  anyOf(): readonly Equality[] | undefined {
    const equalities: Equality[] = [];
    do {
      const some = this.#one();
      if (some === undefined) return undefined;
      equalities.push(...some);
    } while (this.#take('-or'));
    return equalities;
  }

  #one(): readonly Equality[] | undefined {
    if (this.#take('(')) {
      const inner = this.anyOf();
      return this.#take(')') ? inner : undefined;
    }
    const [property, operator, value] = this.tokens.slice(this.#next, this.#next + 3);
    if (property?.kind !== 'property' || operator?.kind !== '-eq' || value?.kind !== 'value')
      return undefined;
    this.#next += 3;
    return [{ property: property.property, value: value.value }];
  }

  #take(kind: Token['kind']): boolean {
    if (this.tokens[this.#next]?.kind !== kind) return false;
    this.#next += 1;
    return true;
  }
}
