/** GUIDs in 16 bytes, so that half a million of them fit into a few megabytes. */

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const WORDS = 4;
export const GUID_BYTES = 16;

/** Whether the text is a GUID, in any case of letters, and not the one that stands for nothing. */
export function isMailboxGuid(text: string | null | undefined): text is string {
  return typeof text === 'string' && GUID.test(text) && !/^[0-]+$/.test(text);
}

/**
 * The bytes in the order of the text.
 *
 * @throws RangeError when the text is no GUID
 */
export function guidBytes(text: string): Buffer {
  if (!GUID.test(text)) throw new RangeError('not a GUID');
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** The GUID at an offset, in lower case. */
export function guidText(bytes: Uint8Array, offset = 0): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + offset, GUID_BYTES).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** GUIDs in one piece of a table: a megabyte. */
const PIECE_BITS = 16;
const PIECE = 1 << PIECE_BITS;

/**
 * A table of GUIDs that numbers them in the order in which they came: a set by itself, a map together with an array.
 *
 * Open addressing over 32-bit words: 24 to 32 bytes a GUID. What a sweep knows of its mailboxes shares one table. It grows by
 * pieces, so that growing needs no second copy of it.
 */
export class GuidTable {
  readonly #pieces: Uint32Array[] = [];
  /** Number of the GUID plus one; 0 is free. */
  #slots = new Uint32Array(2048);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The GUID's number, and whether it was not there before. */
  add(guid: string): { readonly index: number; readonly isNew: boolean } {
    const words = guidWords(guid);
    const slot = this.#find(words);
    const taken = this.#slots[slot] ?? 0;
    if (taken !== 0) return { index: taken - 1, isNew: false };
    const index = this.#size++;
    if (index % PIECE === 0) this.#pieces.push(new Uint32Array(WORDS * PIECE));
    this.#wordsAt(index).set(words);
    this.#slots[slot] = index + 1;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return { index, isNew: true };
  }

  /** The GUID's number, -1 when it is not there. */
  indexOf(guid: string): number {
    return (this.#slots[this.#find(guidWords(guid))] ?? 0) - 1;
  }

  has(guid: string): boolean {
    return this.indexOf(guid) >= 0;
  }

  /**
   * The GUID with a number, in lower case.
   *
   * @throws RangeError when there is none
   */
  guidAt(index: number): string {
    const bytes = Buffer.alloc(GUID_BYTES);
    this.copyTo(bytes, 0, index);
    return guidText(bytes);
  }

  /** Writes the bytes of the GUID with a number, in the order of its text, to an offset of `target`. */
  copyTo(target: Buffer, offset: number, index: number): void {
    this.#wordsAt(index).forEach((word, place) => {
      target.writeUInt32BE(word, offset + 4 * place);
    });
  }

  /** Compares the GUIDs with two numbers in the order of their texts. */
  compare(one: number, other: number): number {
    const [words, others] = [this.#wordsAt(one), this.#wordsAt(other)];
    for (let word = 0; word < WORDS; word++) {
      const difference = (words[word] ?? 0) - (others[word] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  /** @throws RangeError beyond the end */
  #wordsAt(index: number): Uint32Array {
    const piece = this.#pieces[index >>> PIECE_BITS];
    if (piece === undefined || index >= this.#size) throw new RangeError(`no GUID has the number ${index}`);
    const at = (index % PIECE) * WORDS;
    return piece.subarray(at, at + WORDS);
  }

  #find(words: Uint32Array): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash(words) & mask; ; slot = (slot + 1) & mask) {
      const taken = this.#slots[slot] ?? 0;
      if (taken === 0 || this.#equals(taken - 1, words)) return slot;
    }
  }

  #equals(index: number, words: Uint32Array): boolean {
    const piece = this.#pieces[index >>> PIECE_BITS];
    const at = (index % PIECE) * WORDS;
    return (
      piece !== undefined &&
      piece[at] === words[0] &&
      piece[at + 1] === words[1] &&
      piece[at + 2] === words[2] &&
      piece[at + 3] === words[3]
    );
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let index = 0; index < this.#size; index++) {
      this.#slots[this.#find(this.#wordsAt(index))] = index + 1;
    }
  }
}

/** Some of a table's GUIDs, with a bit for each. What is added to it is added to the table. */
export class GuidSet {
  readonly #table: GuidTable;
  #bits = new Uint8Array(1024);

  constructor(table: GuidTable) {
    this.#table = table;
  }

  /** @returns whether it was not in the set before */
  add(guid: string): boolean {
    const { index } = this.#table.add(guid);
    const [byte, bit] = [index >>> 3, 1 << (index & 7)];
    if (byte >= this.#bits.length) this.#bits = grown(this.#bits, byte + 1);
    const before = this.#bits[byte] ?? 0;
    this.#bits[byte] = before | bit;
    return (before & bit) === 0;
  }

  has(guid: string): boolean {
    const index = this.#table.indexOf(guid);
    return index >= 0 && ((this.#bits[index >>> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }
}

/** A copy with room for at least so many elements: by half as much again, which costs little for the few bytes of a mailbox. */
export function grown<T extends Uint8Array | Float64Array>(array: T, least: number): T {
  const length = Math.max(least, Math.ceil(array.length * 1.5));
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}

function guidWords(guid: string): Uint32Array {
  const bytes = guidBytes(guid);
  return Uint32Array.of(
    bytes.readUInt32BE(0),
    bytes.readUInt32BE(4),
    bytes.readUInt32BE(8),
    bytes.readUInt32BE(12),
  );
}

/** FNV-1a over the words: GUIDs made by counting must not fall into one another's places. */
function hash(words: Uint32Array): number {
  let value = 0x811c9dc5;
  for (const word of words) {
    value = Math.imul(value ^ word, 0x01000193);
    value ^= value >>> 15;
  }
  return value >>> 0;
}
