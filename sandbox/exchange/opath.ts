/**
 * Recipient filters in OPATH, the part that scopes and -Filter use: `-eq -ne -like -notlike -and -or -not`, parentheses, strings
 * in single or double quotes, `$true $false $null` and bare words. Everything else is refused.
 */
import { CUSTOM_ATTRIBUTES } from './model.js';

export type Comparison = 'eq' | 'ne' | 'like' | 'notlike';
export type Literal = string | boolean | null;

export type Filter =
  | {
      readonly kind: 'compare';
      readonly property: string;
      readonly operator: Comparison;
      readonly value: Literal;
    }
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly inner: Filter };

/** Properties that a filter may name, in Exchange's own spelling. */
export const FILTERABLE: readonly string[] = [
  'Alias',
  ...CUSTOM_ATTRIBUTES,
  'DisplayName',
  'DistinguishedName',
  'EmailAddresses',
  'ExternalDirectoryObjectId',
  'Guid',
  'HiddenFromAddressListsEnabled',
  'MemberOfGroup',
  'Name',
  'PrimarySmtpAddress',
  'RecipientType',
  'RecipientTypeDetails',
  'UserPrincipalName',
  'WindowsLiveID',
];

/** A filter that is none; `position` counts characters from 1. */
export class OpathError extends Error {
  override readonly name = 'OpathError';
  constructor(
    readonly what: string,
    readonly position: number,
  ) {
    super(
      `Invalid filter syntax. For a description of the filter parameter syntax see the command help. ${what} at position ${position}.`,
    );
  }
}

type Token =
  | { readonly kind: '(' | ')' | 'end'; readonly at: number }
  | {
      readonly kind: 'operator' | 'word' | 'variable' | 'string';
      readonly at: number;
      readonly text: string;
    };

const WORD = /[A-Za-z0-9_.@*+/-]/;
const DEEPEST = 200;

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const letter = text.charAt(at);
    if (/\s/.test(letter)) {
      at += 1;
      continue;
    }
    const token = tokenAt(text, at, letter);
    tokens.push(token.token);
    at = token.end;
  }
  return [...tokens, { kind: 'end', at: text.length + 1 }];
}

function tokenAt(text: string, at: number, letter: string): { readonly token: Token; readonly end: number } {
  if (letter === '(' || letter === ')') return { token: { kind: letter, at: at + 1 }, end: at + 1 };
  if (letter === "'" || letter === '"') return quoted(text, at, letter);
  if (letter === '-') return prefixed(text, at, 'operator');
  if (letter === '$') return prefixed(text, at, 'variable');
  const word = run(text, at, WORD);
  if (word === '') throw new OpathError(`Unexpected character '${letter}'`, at + 1);
  return { token: { kind: 'word', at: at + 1, text: word }, end: at + word.length };
}

function prefixed(text: string, at: number, kind: 'operator' | 'variable') {
  const name = run(text, at + 1, /[A-Za-z]/);
  if (name === '') throw new OpathError(`Unexpected character '${text.charAt(at)}'`, at + 1);
  return { token: { kind, at: at + 1, text: name.toLowerCase() } as const, end: at + 1 + name.length };
}

/** A string; a doubled quote in it stands for one. */
function quoted(text: string, at: number, quote: string) {
  let value = '';
  let index = at + 1;
  while (index < text.length) {
    const letter = text.charAt(index);
    if (letter !== quote) {
      value += letter;
      index += 1;
    } else if (text.charAt(index + 1) === quote) {
      value += quote;
      index += 2;
    } else {
      return { token: { kind: 'string', at: at + 1, text: value } as const, end: index + 1 };
    }
  }
  throw new OpathError('Unterminated string', at + 1);
}

function run(text: string, at: number, allowed: RegExp): string {
  let end = at;
  while (end < text.length && allowed.test(text.charAt(end))) end += 1;
  return text.slice(at, end);
}

class Parser {
  #next = 0;
  #depth = 0;
  constructor(readonly tokens: readonly Token[]) {}

  parse(): Filter {
    const filter = this.#or();
    this.#expect('end');
    return filter;
  }

  #or(): Filter {
    let left = this.#and();
    while (this.#takeOperator('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Filter {
    let left = this.#not();
    while (this.#takeOperator('and')) left = { kind: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Filter {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new OpathError('The filter is nested too deeply', this.#peek().at);
    const filter = this.#takeOperator('not')
      ? ({ kind: 'not', inner: this.#not() } as const)
      : this.#primary();
    this.#depth -= 1;
    return filter;
  }

  #primary(): Filter {
    if (this.#peek().kind !== '(') return this.#comparison();
    this.#next += 1;
    const inner = this.#or();
    this.#expect(')');
    return inner;
  }

  #comparison(): Filter {
    const name = this.#take();
    if (name.kind !== 'word') throw new OpathError('A property name is expected', name.at);
    const property = FILTERABLE.find((known) => known.toLowerCase() === name.text.toLowerCase());
    if (property === undefined)
      throw new OpathError(`"${name.text}" is not a recognized filterable property`, name.at);
    const operator = this.#take();
    if (operator.kind !== 'operator' || !isComparison(operator.text)) {
      throw new OpathError('A comparison operator is expected', operator.at);
    }
    return { kind: 'compare', property, operator: operator.text, value: literal(this.#take()) };
  }

  #takeOperator(text: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'operator' || token.text !== text) return false;
    this.#next += 1;
    return true;
  }

  #expect(kind: ')' | 'end'): void {
    const token = this.#take();
    if (token.kind !== kind)
      throw new OpathError(kind === ')' ? "')' is expected" : 'The end is expected', token.at);
  }

  #peek(): Token {
    return this.tokens[this.#next] ?? { kind: 'end', at: 0 };
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }
}

function isComparison(text: string): text is Comparison {
  return text === 'eq' || text === 'ne' || text === 'like' || text === 'notlike';
}

function literal(token: Token): Literal {
  if (token.kind === 'string' || token.kind === 'word') return token.text;
  if (token.kind === 'variable') {
    if (token.text === 'true') return true;
    if (token.text === 'false') return false;
    if (token.text === 'null') return null;
  }
  throw new OpathError('A value is expected', token.at);
}

/** @throws OpathError unless the text is a filter. */
export function parseOpath(text: string): Filter {
  return new Parser(tokenize(text)).parse();
}

/** The filter as Exchange stores it: every part in parentheses, values in single quotes. */
export function formatOpath(filter: Filter): string {
  switch (filter.kind) {
    case 'compare':
      return `${filter.property} -${filter.operator} ${formatLiteral(filter.value)}`;
    case 'not':
      return `-not (${formatOpath(filter.inner)})`;
    default:
      return `((${formatOpath(filter.left)}) -${filter.kind} (${formatOpath(filter.right)}))`;
  }
}

function formatLiteral(value: Literal): string {
  if (value === null) return '$null';
  if (typeof value === 'boolean') return value ? "'True'" : "'False'";
  return `'${value.replaceAll("'", "''")}'`;
}

/** Values of a property; none where it is not set. */
export type PropertyReader = (property: string) => readonly (string | boolean)[];

/** Whether something with these properties is within the filter. Text is compared without regard to case. */
export function matchesOpath(filter: Filter, read: PropertyReader): boolean {
  switch (filter.kind) {
    case 'and':
      return matchesOpath(filter.left, read) && matchesOpath(filter.right, read);
    case 'or':
      return matchesOpath(filter.left, read) || matchesOpath(filter.right, read);
    case 'not':
      return !matchesOpath(filter.inner, read);
    default: {
      const hit = read(filter.property);
      const isNegative = filter.operator === 'ne' || filter.operator === 'notlike';
      return isNegative !== hitsAny(hit, filter.operator, filter.value);
    }
  }
}

function hitsAny(values: readonly (string | boolean)[], operator: Comparison, wanted: Literal): boolean {
  if (wanted === null) return values.every((value) => value === '');
  const pattern = operator === 'like' || operator === 'notlike' ? wildcard(String(wanted)) : undefined;
  return values.some((value) =>
    pattern === undefined
      ? String(value).toLowerCase() === String(wanted).toLowerCase()
      : pattern.test(String(value)),
  );
}

/** `*` stands for any text. */
function wildcard(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'isu');
}
