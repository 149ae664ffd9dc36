/**
 * Addresses with a few marks each, in twelve bytes or so per slot: what is known of a hundred thousand people fits into a few
 * megabytes.
 *
 * Only 64 bits of each address's SHA-256 are kept. That two of a million addresses share them has a chance of about one to
 * thirty million.
 */
import { createHash } from 'node:crypto';

const WORDS = 2;
const FIRST_SLOTS = 1_024;

export class AddressTable {
  #keys = new Uint32Array(FIRST_SLOTS * WORDS);
  /** Marks of the slot; 0: the slot is free. */
  #marks = new Uint8Array(FIRST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds marks to those of an address; letters count in either case. @param marks bits from 1 to 255. */
  mark(address: string, marks: number): void {
    const [high, low] = keyOf(address);
    this.#add(high, low, marks);
    if (this.#size * 2 > this.#marks.length) this.#grow();
  }

  /** The marks of an address; 0 when it has none. */
  marksOf(address: string): number {
    const [high, low] = keyOf(address);
    return this.#marks[this.#slot(high, low)] ?? 0;
  }

  #add(high: number, low: number, marks: number): void {
    const slot = this.#slot(high, low);
    const known = this.#marks[slot] ?? 0;
    if (known === 0) {
      this.#keys[slot * WORDS] = high;
      this.#keys[slot * WORDS + 1] = low;
      this.#size += 1;
    }
    this.#marks[slot] = known | marks;
  }

  /** The slot of the key, or the free one where it would go. */
  #slot(high: number, low: number): number {
    const mask = this.#marks.length - 1;
    let slot = low & mask;
    while (this.#marks[slot] !== 0) {
      if (this.#keys[slot * WORDS] === high && this.#keys[slot * WORDS + 1] === low) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const [keys, marks] = [this.#keys, this.#marks];
    this.#keys = new Uint32Array(keys.length * 2);
    this.#marks = new Uint8Array(marks.length * 2);
    this.#size = 0;
    for (const [slot, known] of marks.entries()) {
      if (known !== 0) this.#add(keys[slot * WORDS] ?? 0, keys[slot * WORDS + 1] ?? 0, known);
    }
  }
}

function keyOf(address: string): readonly [number, number] {
  const digest = createHash('sha256').update(address.toLowerCase()).digest();
  return [digest.readUInt32BE(0), digest.readUInt32BE(4)];
}
