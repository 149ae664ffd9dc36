/**
 * Which mailboxes of an undo record are to be changed now: one bit each. Pure.
 *
 * The record also knows mailboxes that were raised long ago; a run that writes visits only the pending ones.
 */
import { crc32 } from 'node:zlib';
import type { UndoRecord } from './undo-record.js';

const CHECKSUM_BYTES = 4;

/** Mailboxes of one certain record. */
export class Pending {
  readonly #record: UndoRecord;
  readonly #bits: Uint8Array;

  private constructor(record: UndoRecord, bits: Uint8Array) {
    this.#record = record;
    this.#bits = bits;
  }

  /** @throws RangeError when a mailbox is not in the record */
  static of(record: UndoRecord, guids: Iterable<string>): Pending {
    const bits = new Uint8Array(Math.ceil(record.size / 8));
    for (const guid of guids) {
      const index = record.indexOf(guid);
      if (index < 0) throw new RangeError('a pending mailbox is missing from the undo record');
      bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
    }
    return new Pending(record, bits);
  }

  /**
   * Reads what {@link encode} wrote for the same record.
   *
   * @throws RangeError when it was written for another one, or is damaged
   */
  static decode(record: UndoRecord, text: string): Pending {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text || bytes.length !== CHECKSUM_BYTES + Math.ceil(record.size / 8))
      throw new RangeError('the list of pending mailboxes is damaged');
    const bits = bytes.subarray(CHECKSUM_BYTES);
    if (bytes.readUInt32BE(0) !== checksum(record, bits))
      throw new RangeError('the list of pending mailboxes belongs to another undo record');
    return new Pending(record, bits);
  }

  encode(): string {
    const sum = Buffer.alloc(CHECKSUM_BYTES);
    sum.writeUInt32BE(checksum(this.#record, this.#bits));
    return Buffer.concat([sum, this.#bits]).toString('base64');
  }

  get size(): number {
    let size = 0;
    for (let byte of this.#bits) for (; byte !== 0; byte &= byte - 1) size++;
    return size;
  }

  /** The mailboxes, sorted by GUID. */
  *guids(): Generator<string> {
    for (let index = 0; index < this.#record.size; index++) {
      if (((this.#bits[index >> 3] ?? 0) & (1 << (index & 7))) === 0) continue;
      const guid = this.#record.guidAt(index);
      if (guid !== undefined) yield guid;
    }
  }
}

function checksum(record: UndoRecord, bits: Uint8Array): number {
  return crc32(bits, record.textChecksum());
}
