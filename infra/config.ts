/**
 * The stack's configuration: one schema (config/schema.ts), read at one edge, every key documented where it is declared.
 *
 * docs/configuration.md is printed from the same schema (config/reference.ts).
 */
import type { z } from 'zod';
import type { DeepReadonly } from './config/deep-readonly.js';
import { type AnySchema, elementOf, shapeOf, unwrap } from './config/docs.js';
import { STACK_CONFIG_KEYS } from './config/keys.js';
import {
  intendedPlace,
  mistakesError,
  problem,
  problemsOf,
  unknownKey,
  withoutEchoes,
} from './config/mistakes.js';
import { crossProblems } from './config/rules.js';
import { stackConfigSchema } from './config/schema.js';
import { SecureValue } from './config/secure-value.js';
import type { Problem } from './errors.js';

export { configurationAdvice } from './config/advice.js';
export { CUSTOM_ATTRIBUTES, type ExclusionConfig } from './config/exchange-schema.js';
export { CONFIG_NAMESPACE, STACK_CONFIG_KEYS, type StackConfigKey } from './config/keys.js';
export { configurationReference, configurationTable } from './config/reference.js';
export { SECURE_VALUE, SecureValue } from './config/secure-value.js';

type Parsed = DeepReadonly<z.output<typeof stackConfigSchema>>;

/** Which mailboxes visibility is about: exactly one of four ways to say it. */
export type VisibilityScope =
  | { readonly all: true }
  | { readonly recipientTypes: readonly string[] }
  | { readonly filter: string }
  | { readonly group: string };

/** What calendars shall show at least; see docs/configuration.md. */
export type VisibilityConfig = Omit<NonNullable<Parsed['visibility']>, 'scope'> & {
  readonly scope: VisibilityScope;
};

/**
 * The configuration in its normal form: defaults filled in, domains and addresses' domains in lower case and punycode, ids in
 * lower case. `protocol` is undefined where no endpoint is in Microsoft 365, whatever was written.
 */
export type StackConfig = Omit<Parsed, 'protocol' | 'visibility'> & {
  readonly protocol: Parsed['protocol'];
  readonly visibility?: VisibilityConfig | undefined;
};

export type KeyVaultConfig = NonNullable<StackConfig['secret']['keyVault']>;

/** Google's side, where it is looked at. */
export type GoogleConfig = NonNullable<StackConfig['google']>;

export type RoleMailboxConfig = StackConfig['roleMailboxes'][number];

/**
 * Reads the configuration of namespace `calendar-interop`.
 *
 * @param raw values by key without the namespace, as Pulumi hands them to a program (text, JSON text for structured ones) or as
 * they stand in the stack's file.
 * @param azuread the same of namespace `azuread`, where at hand: then `azuread:tenantId` is looked at, too.
 * @throws InteropError of kind `configuration` with every mistake, in the order of the reference.
 */
export function parseStackConfig(
  raw: Record<string, unknown>,
  azuread?: Record<string, unknown>,
): StackConfig {
  const { values, unreadable, problems } = readableValues(raw);
  const result = stackConfigSchema.safeParse(values);
  const issues = result.success ? [] : result.error.issues.filter((issue) => !unreadable.has(issue.path[0]));
  const all = [
    ...problems,
    ...problemsOf(stackConfigSchema, [], values, issues),
    ...crossProblems(values, azuread),
  ];
  if (all.length > 0 || !result.success)
    throw mistakesError('the configuration', inOrder(withoutEchoes(all)));
  return normalForm(result.data);
}

function normalForm(parsed: Parsed): StackConfig {
  const { protocol, visibility, ...rest } = parsed;
  const online = rest.endpoints.some((endpoint) => endpoint.type !== 'onPremises');
  return {
    ...rest,
    protocol: online ? protocol : undefined,
    ...(visibility === undefined
      ? {}
      : { visibility: { ...visibility, scope: visibility.scope as VisibilityScope } }),
  };
}

/** What can be read of the raw values, and what is wrong with the rest. */
interface ReadValues {
  readonly values: Readonly<Record<string, unknown>>;
  /** Keys that are there but could not be read: their problem is told, and "is missing" would be wrong. */
  readonly unreadable: ReadonlySet<PropertyKey | undefined>;
  readonly problems: readonly Problem[];
}

/** Reads the JSON text of structured keys and leaves out unknown keys and keys without a value. */
function readableValues(raw: Record<string, unknown>): ReadValues {
  const values: [string, unknown][] = [];
  const unreadable = new Set<PropertyKey | undefined>();
  const problems: Problem[] = [];
  for (const [key, value] of Object.entries(raw)) {
    const schema = schemaOf(key);
    if (schema === undefined) {
      problems.push(unknownKey([key], STACK_CONFIG_KEYS));
      continue;
    }
    const read = isStructured(schema) ? fromJson(value) : value;
    if (read === NO_JSON) {
      unreadable.add(key);
      problems.push(problem([key], 'begins like JSON, but is none', undefined, unwrap(schema).doc?.allowed));
    } else if (read !== '') {
      // Pulumi hands over an empty text for a key that has no value.
      values.push([key, read]);
    }
  }
  return {
    values: withoutEmpty(Object.fromEntries(values)) as Record<string, unknown>,
    unreadable,
    problems,
  };
}

function schemaOf(key: string): AnySchema | undefined {
  const shape: Readonly<Record<string, AnySchema>> = stackConfigSchema.shape;
  return Object.hasOwn(shape, key) ? shape[key] : undefined;
}

const NO_JSON = Symbol('no JSON');

/** The value of JSON text; other text stays text, so that the schema says what should stand there. */
function fromJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return /^\s*[[{]/.test(value) ? NO_JSON : value;
  }
}

function isStructured(schema: AnySchema): boolean {
  return shapeOf(schema) !== undefined || elementOf(schema) !== undefined;
}

/** A key without a value (`owners:` and nothing behind it) counts as not written. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null || value instanceof SecureValue || value instanceof Date)
    return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutEmpty(inner)]));
}

const byPlace = new Intl.Collator('en', { numeric: true });
const KEYS: readonly string[] = STACK_CONFIG_KEYS;

/** In the order of the reference, within a key by place; unknown keys behind, then the azuread provider's. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const placed = problems.map((problem) => ({ problem, place: intendedPlace(problem) }));
  placed.sort((one, other) => rank(one.place) - rank(other.place) || byPlace.compare(one.place, other.place));
  return placed.map((entry) => entry.problem);
}

function rank(place: string): number {
  const index = KEYS.indexOf(/^calendar-interop:(\w+)/.exec(place)?.[1] ?? '');
  if (index >= 0) return index;
  return place.startsWith('azuread:') ? KEYS.length + 1 : KEYS.length;
}
