/** Property values as providers see them: JSON, plus two marks that Pulumi adds to it: secret, and not known yet. */

/** A value that must not be shown. `value` may itself be unknown; it holds no further secret. */
export class Secret {
  readonly #value: PropertyValue;

  constructor(value: PropertyValue) {
    this.#value = value;
  }

  get value(): PropertyValue {
    return this.#value;
  }

  /** Printing a secret by accident shows that there is one. */
  toJSON(): string {
    return '[secret]';
  }
}

/** A value that a preview cannot know. */
export class Unknown {
  /** The brand: without it, any object would pass for an unknown value. */
  readonly unknown = true;
}

export const UNKNOWN = new Unknown();

/** A value without marks. */
export type PlainValue =
  | null
  | boolean
  | number
  | string
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue };

export type PropertyValue =
  | null
  | boolean
  | number
  | string
  | Secret
  | Unknown
  | readonly PropertyValue[]
  | { readonly [key: string]: PropertyValue };

/** The properties of a resource by name. */
export type Properties = { readonly [name: string]: PropertyValue };

/** Where a value lies: names and positions from the resource's properties down. */
export type PropertyPath = readonly (string | number)[];

/** The path as Pulumi writes it: `a.b[0]["c.d"]` (pulumi/pulumi sdk/go/common/resource/property_path.go). */
export function formatPath(path: PropertyPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[^.[\]"\s]+$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

export function isList(value: unknown): value is readonly PropertyValue[] {
  return Array.isArray(value);
}

/** Whether it is an object without a class: dates, maps and the marks above are none. */
export function isObject(value: unknown): value is { readonly [key: string]: PropertyValue } {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The value without its secret marks; unknown values stay. */
export function reveal(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) return reveal(value.value);
  if (isList(value)) return value.map(reveal);
  if (isObject(value)) return mapObject(value, reveal);
  return value;
}

export function revealAll(properties: Properties): Properties {
  return mapObject(properties, reveal);
}

export function mapObject<From, To>(
  object: { readonly [key: string]: From },
  change: (value: From, key: string) => To,
): { [key: string]: To } {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}

/** Paths of all unknown values in it, secret ones included. */
export function unknownPaths(value: PropertyValue | undefined, at: PropertyPath = []): PropertyPath[] {
  if (value instanceof Unknown) return [at];
  if (value instanceof Secret) return unknownPaths(value.value, at);
  if (isList(value)) return value.flatMap((item, index) => unknownPaths(item, [...at, index]));
  if (isObject(value))
    return Object.entries(value).flatMap(([key, item]) => unknownPaths(item, [...at, key]));
  return [];
}

export function hasUnknown(value: PropertyValue | undefined): boolean {
  return unknownPaths(value).length > 0;
}

export function hasSecret(value: PropertyValue | undefined): boolean {
  if (value instanceof Secret) return true;
  if (isList(value)) return value.some(hasSecret);
  if (isObject(value)) return Object.values(value).some(hasSecret);
  return false;
}

/**
 * Puts the secret marks of `marked` onto `value`, which came of it. Where the two have grown apart, the whole value is
 * marked rather than a part forgotten.
 */
export function remark(marked: PropertyValue | undefined, value: PropertyValue): PropertyValue {
  if (!hasSecret(marked) || value instanceof Secret) return value;
  if (isList(marked) && isList(value) && marked.length === value.length) {
    return value.map((item, index) => remark(marked[index], item));
  }
  if (isObject(marked) && isObject(value) && Object.keys(marked).every((key) => Object.hasOwn(value, key))) {
    return mapObject(value, (item, key) => remark(marked[key], item));
  }
  return new Secret(reveal(value));
}

/** Texts and numbers within secrets, as texts. */
export function secretTexts(value: PropertyValue, inSecret = false): string[] {
  if (value instanceof Secret) return secretTexts(value.value, true);
  if (isList(value)) return value.flatMap((item) => secretTexts(item, inSecret));
  if (isObject(value)) return Object.values(value).flatMap((item) => secretTexts(item, inSecret));
  return inSecret && (typeof value === 'string' || typeof value === 'number') ? [String(value)] : [];
}
