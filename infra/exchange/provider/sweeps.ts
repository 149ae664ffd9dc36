/** What the sweeps of one tenant share within a run of the provider. */
import type { VisibilityPlan } from '../visibility/index.js';

/** What a look at all calendars in scope gave. */
export type Reading =
  | { readonly kind: 'swept'; readonly plan: VisibilityPlan }
  /** More mailboxes than a preview asks about. */
  | { readonly kind: 'tooMany'; readonly limit: number };

export class Sweeps {
  /** Digests of undo records that were undone in full. */
  readonly undone = new Set<string>();
  /** Addresses of mailboxes that the previewed run makes before it looks at calendars. */
  readonly toCome = new Set<string>();
  readonly #looked = new Set<string>();
  readonly #readings = new Map<string, Promise<Reading>>();
  #last: Promise<unknown> = Promise.resolve();

  /** One sweep after the other: they share files, and each takes all that Exchange gives. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => undefined);
    return await mine;
  }

  /** The same look for all that ask before something is written: a refresh and a preview read each calendar once. */
  async reading(key: string, look: () => Promise<Reading>): Promise<Reading> {
    const known = this.#readings.get(key);
    if (known !== undefined) return await known;
    this.#looked.add(key);
    const made = this.exclusively(look);
    this.#readings.set(key, made);
    made.catch(() => this.#readings.delete(key));
    return await made;
  }

  /** Whether anybody has looked in this run, be it before something was written. */
  hasLooked(key: string): boolean {
    return this.#looked.has(key);
  }

  /** Whether a look still says what is there. */
  hasReading(key: string): boolean {
    return this.#readings.has(key);
  }

  /** Something is about to be written. */
  forget(): void {
    this.#readings.clear();
  }
}
