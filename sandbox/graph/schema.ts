/** Checks bodies of requests against the properties that Graph knows, and refuses all else. */
import { isJsonObject, type Json, type JsonObject } from '../json.js';
import { badRequest } from './errors.js';

/** Takes a value, gives it in the form in which Graph stores it. @throws GraphError 400. */
export type Check = (value: Json, path: string) => Json;

export interface EntitySchema {
  /** Without `microsoft.graph.`. */
  readonly type: string;
  readonly properties: Readonly<Record<string, Check>>;
  readonly requiredAtCreate: readonly string[];
  readonly onlyAtCreate: readonly string[];
  /** Known to reads only. */
  readonly readOnly: readonly string[];
  /** Names that may come as `NAME@odata.bind`. */
  readonly bindings: readonly string[];
}

export interface EntityBody {
  readonly values: JsonObject;
  /** URLs by the name of the binding. */
  readonly bindings: Readonly<Record<string, readonly string[]>>;
}

const BIND = '@odata.bind';
const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,7})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** @throws GraphError 400 naming the first property that Graph would not take. */
export function readEntity(schema: EntitySchema, body: JsonObject, mode: 'create' | 'update'): EntityBody {
  const values: Record<string, Json> = {};
  const bindings: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(body)) {
    if (name === '@odata.type' || (name === 'id' && mode === 'update')) continue;
    if (name.endsWith(BIND)) {
      bindings[bindingName(schema, name, mode)] = readUrls(value, name);
      continue;
    }
    values[name] = checkFor(schema, name, mode)(value, name);
  }
  const missing =
    mode === 'create' && schema.requiredAtCreate.find((name) => (values[name] ?? null) === null);
  if (missing)
    throw badRequest(`A value is required for property '${missing}' of resource '${capital(schema.type)}'.`);
  return { values, bindings };
}

function checkFor(schema: EntitySchema, name: string, mode: 'create' | 'update'): Check {
  if (schema.readOnly.includes(name)) {
    throw badRequest(`Property '${name}' is read-only and cannot be set.`);
  }
  const check = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  if (check === undefined) throw badRequest(`Invalid property '${name}'.`);
  if (mode === 'update' && schema.onlyAtCreate.includes(name)) {
    throw badRequest(`Property '${name}' cannot be changed once the object exists.`);
  }
  return check;
}

function bindingName(schema: EntitySchema, name: string, mode: 'create' | 'update'): string {
  const binding = name.slice(0, -BIND.length);
  if (mode === 'create' && schema.bindings.includes(binding)) return binding;
  throw badRequest(`Invalid property '${name}'.`);
}

function readUrls(value: Json, name: string): readonly string[] {
  const urls = Array.isArray(value) ? value : [value];
  return urls.map((url) => {
    if (typeof url !== 'string') throw mistyped(name, 'a list of URLs');
    return url;
  });
}

function capital(type: string): string {
  return type.charAt(0).toUpperCase() + type.slice(1);
}

function mistyped(path: string, wanted: string): Error {
  return badRequest(`Invalid value specified for property '${path}' of resource: ${wanted} is expected.`);
}

export interface TextRules {
  readonly max?: number;
  readonly min?: number;
  readonly oneOf?: readonly string[];
  readonly pattern?: RegExp;
  /** True unless given. */
  readonly nullable?: boolean;
}

/** Text; null clears it unless that is ruled out. */
export function text(rules: TextRules = {}): Check {
  return (value, path) => {
    if (value === null && rules.nullable !== false) return null;
    if (typeof value !== 'string') throw mistyped(path, 'a string');
    if (rules.max !== undefined && value.length > rules.max) {
      throw badRequest(`Property '${path}' exceeds its length of ${rules.max} characters.`);
    }
    if (rules.min !== undefined && value.trim().length < rules.min) {
      throw badRequest(`Invalid value specified for property '${path}': it must not be empty.`);
    }
    if (rules.oneOf !== undefined && !rules.oneOf.includes(value)) {
      throw badRequest(
        `Invalid value specified for property '${path}': one of ${rules.oneOf.join(', ')} is expected.`,
      );
    }
    if (rules.pattern !== undefined && !rules.pattern.test(value)) {
      throw badRequest(`Invalid value specified for property '${path}'.`);
    }
    return value;
  };
}

export function flag(rules: { readonly nullable: boolean } = { nullable: true }): Check {
  return (value, path) => {
    if (typeof value === 'boolean' || (value === null && rules.nullable)) return value;
    throw mistyped(path, 'a Boolean');
  };
}

export function integer(least: number, most: number): Check {
  return (value, path) => {
    if (value === null) return null;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw mistyped(path, `an integer from ${least} to ${most}`);
  };
}

export function guid(): Check {
  return (value, path) => {
    if (typeof value === 'string' && GUID.test(value)) return value.toLowerCase();
    throw mistyped(path, 'a GUID');
  };
}

/** A time; stored in UTC, with a fraction only where there is one. */
export function time(): Check {
  return (value, path) => {
    if (value === null) return null;
    const milliseconds = typeof value === 'string' && TIME.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(milliseconds)) throw mistyped(path, 'a DateTimeOffset');
    return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
  };
}

export function list(item: Check, rules: { readonly max?: number } = {}): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw mistyped(path, 'a collection');
    if (value.length > (rules.max ?? Number.POSITIVE_INFINITY)) {
      throw badRequest(`Property '${path}' holds more than ${rules.max} values.`);
    }
    return value.map((element, index) => item(element, `${path}[${index}]`));
  };
}

/** An object with these properties and no others; what is not given is left out. */
export function object(properties: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (value === null) return null;
    if (!isJsonObject(value)) throw mistyped(path, 'an object');
    const checked: Record<string, Json> = {};
    for (const [name, member] of Object.entries(value)) {
      if (name === '@odata.type') continue;
      const check = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (check === undefined) throw badRequest(`Invalid property '${path}.${name}'.`);
      checked[name] = check(member, `${path}.${name}`);
    }
    return checked;
  };
}

/** Any object as it is, for complex types that nothing here depends on. */
export function anyObject(): Check {
  return (value, path) => {
    if (value === null || isJsonObject(value)) return value;
    throw mistyped(path, 'an object');
  };
}

/** `changes` laid over `old`: lists and scalars are replaced, members of complex types that are not named stay. */
export function mergeProperties(old: JsonObject, changes: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...old };
  for (const [name, value] of Object.entries(changes)) {
    const before = merged[name];
    merged[name] = isJsonObject(value) && isJsonObject(before) ? mergeProperties(before, value) : value;
  }
  return merged;
}
