/** What must not appear in a message or, unmarked, in an output. */
import {
  isList,
  isObject,
  mapObject,
  type Properties,
  type PropertyValue,
  Secret,
  secretTexts,
} from './values.js';

/** Shorter texts are left alone: "on" as a secret would make every message unreadable and hide nothing. */
const SHORTEST = 4;
/** Halves of characters, which no URL can hold. */
const LONE_SURROGATES = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** The texts of the secrets that one provider or one operation has seen. */
export class SecretTexts {
  readonly #parent: SecretTexts | undefined;
  readonly #texts = new Set<string>();

  /** @param parent texts that are to be scrubbed as well, without being copied */
  constructor(parent?: SecretTexts) {
    this.#parent = parent;
  }

  add(text: string): void {
    if (text.length >= SHORTEST) this.#texts.add(text);
  }

  addFrom(properties: Properties): void {
    for (const text of secretTexts(properties)) this.add(text);
  }

  /** Replaces the secrets in it, also where they are escaped for JSON or URLs or encoded in base64. */
  scrub(message: string): string {
    let text = message;
    for (const form of this.#forms()) text = text.replaceAll(form, '[secret]');
    return text;
  }

  /** Marks the texts in outputs that hold a secret of this operation (not of its parent) and are not marked yet. */
  mark(value: PropertyValue): PropertyValue {
    if (this.#texts.size === 0 || value instanceof Secret) return value;
    if (isList(value)) return value.map((item) => this.mark(item));
    if (isObject(value)) return mapObject(value, (item) => this.mark(item));
    if (typeof value !== 'string' && typeof value !== 'number') return value;
    const text = String(value);
    return [...this.#texts].some((secret) => text.includes(secret)) ? new Secret(value) : value;
  }

  /** Longest first, so that no part of a longer secret is left behind. */
  #forms(): string[] {
    const texts = this.#all();
    const forms = new Set<string>();
    for (const text of texts) {
      forms.add(text);
      forms.add(JSON.stringify(text).slice(1, -1));
      forms.add(encodeURIComponent(text.replace(LONE_SURROGATES, '\uFFFD')));
      forms.add(new URLSearchParams({ x: text }).toString().slice(2));
      forms.add(Buffer.from(text).toString('base64'));
      forms.add(Buffer.from(text).toString('base64url'));
    }
    return [...forms].sort((left, right) => right.length - left.length);
  }

  #all(): string[] {
    return this.#parent === undefined ? [...this.#texts] : [...this.#parent.#all(), ...this.#texts];
  }
}
