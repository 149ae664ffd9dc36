/** Graph's values as the provider's: absent instead of null, lists in one order. */
import { z } from 'zod';
import {
  type Change,
  compareProperties,
  type Properties,
} from '../../infra/exchange/provider/kernel/index.js';
import type { JsonObject } from './graph.js';

export const guid = z.string().regex(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, 'must be a UUID');
export const httpUrl = z.url({ protocol: /^https?$/ });

/** A text that is neither absent nor empty. */
export function text(object: JsonObject | undefined, name: string): string | undefined {
  const value = object?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** @throws Error when Graph left out what it must give */
export function requiredText(object: JsonObject, name: string): string {
  const value = text(object, name);
  if (value === undefined) throw new Error(`Graph's answer has no ${name}`);
  return value;
}

export function flag(object: JsonObject | undefined, name: string): boolean {
  return object?.[name] === true;
}

/** A list of texts, sorted: Graph promises no order. */
export function texts(object: JsonObject | undefined, name: string): string[] {
  const value = object?.[name];
  return Array.isArray(value) ? value.map(String).sort() : [];
}

export function objects(object: JsonObject | undefined, name: string): JsonObject[] {
  const value = object?.[name];
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}

export function nested(object: JsonObject | undefined, name: string): JsonObject | undefined {
  const value = object?.[name];
  return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined;
}

/** `value` to `id` of app roles or permission scopes. */
export function idsByValue(items: readonly JsonObject[]): Record<string, string> {
  const entries = items.map((item): [string | undefined, string | undefined] => [
    text(item, 'value'),
    text(item, 'id'),
  ]);
  return Object.fromEntries(entries.filter(([value]) => value !== undefined));
}

/** Equal things in an equal form: what is empty is absent, and so is a switch within an object that is off. */
export function tidy(value: unknown, isNested = false): unknown {
  if (value === null || value === undefined || value === '' || (isNested && value === false))
    return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => tidy(item, true));
  if (typeof value !== 'object' || Object.getPrototypeOf(Object.getPrototypeOf(value) ?? {}) !== null)
    return value;
  const entries = Object.entries(value)
    .map(([name, item]): [string, unknown] => [name, tidy(item, true)])
    .filter(([, item]) => item !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** How the inputs of one type of resource are compared with what it has. */
export interface Comparison {
  readonly names: readonly string[];
  /** Values where an input is not given. */
  readonly defaults: Properties;
  /** Inputs that the service fills in: not compared where they are not given. */
  readonly computed: readonly string[];
  readonly unordered: readonly string[];
}

/**
 * Compares what is wanted with what there is, not with what was wanted before: so a change behind Pulumi's back is found
 * also in a property that the program does not mention, as the official provider does.
 */
export function compareWithState(comparison: Comparison, olds: object, news: object): Change[] {
  const { names, defaults, computed, unordered } = comparison;
  const pick = (from: Readonly<Record<string, unknown>>, name: string) => tidy(from[name]) ?? defaults[name];
  const [before, after]: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  for (const name of names) {
    const wanted = pick(news as Readonly<Record<string, unknown>>, name);
    if (wanted === undefined && computed.includes(name)) continue;
    after[name] = wanted;
    before[name] = pick(olds as Readonly<Record<string, unknown>>, name);
  }
  return compareProperties(before as Properties, after as Properties, { unordered, inputDiff: false });
}

/**
 * Inputs that would lead to this state: on refresh for the properties that were given before, on import for all that
 * differ from the default.
 */
export function inputsFromState<T extends object>(
  comparison: Comparison,
  outputs: T,
  oldInputs: object | undefined,
): T {
  const state = outputs as Readonly<Record<string, unknown>>;
  const inputs: Record<string, unknown> = {};
  for (const name of comparison.names) {
    const value = tidy(state[name]);
    const isGiven = oldInputs !== undefined && Object.hasOwn(oldInputs, name);
    if (oldInputs === undefined ? value !== undefined && value !== comparison.defaults[name] : isGiven) {
      inputs[name] = state[name];
    }
  }
  return inputs as T;
}

/** The id within `/applications/<id>`, `/servicePrincipals/<id>/appRoleAssignedTo/<id>` and the like, else an error. */
export function idParts(id: string, form: string): string[] {
  const names = form.split('/');
  const parts = id.split('/');
  const fits =
    parts.length === names.length &&
    names.every((name, index) => (name.startsWith('<') ? parts[index] !== '' : name === parts[index]));
  if (!fits) throw new Error(`the id ${JSON.stringify(id)} is not of the form ${form}`);
  return parts.filter((_, index) => names[index]?.startsWith('<') === true);
}

/** A value of `/applications/<id>` as the inputs of dependent resources carry it. */
export const applicationIdSchema = z
  .string()
  .regex(/^\/applications\/[^/]+$/, 'must be of the form /applications/<object id>');

export function applicationObjectId(applicationId: string): string {
  return idParts(applicationId, '/applications/<object id>')[0] ?? '';
}
