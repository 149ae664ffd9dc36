/**
 * The undo record: which right `Default` had on each calendar before this product raised it. Pure.
 *
 * It is kept with the stack's state, so it is small: 16 bytes for the mailbox and 4 bits for its change, as base64 22 characters
 * a mailbox, plus at most 10 for version and checksum. Sorted by GUID, so that equal records are equal texts.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { GUID_BYTES, GuidTable, grown, guidBytes, guidText } from './guids.js';
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

  /**
   * For the builder.
   *
   * @param fill writes the entries, sorted by GUID, none twice
   */
  static filled(size: number, fill: (guids: Buffer, codes: Uint8Array) => void): UndoRecord {
    const guids = Buffer.alloc(size * GUID_BYTES);
    const codes = new Uint8Array(size);
    fill(guids, codes);
    return new UndoRecord(guids, codes);
  }

  /**
   * Reads what {@link encode} wrote.
   *
   * @throws RangeError when the text is not a whole record: cut off, changed, or of a later version
   */
  static decode(text: string): UndoRecord {
    const bytes = Buffer.from(text, 'base64');
    if (!isTextOf(text, bytes)) throw new RangeError('the undo record is not base64');
    const size = sizeOf(bytes.length);
    if (size === undefined) throw new RangeError('the undo record is cut off');
    const end = bytes.length - CHECKSUM_BYTES;
    if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end))
      throw new RangeError('the undo record was changed: its checksum does not fit');
    if (bytes[0] !== VERSION)
      throw new RangeError(`the undo record has version ${bytes[0]}, known is ${VERSION}`);
    const guids = bytes.subarray(VERSION_BYTES, VERSION_BYTES + size * GUID_BYTES);
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
    return this.#bytes().toString('base64');
  }

  /** CRC-32 of the text, which is large: it is not made for that. */
  textChecksum(): number {
    let sum = 0;
    for (const block of textBlocks(this.#bytes())) sum = crc32(block, sum);
    return sum;
  }

  /** A short text that two different records do not share. */
  digest(): string {
    return createHash('sha256').update(this.#bytes()).digest('base64');
  }

  #bytes(): Buffer {
    const end = VERSION_BYTES + this.#guids.length + Math.ceil(this.size / 2);
    const bytes = Buffer.alloc(end + CHECKSUM_BYTES);
    bytes[0] = VERSION;
    bytes.set(this.#guids, VERSION_BYTES);
    bytes.set(packed(this.#codes), VERSION_BYTES + this.#guids.length);
    bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end);
    return bytes;
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
    let size = 0;
    for (const _ of pairs(this.#guids, later.#guids)) size++;
    return UndoRecord.filled(size, (guids, codes) => {
      let place = 0;
      for (const [mine, theirs] of pairs(this.#guids, later.#guids)) {
        const [source, index] = mine >= 0 ? [this.#guids, mine] : [later.#guids, theirs];
        guids.set(source.subarray(index * GUID_BYTES, (index + 1) * GUID_BYTES), place * GUID_BYTES);
        const [before, after] = [this.#codes[mine], later.#codes[theirs]];
        codes[place++] =
          before !== undefined && after !== undefined ? mergeCodes(before, after) : (before ?? after ?? 0);
      }
    });
  }
}

/** Collects changes in any order: a byte for each mailbox of the table. */
export class UndoRecordBuilder {
  readonly #table: GuidTable;
  /** By a mailbox's number in the table; 0 where nothing changes, which is no possible change. */
  #codes = new Uint8Array(1024);
  #size = 0;

  /** @param table where the mailboxes are numbered, together with those of others */
  constructor(table = new GuidTable()) {
    this.#table = table;
  }

  /**
   * Of a mailbox that comes twice, the earlier former right counts.
   *
   * @throws RangeError when the GUID is none, or when the change changes nothing
   */
  add(guid: string, change: CalendarChange): void {
    const code = codeOf(change);
    if (!isPossible(code)) throw new RangeError('not a change that raises a calendar');
    const { index } = this.#table.add(guid);
    if (index >= this.#codes.length) this.#codes = grown(this.#codes, this.#table.size);
    const before = this.#codes[index] ?? 0;
    if (before === 0) this.#size += 1;
    this.#codes[index] = before === 0 ? code : mergeCodes(before, code);
  }

  build(): UndoRecord {
    const order = new Uint32Array(this.#size);
    let count = 0;
    for (const [index, code] of this.#codes.entries()) if (code !== 0) order[count++] = index;
    order.sort((one, other) => this.#table.compare(one, other));
    return UndoRecord.filled(this.#size, (guids, codes) => {
      for (const [place, index] of order.entries()) {
        this.#table.copyTo(guids, place * GUID_BYTES, index);
        codes[place] = this.#codes[index] ?? 0;
      }
    });
  }
}

/** The places of each GUID in two sorted lists, in order; -1 where it is not in a list. */
function* pairs(
  one: Uint8Array,
  other: Uint8Array,
): Generator<readonly [onePlace: number, otherPlace: number]> {
  const [oneSize, otherSize] = [one.length / GUID_BYTES, other.length / GUID_BYTES];
  let [mine, theirs] = [0, 0];
  while (mine < oneSize || theirs < otherSize) {
    const order = mine === oneSize ? 1 : theirs === otherSize ? -1 : compare(one, mine, other, theirs);
    yield [order <= 0 ? mine++ : -1, order >= 0 ? theirs++ : -1];
  }
}

/** Bytes whose base64 text is handled at once: a multiple of three, so that the parts' texts make up the whole's. */
const TEXT_BLOCK = 3 << 14;

/** The base64 text, part by part. */
function* textBlocks(bytes: Buffer): Generator<string> {
  for (let at = 0; at < bytes.length; at += TEXT_BLOCK) yield bytes.toString('base64', at, at + TEXT_BLOCK);
}

/** Whether the text is what the bytes are encoded to: reading base64 passes over what is none. */
function isTextOf(text: string, bytes: Buffer): boolean {
  let at = 0;
  for (const block of textBlocks(bytes)) {
    if (text.slice(at, at + block.length) !== block) return false;
    at += block.length;
  }
  return at === text.length;
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
