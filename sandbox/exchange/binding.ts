/**
 * Parameters of cmdlets, from JSON: names must be known, values of the right type. Enums match by prefix, as in PowerShell, so that a
 * wrong value that is the start of just one member passes and finds nothing.
 */
import { isJsonObject, type Json, type JsonObject, textOf, textsOf } from '../json.js';
import { badParameters, badTransformation } from './cmdlet-error.js';

export type ParameterKind =
  | { readonly kind: 'text' | 'guid' | 'flag' | 'switch' | 'integer' | 'texts' | 'size' | 'identity' }
  /** Null clears. */
  | { readonly kind: 'nullableText' | 'nullableFlag' }
  /** A list, or a hashtable with `add` and `remove`. */
  | { readonly kind: 'multi' }
  | { readonly kind: 'enum' | 'enums'; readonly members: readonly string[] };

export const TEXT: ParameterKind = { kind: 'text' };
export const GUID: ParameterKind = { kind: 'guid' };
export const FLAG: ParameterKind = { kind: 'flag' };
export const SWITCH: ParameterKind = { kind: 'switch' };
export const TEXTS: ParameterKind = { kind: 'texts' };
export const SIZE: ParameterKind = { kind: 'size' };
/** Text that may be null or empty, which a Get- cmdlet takes for "all". */
export const IDENTITY: ParameterKind = { kind: 'identity' };
export const NULLABLE_TEXT: ParameterKind = { kind: 'nullableText' };
export const NULLABLE_FLAG: ParameterKind = { kind: 'nullableFlag' };
export const MULTI: ParameterKind = { kind: 'multi' };

export function oneOf(...members: readonly string[]): ParameterKind {
  return { kind: 'enum', members };
}
export function anyOf(members: readonly string[]): ParameterKind {
  return { kind: 'enums', members };
}

/** A change of a list. */
export type ListChange =
  | { readonly set: readonly string[] }
  | { readonly add: readonly string[]; readonly remove: readonly string[] };

const COMMON: Readonly<Record<string, ParameterKind>> = {
  Confirm: FLAG,
  Debug: SWITCH,
  ErrorAction: TEXT,
  Verbose: SWITCH,
  WarningAction: TEXT,
  WhatIf: FLAG,
};
const GUID_FORM = /^\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?$/i;
const HASHTABLE = '#Exchange.GenericHashTable';

/** Parameters that passed. */
export class Bound {
  constructor(readonly values: ReadonlyMap<string, unknown>) {}

  has(name: string): boolean {
    return this.values.has(name);
  }

  /** Text that is not empty. */
  text(name: string): string | undefined {
    const value = this.values.get(name);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  /** Text of a parameter that the cmdlet cannot do without. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw missing(name);
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.values.get(name);
    return typeof value === 'boolean' ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.values.get(name);
    return typeof value === 'number' ? value : undefined;
  }

  texts(name: string): readonly string[] | undefined {
    const value = this.values.get(name);
    return Array.isArray(value) ? (value as readonly string[]) : undefined;
  }

  /** A list after a change by this parameter. */
  changed(name: string, before: readonly string[] | null): readonly string[] | null {
    const change = this.values.get(name) as ListChange | null | undefined;
    if (change === undefined) return before;
    if (change === null) return null;
    if ('set' in change) return change.set;
    const kept = (before ?? []).filter((item) => !change.remove.includes(item));
    return [...kept, ...change.add.filter((item) => !kept.includes(item))];
  }
}

function missing(name: string): Error {
  return badParameters(
    `Parameter set cannot be resolved using the specified named parameters. A value for the mandatory parameter '${name}' is needed.`,
  );
}

/** @throws CmdletError for a name that is unknown, a value of another type, or a mandatory parameter that is not there. */
export function bind(
  kinds: Readonly<Record<string, ParameterKind>>,
  mandatory: readonly string[],
  parameters: JsonObject,
): Bound {
  const known = new Map(
    Object.entries({ ...kinds, ...COMMON }).map(([name, kind]) => [name.toLowerCase(), { name, kind }]),
  );
  const values = new Map<string, unknown>();
  for (const [given, value] of Object.entries(parameters)) {
    if (given.includes('@')) continue;
    const found = known.get(given.toLowerCase());
    if (found === undefined)
      throw badParameters(`A parameter cannot be found that matches parameter name '${given}'.`);
    if (values.has(found.name))
      throw badParameters(`Cannot bind parameter '${given}' because it is specified more than once.`);
    values.set(found.name, convert(found.name, found.kind, value));
  }
  for (const name of mandatory) {
    const value = values.get(name);
    if (value === undefined || value === null || value === '') throw missing(name);
  }
  return new Bound(values);
}

function convert(name: string, kind: ParameterKind, value: Json): unknown {
  switch (kind.kind) {
    case 'text':
      return textIn(name, value);
    case 'identity':
    case 'nullableText':
      return value === null ? null : textIn(name, value);
    case 'guid':
      return guidIn(name, value);
    case 'nullableFlag':
      return value === null ? null : flagIn(name, value);
    case 'flag':
    case 'switch':
      return flagIn(name, value);
    case 'integer':
      return integerIn(name, value);
    case 'texts':
      return listIn(name, value);
    case 'size':
      return sizeIn(name, value);
    case 'multi':
      return value === null ? null : multiIn(name, value);
    case 'enum':
      return memberOf(name, kind.members, value);
    case 'enums':
      return itemsOf(value).map((item) => memberOf(name, kind.members, item));
  }
}

function cannotConvert(name: string, value: Json, type: string): Error {
  const found = isJsonObject(value)
    ? 'value of type "Newtonsoft.Json.Linq.JObject"'
    : `value "${Array.isArray(value) ? 'System.Object[]' : String(value)}"`;
  return badTransformation(
    `Cannot process argument transformation on parameter '${name}'. Cannot convert ${found} to type "${type}".`,
  );
}

function textIn(name: string, value: Json): string {
  const text = textOf(value);
  if (text === undefined) throw cannotConvert(name, value, 'System.String');
  return text;
}

function guidIn(name: string, value: Json): string {
  const text = textOf(value) ?? '';
  if (!GUID_FORM.test(text)) throw cannotConvert(name, value, 'System.Guid');
  return text.replaceAll(/[{}]/g, '').toLowerCase();
}

function flagIn(name: string, value: Json): boolean {
  if (typeof value !== 'boolean') throw cannotConvert(name, value, 'System.Boolean');
  return value;
}

function integerIn(name: string, value: Json): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) throw cannotConvert(name, value, 'System.Int32');
  return value;
}

function listIn(name: string, value: Json): readonly string[] {
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list) || textsOf(list).length !== list.length)
    throw cannotConvert(name, value, 'System.String[]');
  return textsOf(list);
}

/** A number of rows; infinite for `Unlimited`. */
function sizeIn(name: string, value: Json): number {
  if (typeof value === 'string' && value.toLowerCase() === 'unlimited') return Number.POSITIVE_INFINITY;
  const count = typeof value === 'string' ? Number(value) : value;
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1) {
    throw cannotConvert(name, value, 'Microsoft.Exchange.Data.Unlimited`1[System.UInt32]');
  }
  return count;
}

function multiIn(name: string, value: Json): ListChange {
  if (!isJsonObject(value)) return { set: listIn(name, value) };
  const { '@odata.type': type, ...rest } = value;
  const members = Object.entries(rest).map(([key, list]) => [key.toLowerCase(), listIn(name, list)] as const);
  const isKnown = members.every(([key]) => key === 'add' || key === 'remove');
  if (type !== HASHTABLE || !isKnown || members.length === 0) {
    throw cannotConvert(name, value, 'Microsoft.Exchange.Data.MultiValuedProperty`1[System.String]');
  }
  const lists = new Map(members);
  return { add: lists.get('add') ?? [], remove: lists.get('remove') ?? [] };
}

/** The items of a list, or of text with commas. */
function itemsOf(value: Json): readonly Json[] {
  if (typeof value === 'string') return value.split(',');
  return Array.isArray(value) ? value : [value];
}

/** A member of an enum, by its name or by the start of its name. */
function memberOf(name: string, members: readonly string[], value: Json): string {
  const wanted = (textOf(value) ?? '').trim().toLowerCase();
  const exact = members.find((member) => member.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const byStart = wanted === '' ? [] : members.filter((member) => member.toLowerCase().startsWith(wanted));
  const [only] = byStart;
  if (only !== undefined && byStart.length === 1) return only;
  throw badTransformation(
    `Cannot process argument transformation on parameter '${name}'. Unable to match the identifier name ${String(value)} to a valid ` +
      `enumerator name. Specify one of the following enumerator names and try again: ${members.join(', ')}`,
  );
}
