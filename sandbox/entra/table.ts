/** Objects by id, in the order in which they came. */
import type { Stored } from './model.js';

/** A place in a table's order. Places are never given twice, so that paging survives deletions. */
export type Place = number;

export interface Table<T extends Stored> {
  readonly size: number;
  get(id: string): T | undefined;
  /** Adds it, or replaces the one of the same id in its place. */
  put(object: T): void;
  delete(id: string): void;
  /** Everything behind a place, in order. */
  after(place: Place): Iterable<readonly [Place, T]>;
  /** Objects whose property has exactly this value, where the table can tell without going through all; else undefined. */
  lookUp(property: string, value: string): readonly T[] | undefined;
}

export class MapTable<T extends Stored> implements Table<T> {
  readonly #rows = new Map<string, { readonly place: Place; readonly object: T }>();
  #lastPlace: Place;

  /** The first object gets the place behind `lastPlace`. */
  constructor(lastPlace: Place = 0) {
    this.#lastPlace = lastPlace;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(id: string): T | undefined {
    return this.#rows.get(id)?.object;
  }

  put(object: T): void {
    const place = this.#rows.get(object.id)?.place ?? this.#nextPlace();
    this.#rows.set(object.id, { place, object });
  }

  delete(id: string): void {
    this.#rows.delete(id);
  }

  *after(place: Place): Iterable<readonly [Place, T]> {
    for (const row of this.#rows.values()) if (row.place > place) yield [row.place, row.object];
  }

  lookUp(property: string, value: string): readonly T[] | undefined {
    if (property !== 'id') return undefined;
    const found = this.get(value);
    return found === undefined ? [] : [found];
  }

  #nextPlace(): Place {
    this.#lastPlace += 1;
    return this.#lastPlace;
  }
}

/** All objects of a table. */
export function* all<T extends Stored>(table: Table<T>): Iterable<T> {
  for (const [, object] of table.after(0)) yield object;
}
