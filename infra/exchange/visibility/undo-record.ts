/**
 * The undo record: which right `Default` had on each calendar before this product raised it. Pure.
 *
 * It is kept with the stack's state, so it is small: 16 bytes for the mailbox and 4 bits for its change, as base64 22 characters
 * a mailbox, plus at most 10 for version and checksum. Sorted by GUID, so that equal records are equal texts.
 */
import { crc32 } from 'node:zlib';
import { GUID_BYTES, guidBytes, guidText } from './guids.js';
import type { FormerRight, WantedLevel } from './levels.js';

const VERSION = 1;
const VERSION_BYTES = 1;
const CHECKSUM_BYTES = 4;

/** What was done to one calendar. */
export interface CalendarChange {
  /** The right before the first of our changes. */
  readonly former: FormerRight;
  /** What this product may have set since: with another level in the configuration it can be both. */
  readonly set: readonly WantedLevel[];
}

/** One change as 4 bits: what was there, what was set; the fourth is always 0. */
const FORMER_AVAILABILITY = 1;
const SET_AVAILABILITY = 2;
const SET_LIMITED = 4;

function codeOf({ former, set }: CalendarChange): number {
  return (
    (former === 'AvailabilityOnly' ? FORMER_AVAILABILITY : 0) |
    (set.includes('AvailabilityOnly') ? SET_AVAILABILITY : 0) |
    (set.includes('LimitedDetails') ? SET_LIMITED : 0)
  );
}

function changeOf(code: number): CalendarChange {
  return {
    former: (code & FORMER_AVAILABILITY) !== 0 ? 'AvailabilityOnly' : 'None',
    set: [
      ...((code & SET_AVAILABILITY) !== 0 ? (['AvailabilityOnly'] as const) : []),
      ...((code & SET_LIMITED) !== 0 ? (['LimitedDetails'] as const) : []),
    ],
  };
}

/** A change that this product can have made: something was set, and it is not only what was there. */
function isPossible(code: number): boolean {
  return (
    code < 8 &&
    code !== 0 &&
    code !== FORMER_AVAILABILITY &&
    code !== (FORMER_AVAILABILITY | SET_AVAILABILITY)
  );
}

/** Former rights by mailbox GUID. Never changed: merging makes a new one. */
export class UndoRecord {
  static readonly empty = new UndoRecord(Buffer.alloc(0), new Uint8Array(0));
  /** GUIDs one after the other, sorted, none twice. */
  readonly #guids: Uint8Array;
  readonly #codes: Uint8Array;

  private constructor(guids: Uint8Array, codes: Uint8Array) {
    this.#guids = guids;
    this.#codes = codes;
  }

  /** How many mailboxes are in it. */
  get size(): number {
    return this.#codes.length;
  }

  /** A record of these; of a mailbox that comes twice, the earlier former right counts. */
  static of(changes: Iterable<readonly [guid: string, change: CalendarChange]>): UndoRecord {
    const builder = new UndoRecordBuilder();
    for (const [guid, change] of changes) builder.add(guid, change);
    return builder.build();
  }

  /** For the builder: entries in any order, of equal GUIDs the first one counts as the earliest. */
  static fromEntries(guids: Uint8Array, codes: Uint8Array): UndoRecord {
    const order = Uint32Array.from(codes.keys()).sort((one, other) => {
      const difference = compare(guids, one, guids, other);
      return difference !== 0 ? difference : one - other;
    });
    const sorted = Buffer.alloc(guids.length);
    const merged = new Uint8Array(codes.length);
    let size = 0;
    for (const index of order) {
      const code = codes[index] ?? 0;
      if (size > 0 && compare(sorted, size - 1, guids, index) === 0) {
        merged[size - 1] = mergeCodes(merged[size - 1] ?? 0, code);
        continue;
      }
      sorted.set(guids.subarray(index * GUID_BYTES, (index + 1) * GUID_BYTES), size * GUID_BYTES);
      merged[size++] = code;
    }
    return new UndoRecord(sorted.subarray(0, size * GUID_BYTES), merged.subarray(0, size));
  }

  /**
   * Reads what {@link encode} wrote.
   *
   * @throws RangeError when the text is not a whole record: cut off, changed, or of a later version
   */
  static decode(text: string): UndoRecord {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text) throw new RangeError('the undo record is not base64');
    const size = sizeOf(bytes.length);
    if (size === undefined) throw new RangeError('the undo record is cut off');
    const end = bytes.length - CHECKSUM_BYTES;
    if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end))
      throw new RangeError('the undo record was changed: its checksum does not fit');
    if (bytes[0] !== VERSION)
      throw new RangeError(`the undo record has version ${bytes[0]}, known is ${VERSION}`);
    const guids = Buffer.from(bytes.subarray(VERSION_BYTES, VERSION_BYTES + size * GUID_BYTES));
    const codes = unpacked(bytes.subarray(VERSION_BYTES + size * GUID_BYTES, end), size);
    for (let index = 0; index < size; index++) {
      if (!isPossible(codes[index] ?? 0)) throw new RangeError('the undo record holds an impossible change');
      if (index > 0 && compare(guids, index - 1, guids, index) >= 0)
        throw new RangeError('the undo record is not sorted');
    }
    return new UndoRecord(guids, codes);
  }

  /** The record as text for the stack's state. */
  encode(): string {
    const end = VERSION_BYTES + this.#guids.length + Math.ceil(this.size / 2);
    const bytes = Buffer.alloc(end + CHECKSUM_BYTES);
    bytes[0] = VERSION;
    bytes.set(this.#guids, VERSION_BYTES);
    bytes.set(packed(this.#codes), VERSION_BYTES + this.#guids.length);
    bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end);
    return bytes.toString('base64');
  }

  /** What was done to a mailbox's calendar; undefined when it is not in the record. */
  find(guid: string): CalendarChange | undefined {
    const index = this.indexOf(guid);
    return index < 0 ? undefined : changeOf(this.#codes[index] ?? 0);
  }

  /** Place of the mailbox among the sorted GUIDs, -1 when it is not there. */
  indexOf(guid: string): number {
    const wanted = guidBytes(guid);
    let [low, high] = [0, this.size - 1];
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const difference = compare(this.#guids, middle, wanted, 0);
      if (difference === 0) return middle;
      if (difference < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** The mailbox at a place, in lower case; undefined beyond the end. */
  guidAt(index: number): string | undefined {
    return index < this.size ? guidText(this.#guids, index * GUID_BYTES) : undefined;
  }

  /** All of it, sorted by GUID. */
  *entries(): Generator<readonly [guid: string, change: CalendarChange]> {
    for (let index = 0; index < this.size; index++) {
      yield [guidText(this.#guids, index * GUID_BYTES), changeOf(this.#codes[index] ?? 0)];
    }
  }

  /** This record and a later one: the earlier former right wins, what was set adds up. */
  merge(later: UndoRecord): UndoRecord {
    if (later.size === 0) return this;
    if (this.size === 0) return later;
    const guids = new Uint8Array(this.#guids.length + later.#guids.length);
    guids.set(this.#guids);
    guids.set(later.#guids, this.#guids.length);
    const codes = new Uint8Array(this.size + later.size);
    codes.set(this.#codes);
    codes.set(later.#codes, this.size);
    return UndoRecord.fromEntries(guids, codes);
  }
}

/** Collects changes in any order. */
export class UndoRecordBuilder {
  #guids = Buffer.alloc(GUID_BYTES * 256);
  #codes = Buffer.alloc(256);
  #size = 0;

  /** @throws RangeError when the GUID is none, or when the change changes nothing */
  add(guid: string, change: CalendarChange): void {
    const code = codeOf(change);
    if (!isPossible(code)) throw new RangeError('not a change that raises a calendar');
    if (this.#size === this.#codes.length) {
      this.#guids = Buffer.concat([this.#guids, Buffer.alloc(this.#guids.length)]);
      this.#codes = Buffer.concat([this.#codes, Buffer.alloc(this.#codes.length)]);
    }
    this.#guids.set(guidBytes(guid), this.#size * GUID_BYTES);
    this.#codes[this.#size++] = code;
  }

  build(): UndoRecord {
    return UndoRecord.fromEntries(
      this.#guids.subarray(0, this.#size * GUID_BYTES),
      this.#codes.subarray(0, this.#size),
    );
  }
}

/** The earlier one's former right; what was set, of both. */
function mergeCodes(earlier: number, later: number): number {
  return (earlier & FORMER_AVAILABILITY) | ((earlier | later) & (SET_AVAILABILITY | SET_LIMITED));
}

function compare(one: Uint8Array, at: number, other: Uint8Array, otherAt: number): number {
  for (let byte = 0; byte < GUID_BYTES; byte++) {
    const difference = (one[at * GUID_BYTES + byte] ?? 0) - (other[otherAt * GUID_BYTES + byte] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** How many mailboxes a record of so many bytes holds; undefined when there is no such length. */
function sizeOf(length: number): number | undefined {
  const body = length - VERSION_BYTES - CHECKSUM_BYTES;
  const size = Math.floor(body / (GUID_BYTES + 0.5));
  return body >= 0 && size * GUID_BYTES + Math.ceil(size / 2) === body ? size : undefined;
}

function packed(codes: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(codes.length / 2));
  for (const [index, code] of codes.entries()) {
    bytes[index >> 1] = (bytes[index >> 1] ?? 0) | (code << (4 * (index & 1)));
  }
  return bytes;
}

function unpacked(bytes: Uint8Array, size: number): Uint8Array {
  if (size % 2 === 1 && (bytes[size >> 1] ?? 0) >> 4 !== 0)
    throw new RangeError('the undo record has more after its end');
  return Uint8Array.from(
    { length: size },
    (_, index) => ((bytes[index >> 1] ?? 0) >> (4 * (index & 1))) & 15,
  );
}
