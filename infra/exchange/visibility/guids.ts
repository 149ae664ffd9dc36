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

/**
 * A table of GUIDs that numbers them in the order in which they came: a set by itself, a map together with an array.
 *
 * Open addressing over 32-bit words: about 24 to 40 bytes a GUID.
 */
export class GuidTable {
  #words: Uint32Array = new Uint32Array(WORDS * 1024);
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
    if (this.#words.length < this.#size * WORDS) this.#words = grown(this.#words);
    this.#words.set(words, index * WORDS);
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

  #find(words: Uint32Array): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash(words) & mask; ; slot = (slot + 1) & mask) {
      const taken = this.#slots[slot] ?? 0;
      if (taken === 0 || this.#equals(taken - 1, words)) return slot;
    }
  }

  #equals(index: number, words: Uint32Array): boolean {
    const at = index * WORDS;
    return (
      this.#words[at] === words[0] &&
      this.#words[at + 1] === words[1] &&
      this.#words[at + 2] === words[2] &&
      this.#words[at + 3] === words[3]
    );
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let index = 0; index < this.#size; index++) {
      const words = this.#words.subarray(index * WORDS, index * WORDS + WORDS);
      this.#slots[this.#find(words)] = index + 1;
    }
  }
}

function grown(words: Uint32Array): Uint32Array {
  const larger = new Uint32Array(words.length * 2);
  larger.set(words);
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
