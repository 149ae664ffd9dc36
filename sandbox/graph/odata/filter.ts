/**
 * OData `$filter`, the part of it that Graph's directory objects take: comparisons, `and`, `or`, `not`, parentheses, `startswith`,
 * `endswith`, `in` and `any` over a list of texts. Everything else is refused, never ignored.
 */
import { badRequest } from '../errors.js';

export type Literal = string | boolean | null;

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly of: Filter }
  | {
      readonly kind: 'compare';
      readonly operator: 'eq' | 'ne';
      readonly operand: Operand;
      readonly value: Literal;
    }
  | { readonly kind: 'in'; readonly operand: Operand; readonly values: readonly Literal[] }
  | { readonly kind: 'startswith' | 'endswith'; readonly operand: Operand; readonly value: string }
  | { readonly kind: 'any'; readonly property: string; readonly where: Filter };

/** A property of the object, or the variable of the `any` around it. */
export type Operand = { readonly property: string } | { readonly variable: true };

type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'symbol'; readonly text: string };

const TOKEN = /\s*(?:'((?:[^']|'')*)'|([A-Za-z_][A-Za-z0-9_.]*)|([(),:/]))/y;
const DEPTH_LIMIT = 40;

/** @throws GraphError 400 for whatever is not understood. */
export function parseFilter(text: string): Filter {
  const parser = new Parser(tokenize(text));
  const filter = parser.or(0);
  parser.end();
  return filter;
}

function invalid(why: string): Error {
  return badRequest(`Invalid filter clause: ${why}.`);
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (text.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) throw invalid(`syntax error at position ${at} in '${text}'`);
    const [, string, word, symbol = ''] = match;
    if (string !== undefined) tokens.push({ kind: 'string', text: string.replaceAll("''", "'") });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else tokens.push({ kind: 'symbol', text: symbol });
    at = TOKEN.lastIndex;
  }
  return tokens;
}

class Parser {
  #at = 0;
  #variable: string | undefined;

  constructor(readonly tokens: readonly Token[]) {}

  end(): void {
    const rest = this.tokens[this.#at];
    if (rest !== undefined) throw invalid(`unexpected '${rest.text}'`);
  }

  or(depth: number): Filter {
    if (depth > DEPTH_LIMIT) throw invalid('it is nested too deeply');
    let left = this.#and(depth);
    while (this.#takeWord('or')) left = { kind: 'or', left, right: this.#and(depth) };
    return left;
  }

  #and(depth: number): Filter {
    let left = this.#term(depth);
    while (this.#takeWord('and')) left = { kind: 'and', left, right: this.#term(depth) };
    return left;
  }

  #term(depth: number): Filter {
    if (depth > DEPTH_LIMIT) throw invalid('it is nested too deeply');
    if (this.#takeWord('not')) return { kind: 'not', of: this.#term(depth + 1) };
    if (this.#takeSymbol('(')) {
      const inner = this.or(depth + 1);
      this.#symbol(')');
      return inner;
    }
    const name = this.#word();
    if (name === 'startswith' || name === 'endswith') return this.#affix(name);
    if (this.#takeSymbol('/')) return this.#any(name, depth);
    return this.#comparison(this.#operand(name));
  }

  #affix(kind: 'startswith' | 'endswith'): Filter {
    this.#symbol('(');
    const operand = this.#operand(this.#word());
    this.#symbol(',');
    const value = this.#literal();
    if (typeof value !== 'string') throw invalid(`${kind} wants a string`);
    this.#symbol(')');
    return { kind, operand, value };
  }

  #any(property: string, depth: number): Filter {
    if (!this.#takeWord('any') || this.#variable !== undefined)
      throw invalid(`'${property}/' is not supported`);
    this.#symbol('(');
    this.#variable = this.#word();
    this.#symbol(':');
    const where = this.or(depth + 1);
    this.#symbol(')');
    this.#variable = undefined;
    return { kind: 'any', property, where };
  }

  #comparison(operand: Operand): Filter {
    const operator = this.#word();
    if (operator === 'eq' || operator === 'ne') {
      return { kind: 'compare', operator, operand, value: this.#literal() };
    }
    if (operator !== 'in') throw invalid(`the operator '${operator}' is not supported`);
    this.#symbol('(');
    const values = [this.#literal()];
    while (this.#takeSymbol(',')) values.push(this.#literal());
    this.#symbol(')');
    return { kind: 'in', operand, values };
  }

  #operand(name: string): Operand {
    return name === this.#variable ? { variable: true } : { property: name };
  }

  #literal(): Literal {
    const token = this.tokens[this.#at];
    this.#at += 1;
    if (token?.kind === 'string') return token.text;
    const words: Readonly<Record<string, Literal>> = { true: true, false: false, null: null };
    if (token?.kind === 'word' && Object.hasOwn(words, token.text)) return words[token.text] ?? null;
    throw invalid(`a literal is expected instead of '${token?.text ?? 'the end'}'`);
  }

  #word(): string {
    const token = this.tokens[this.#at];
    this.#at += 1;
    if (token?.kind !== 'word') throw invalid(`a name is expected instead of '${token?.text ?? 'the end'}'`);
    return token.text;
  }

  #takeWord(word: string): boolean {
    const token = this.tokens[this.#at];
    if (token?.kind !== 'word' || token.text !== word) return false;
    this.#at += 1;
    return true;
  }

  #takeSymbol(symbol: string): boolean {
    const token = this.tokens[this.#at];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#at += 1;
    return true;
  }

  #symbol(symbol: string): void {
    if (!this.#takeSymbol(symbol)) {
      throw invalid(`'${symbol}' is expected instead of '${this.tokens[this.#at]?.text ?? 'the end'}'`);
    }
  }
}
