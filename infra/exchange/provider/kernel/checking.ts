/** Checks properties against a schema: one failure for each mistake, unknown values let through, no value repeated. */
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import {
  formatPath,
  hasUnknown,
  isList,
  isObject,
  type Properties,
  type PropertyPath,
  type PropertyValue,
  remark,
  reveal,
  unknownPaths,
} from './values.js';

/** One mistake in the inputs. `property` is a path as in {@link formatPath}. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

/** Checked inputs: defaults are filled in, secret marks are where they were. */
export interface Checked {
  readonly inputs: Properties;
  readonly failures: readonly CheckFailure[];
}

/**
 * @param schema its fields are checked one by one: rules across fields belong into a resource's `check`
 * @param refused inputs that are known but cannot be used, with the reason
 */
export function checkProperties(
  schema: z.ZodObject,
  properties: Properties,
  refused: Readonly<Record<string, string>> = {},
): Checked {
  const failures = Object.keys(properties).flatMap((name) => nameFailures(schema, name, refused));
  const inputs: { [name: string]: PropertyValue } = {};
  for (const [name, field] of Object.entries(schema.shape)) {
    const given = properties[name];
    const checked = checkField(field, name, given);
    failures.push(...checked.failures);
    if (checked.value !== undefined) inputs[name] = checked.value;
  }
  return { inputs, failures };
}

function nameFailures(
  schema: z.ZodObject,
  name: string,
  refused: Readonly<Record<string, string>>,
): CheckFailure[] {
  if (Object.hasOwn(schema.shape, name)) return [];
  const property = formatPath([name]);
  const reason = Object.hasOwn(refused, name) ? refused[name] : undefined;
  if (reason !== undefined) return [{ property, reason }];
  return [{ property, reason: `is unknown${didYouMean(name, Object.keys(schema.shape))}` }];
}

interface CheckedField {
  readonly value?: PropertyValue;
  readonly failures: readonly CheckFailure[];
}

function checkField(field: z.core.$ZodType, name: string, given: PropertyValue | undefined): CheckedField {
  // Programs write null for "not set".
  const plain = given === undefined || given === null ? undefined : reveal(given);
  const result = z.safeParse(field, plain);
  if (result.success) {
    const value = result.data as PropertyValue | undefined;
    return value === undefined ? { failures: [] } : { value: remark(given, value), failures: [] };
  }
  const unknown = unknownPaths(plain, []);
  const failures = result.error.issues
    .filter((issue) => !isDueToUnknown(issue, unknown))
    .flatMap((issue) => describeIssue(field, issue, name, plain));
  return failures.length === 0 && given !== undefined ? { value: given, failures } : { failures };
}

/** A mistake that is none once the value is known: it lies at or below an unknown value, or judges one as a whole. */
function isDueToUnknown(issue: z.core.$ZodIssue, unknown: readonly PropertyPath[]): boolean {
  const judgesTheWhole = issue.code === 'invalid_union' || issue.code === 'custom';
  return unknown.some((path) => isPrefix(path, issue.path) || (judgesTheWhole && isPrefix(issue.path, path)));
}

function isPrefix(prefix: readonly PropertyKey[], path: readonly PropertyKey[]): boolean {
  return prefix.length <= path.length && prefix.every((step, index) => step === path[index]);
}

function describeIssue(
  field: z.core.$ZodType,
  issue: z.core.$ZodIssue,
  name: string,
  plain: PropertyValue | undefined,
): CheckFailure[] {
  const path: PropertyPath = [
    name,
    ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step)),
  ];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(field, issue.path);
    return issue.keys.map((key) => ({
      property: formatPath([...path, key]),
      reason: `is unknown${didYouMean(key, known)}`,
    }));
  }
  const property = formatPath(path);
  if (valueAt(plain, issue.path) === undefined) return [{ property, reason: 'is required' }];
  return [{ property, reason: decapitalized(issue.message) }];
}

function valueAt(value: PropertyValue | undefined, path: readonly PropertyKey[]): PropertyValue | undefined {
  let at = value;
  for (const step of path) {
    if (isList(at) && typeof step === 'number') at = at[step];
    else if (isObject(at) && typeof step === 'string') at = at[step];
    else return undefined;
  }
  return at;
}

/** Names that the schema knows where `path` leads. */
function knownKeys(field: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.core.$ZodType | undefined = unwrapped(field);
  for (const step of path) {
    if (at instanceof z.ZodObject) at = at.shape[String(step)];
    else if (at instanceof z.ZodArray) at = at.element;
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else at = undefined;
    if (at === undefined) return [];
    at = unwrapped(at);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return unwrapped(schema.unwrap());
  }
  return schema;
}

/** `; did you mean x?` where a known name is close, else the allowed ones. */
export function didYouMean(name: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const best = closest(name, [...known]);
  if (distance(name, best) <= Math.max(2, Math.floor(name.length / 3))) return `; did you mean ${best}?`;
  return `; allowed: ${[...known].sort().join(', ')}`;
}

function decapitalized(message: string): string {
  return `${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

/** Whether all of it is known. */
export function isKnown(properties: Properties): boolean {
  return !Object.values(properties).some(hasUnknown);
}
