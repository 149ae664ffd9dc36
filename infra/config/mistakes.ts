/**
 * Turns what zod found into sentences for people: where, what, what was found, what is allowed.
 */
import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { InteropError, type Problem } from '../errors.js';
import { type AnySchema, elementOf, schemaAt, shapeOf, unwrap } from './docs.js';
import { CONFIG_NAMESPACE } from './keys.js';
import { SecureValue } from './secure-value.js';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** The key of a value as people write it: `calendar-interop:endpoints[0].domains[1]`. */
export function keyPath(path: Path, namespace: string = CONFIG_NAMESPACE): string {
  const steps = path.map((step, index) => {
    if (typeof step === 'number') return `[${step}]`;
    const name = String(step);
    if (!/^[A-Za-z_][\w-]*$/.test(name)) return `[${shown(name)}]`;
    return index === 0 ? name : `.${name}`;
  });
  return `${namespace}:${steps.join('')}`;
}

/** An error of kind `configuration` from zod's issues and the problems that go with them. */
export function configurationError(
  subject: string,
  schema: AnySchema,
  base: Path,
  value: unknown,
  issues: readonly Issue[],
): InteropError {
  return mistakesError(subject, problemsOf(schema, base, value, issues));
}

/** One error for all mistakes of one subject (`the configuration`). */
export function mistakesError(subject: string, problems: readonly Problem[]): InteropError {
  const count = problems.length === 1 ? 'a mistake' : `${problems.length} mistakes`;
  return new InteropError({
    kind: 'configuration',
    summary: `${subject} has ${count}`,
    problems,
    next: [
      "correct the stack's file Pulumi.<stack>.yaml and run the command again; docs/configuration.md explains every key",
    ],
  });
}

/** Zod's issues about `value`, which lies at `base` in the configuration, as problems; one for each unknown key. */
export function problemsOf(
  schema: AnySchema,
  base: Path,
  value: unknown,
  issues: readonly Issue[],
): readonly Problem[] {
  return withoutEchoes(issues.flatMap((issue) => problemsOfIssue(schema, base, value, issue)));
}

function problemsOfIssue(schema: AnySchema, base: Path, value: unknown, issue: Issue): readonly Problem[] {
  const at = schemaAt(schema, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys((at === undefined ? undefined : shapeOf(at)) ?? {});
    return issue.keys.map((key) => unknownKey([...base, ...issue.path, key], known));
  }
  const found = valueAt(value, issue.path);
  const path = [...base, ...issue.path];
  return [problem(path, whatIsWrong(issue, at, found), found, at === undefined ? undefined : allowedOf(at))];
}

/** A problem about the value at `path`. */
export function problem(path: Path, what: string, found: unknown, allowed?: string): Problem {
  return {
    where: keyPath(path),
    what,
    ...(found === undefined ? {} : { found: describeFound(found, path) }),
    ...(allowed === undefined ? {} : { allowed }),
  };
}

/** A key that nobody knows. Its value is not shown: it may be a secret in the wrong place. */
export function unknownKey(path: Path, known: readonly string[]): Problem {
  const guess = didYouMean(String(path.at(-1)), known);
  return {
    where: keyPath(path),
    what: guess === undefined ? UNKNOWN : `${UNKNOWN}; did you mean ${guess}?`,
    ...(known.length === 0 ? {} : { allowed: known.join(', ') }),
  };
}

const UNKNOWN = 'is no known key';
const MISSING = 'is missing';

/** Where a problem belongs: a misspelt key in the place of the key that was meant. */
export function intendedPlace({ where = '', what }: Problem): string {
  const guess = what.startsWith(UNKNOWN) ? /did you mean (\w+)\?$/.exec(what)?.[1] : undefined;
  return guess === undefined ? where : where.replace(/[\w-]+$/, guess);
}

/** A key that is missing because it is misspelt beside its place is told once: by the key that is there. */
export function withoutEchoes(problems: readonly Problem[]): readonly Problem[] {
  const misspelt = new Set(problems.filter(({ what }) => what.startsWith(UNKNOWN)).map(intendedPlace));
  return problems.filter(({ where = '', what }) => !(what.startsWith(MISSING) && misspelt.has(where)));
}

/** The known word that `word` is probably meant to be: within a third of its length, letter case aside. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || word.length > 60) return undefined;
  const lower = word.toLowerCase();
  const sameLetters = known.find((candidate) => candidate.toLowerCase() === lower);
  if (sameLetters !== undefined) return sameLetters;
  const guess = closest(
    lower,
    known.map((candidate) => candidate.toLowerCase()),
  );
  const near = distance(lower, guess) <= Math.max(1, Math.floor(guess.length / 3));
  return near ? known.find((candidate) => candidate.toLowerCase() === guess) : undefined;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
};

function whatIsWrong(issue: Issue, schema: AnySchema | undefined, found: unknown): string {
  if (found === undefined) return MISSING;
  if (found instanceof SecureValue) return 'is encrypted, but holds nothing secret: write it in plain text';
  switch (issue.code) {
    case 'invalid_type':
      return `is not ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return notOneOf(found, issue.values.map(String));
    case 'too_small':
      return found === '' || (Array.isArray(found) && found.length === 0)
        ? 'is empty'
        : sizeWords(found, 'too small', 'too few');
    case 'too_big':
      return sizeWords(found, 'too large', 'too many');
    case 'invalid_key':
      return 'is no name of an endpoint';
    case 'custom':
      return issue.message;
    default:
      return schema === undefined ? 'is not known here' : 'does not fit';
  }
}

function notOneOf(found: unknown, values: readonly string[]): string {
  const guess = typeof found === 'string' ? didYouMean(found, values) : undefined;
  return guess === undefined
    ? 'is none of the allowed values'
    : `is none of the allowed values; did you mean ${guess}?`;
}

function sizeWords(found: unknown, size: string, count: string): string {
  if (Array.isArray(found)) return `has ${count} entries`;
  return typeof found === 'string' ? `has ${found.length} characters` : `is ${size}`;
}

function allowedOf(schema: AnySchema): string | undefined {
  const { doc } = unwrap(schema);
  if (doc !== undefined) return doc.allowed;
  const shape = shapeOf(schema);
  if (shape !== undefined) return `a map with ${Object.keys(shape).join(', ')}`;
  return elementOf(schema) === undefined ? undefined : 'a list';
}

/** The value at a path below `value`; undefined where the path leads nowhere. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[step];
  }
  return at;
}

const HIDDEN = 'a value that may be a secret, not shown';
const SECRET_KEY = /secret|password|passwd|token|credential|assertion|private/i;
const SHOWN_LENGTH = 60;

/** What was found, short and safe to print; a value that looks like a secret, or lies under such a key, is not shown. */
export function describeFound(value: unknown, path: Path = []): string {
  if (value instanceof SecureValue) return 'an encrypted value';
  if (value instanceof Date) return 'a timestamp without quotes';
  if (Array.isArray(value)) return value.length === 1 ? 'a list of 1' : `a list of ${value.length}`;
  if (value === null) return 'nothing';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map of keys';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return `a ${typeof value}`;
  const last = path.findLast((step) => typeof step === 'string');
  if (looksSecret(value) || (last !== undefined && SECRET_KEY.test(String(last)))) return HIDDEN;
  return shown(value);
}

/** Quoted, on one line, without characters that do not show or that steer a terminal. */
function shown(text: string): string {
  const short = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH - 1)}…` : text;
  return JSON.stringify(short).replaceAll(/[\p{C}\u2028\u2029]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** Text that mixes upper and lower case, digits and more without a break, as secrets and tokens do; or a URL with a login. */
function looksSecret(text: string): boolean {
  if (/\/\/[^/\s]*:[^/\s]*@/.test(text) || /\beyJ[\w-]{8,}/.test(text)) return true;
  return text.split(/[\s,;"'=]+/).some(isRandomWord);
}

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Domains, addresses and URLs of hosts with a dot. */
const READABLE = /^(https?:\/\/|[\w.#+-]+@)?([a-z0-9-]+\.)+[a-z]{2,}([/:].*)?$/i;

function isRandomWord(word: string): boolean {
  if (word.length < 20 || GUID.test(word) || READABLE.test(word)) return false;
  // A secret has digits among letters of both cases, or is one long hexadecimal run.
  if (/^[0-9a-f]{32,}$/i.test(word)) return true;
  return /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word);
}
