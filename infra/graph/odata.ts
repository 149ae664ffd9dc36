/**
 * OData filters for Microsoft Graph. The only place where a value gets into one.
 *
 * Quotes are doubled as OData 4.01 has it (URL conventions, section 5.1.1.14.1); the filter is percent-encoded once, as a whole.
 */
import { InteropError } from '../errors.js';

/** A filter that is ready to be encoded. Made by the functions below only. */
export class Filter {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** `property eq 'value'`. */
  static eq(property: string, value: string): Filter {
    return new Filter(`${propertyName(property)} eq ${literal(value)}`);
  }

  /** `collection/any(x:x eq 'value')`: the collection holds the value. */
  static anyEq(collection: string, value: string): Filter {
    return new Filter(`${propertyName(collection)}/any(x:x eq ${literal(value)})`);
  }

  /** For the query string. */
  encoded(): string {
    return encodeURIComponent(this.#text);
  }

  /** For people and tests. */
  toString(): string {
    return this.#text;
  }
}

/**
 * A value as a string literal.
 *
 * @throws InteropError of kind `configuration` when it is not well-formed Unicode, which no URL can carry.
 */
export function literal(value: string): string {
  if (/\p{Surrogate}/u.test(value)) {
    throw new InteropError({
      kind: 'configuration',
      summary: 'a value cannot be looked up in Microsoft Graph',
      problems: [{ what: 'it is not well-formed Unicode', found: JSON.stringify(value) }],
    });
  }
  return `'${value.replaceAll("'", "''")}'`;
}

function propertyName(name: string): string {
  if (/^[a-z][A-Za-z0-9]*$/.test(name)) return name;
  throw new TypeError(`${JSON.stringify(name)} is not the name of a property`);
}

/** A path segment, such as an object id. */
export function segment(id: string): string {
  return encodeURIComponent(id);
}
