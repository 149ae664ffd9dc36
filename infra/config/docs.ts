/**
 * What the schema says about its keys, in the schema itself: the reference is printed from it and every error quotes it.
 */
import { z } from 'zod';

/** Words about one key or one value. */
export interface KeyDoc {
  /** What may stand there, in words that follow "allowed:". */
  readonly allowed: string;
  /** What the key is for: one or two sentences. Keys of the configuration have it, parts of the ledger do not. */
  readonly about?: string;
  /** The default in words, where it is computed. */
  readonly fallback?: string;
  /** A key whose inside the reference does not list. */
  readonly closed?: boolean;
}

export const keyDocs = z.registry<KeyDoc>();

/** Any schema, seen through zod's own union of definitions. */
export type AnySchema = z.core.$ZodType;

/** What lies around a schema's core: the words about it, and what happens when the key is missing. */
export interface Unwrapped {
  readonly core: AnySchema;
  readonly doc: KeyDoc | undefined;
  readonly required: boolean;
  readonly fallback: unknown;
}

/** Takes defaults, optional marks and conversions off a schema. */
export function unwrap(schema: AnySchema): Unwrapped {
  let core = schema;
  let doc = keyDocs.get(schema);
  let required = true;
  let fallback: unknown;
  for (;;) {
    const { def } = (core as z.core.$ZodTypes)._zod;
    switch (def.type) {
      case 'optional':
        required = false;
        core = def.innerType;
        break;
      case 'default':
      case 'prefault':
        required = false;
        fallback ??= def.defaultValue;
        core = def.innerType;
        break;
      case 'pipe':
        core = (def.in as z.core.$ZodTypes)._zod.def.type === 'transform' ? def.out : def.in;
        break;
      default:
        return { core, doc, required, fallback };
    }
    doc ??= keyDocs.get(core);
  }
}

/** Keys of an object schema with their schemas; undefined for anything else. */
export function shapeOf(schema: AnySchema): Readonly<Record<string, AnySchema>> | undefined {
  const { def } = (unwrap(schema).core as z.core.$ZodTypes)._zod;
  return def.type === 'object' ? def.shape : undefined;
}

/** The schema of a list's elements or a record's values; undefined for anything else. */
export function elementOf(schema: AnySchema): AnySchema | undefined {
  const { def } = (unwrap(schema).core as z.core.$ZodTypes)._zod;
  if (def.type === 'array') return def.element;
  return def.type === 'record' ? def.valueType : undefined;
}

/** The schema at a path below `schema`, as far as the path is known. */
export function schemaAt(schema: AnySchema, path: readonly PropertyKey[]): AnySchema | undefined {
  let at: AnySchema | undefined = schema;
  for (const step of path) {
    if (at === undefined) return undefined;
    const shape = shapeOf(at);
    at = shape === undefined ? elementOf(at) : Object.hasOwn(shape, step) ? shape[String(step)] : undefined;
  }
  return at;
}
