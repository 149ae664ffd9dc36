/** What stands in queries to Google: known parameters, numbers, page tokens, field masks, CEL filters. Pure. */
import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../json.js';
import { isJsonObject } from '../json.js';
import { GoogleRefusal } from './errors.js';

/** Parameters that every interface takes. */
const COMMON = ['alt', 'prettyPrint', 'quotaUser', 'fields'];

function invalid(message: string): GoogleRefusal {
  return new GoogleRefusal(400, message, 'invalid');
}

/** @throws GoogleRefusal for a parameter that the call does not have, or one that is given twice. */
export function refuseUnknown(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (![...COMMON, ...known].includes(name)) {
      throw invalid(`Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter.`);
    }
    if (query.getAll(name).length > 1) throw invalid(`Invalid value for ${name}: given twice.`);
  }
}

/** A whole number. @throws GoogleRefusal when it is none or below `least`; above `most` it is `most`. */
export function sizeIn(
  query: URLSearchParams,
  name: string,
  limits: { readonly fallback: number; readonly least: number; readonly most: number; readonly cut: boolean },
): number {
  const text = query.get(name);
  if (text === null) return limits.fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  const size = value === 0 && limits.cut ? limits.fallback : value;
  if (Number.isNaN(size) || size < limits.least || (size > limits.most && !limits.cut)) {
    throw invalid(
      `Invalid value '${text}'. Values must be within the range: [${limits.least}, ${limits.most}]`,
    );
  }
  return Math.min(size, limits.most);
}

/** A token that is good for the same query only. */
export function pageToken(query: URLSearchParams, place: number): string {
  return Buffer.from(JSON.stringify([place, digestOf(query)])).toString('base64url');
}

/** Where the page begins: 0 without a token. @throws GoogleRefusal for a token of another query. */
export function placeIn(query: URLSearchParams): number {
  const token = query.get('pageToken');
  if (token === null) return 0;
  try {
    const [place, digest] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as [
      unknown,
      unknown,
    ];
    if (typeof place === 'number' && digest === digestOf(query)) return place;
  } catch {
    throw invalid('Invalid Value: pageToken');
  }
  throw invalid('Invalid Value: pageToken');
}

function digestOf(query: URLSearchParams): string {
  const others = [...query].filter(([name]) => name !== 'pageToken').sort();
  return createHash('sha256').update(JSON.stringify(others)).digest('base64url').slice(0, 16);
}

/** Applies `fields`, such as `nextPageToken,users(primaryEmail,aliases)`. @throws GoogleRefusal for a malformed one. */
export function masked(value: JsonObject, query: URLSearchParams): JsonObject {
  const mask = query.get('fields');
  if (mask === null) return value;
  const [fields, rest] = parseMask(mask);
  if (rest !== '') throw invalid(`Invalid field selection ${mask}`);
  return pick(value, fields) as JsonObject;
}

type Mask = ReadonlyMap<string, Mask | undefined>;

function parseMask(text: string): readonly [Mask, string] {
  const fields = new Map<string, Mask | undefined>();
  let rest = text;
  for (;;) {
    const name = /^[A-Za-z]\w*/.exec(rest)?.[0];
    if (name === undefined) throw invalid(`Invalid field selection ${text}`);
    rest = rest.slice(name.length);
    if (rest.startsWith('(')) {
      const [inner, behind] = parseMask(rest.slice(1));
      if (!behind.startsWith(')')) throw invalid(`Invalid field selection ${text}`);
      fields.set(name, inner);
      rest = behind.slice(1);
    } else fields.set(name, undefined);
    if (!rest.startsWith(',')) return [fields, rest];
    rest = rest.slice(1);
  }
}

function pick(value: Json, mask: Mask): Json {
  if (Array.isArray(value)) return value.map((item) => pick(item, mask));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    [...mask].flatMap(([name, inner]) => {
      const found = value[name];
      return found === undefined ? [] : [[name, inner === undefined ? found : pick(found, inner)]];
    }),
  );
}

/**
 * The pattern for `setting.type` in a filter of policies. Only the clauses of the documentation exist, each once at most, joined by
 * `&&` (npm @googleapis/cloudidentity, v1 policies.list). UNCONFIRMED: whether `\.` passes, which CEL itself does not know.
 *
 * @throws GoogleRefusal for anything else.
 */
export function policyPattern(filter: string | null): RegExp {
  if (filter === null || filter === '') return /^/;
  let pattern: RegExp | undefined;
  let customers = 0;
  for (const clause of filter.split(/\s*&&\s*/)) {
    const type = /^setting\.type\.matches\((?:'([^']*)'|"([^"]*)")\)$/.exec(clause);
    const customer = /^customer\s*==\s*(?:'([^']*)'|"([^"]*)")$/.exec(clause);
    if (type !== null && pattern === undefined) pattern = expression(type[1] ?? type[2] ?? '');
    else if (customer !== null && customers === 0 && isCustomer(customer[1] ?? customer[2] ?? ''))
      customers += 1;
    else throw invalid(`Invalid filter: ${clause}`);
  }
  return pattern ?? /^/;
}

function isCustomer(name: string): boolean {
  return /^customers\/(my_customer|C\w+)$/.test(name);
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text.replaceAll('\\\\', '\\'));
  } catch {
    throw invalid('Invalid filter: the regular expression is malformed.');
  }
}
