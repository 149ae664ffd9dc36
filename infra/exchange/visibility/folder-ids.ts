/**
 * The folder ids of default calendars, remembered in a file: a later run asks one question less per mailbox.
 *
 * The file may be lost, cut off or wrong at any time: a lost id is asked for again, a damaged record is not used, a wrong id is
 * replaced when Exchange does not know it. Only an index is in memory (8 to 12 bytes a mailbox, besides the table of GUIDs), the ids
 * stay on disk.
 * One record: checksum (4 bytes), length of the id (2), GUID (16), id. A later record replaces an earlier one.
 */
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { GUID_BYTES, type GuidTable, grown, guidBytes, guidText } from './guids.js';

/** What a sweep asks of it. */
export interface FolderIds {
  get(guid: string): string | undefined;
  set(guid: string, folderId: string): void;
}

/** Folder ids for one run only. */
export function folderIdsInMemory(): FolderIds {
  const ids = new Map<string, string>();
  return { get: (guid) => ids.get(guid), set: (guid, id) => void ids.set(guid, id) };
}

const HEADER = 4 + 2 + GUID_BYTES;
const LONGEST_ID = 1024;
const READ_AT_ONCE = 1 << 20;
const WRITE_AT_ONCE = 1 << 16;

/** Folder ids in a file. Several processes may use one file: each adds whole records at the end. */
export class FolderIdFile implements FolderIds {
  readonly #path: string;
  #descriptor: number;
  readonly #table: GuidTable;
  /** By a mailbox's number in the table: the place of its record in the file plus one; 0 where there is none. */
  #places = new Float64Array(1024);
  #size = 0;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  readonly #fresh = new Map<string, string>();

  /**
   * Opens the file, makes it where it is missing, and clears away what is damaged or replaced.
   *
   * @param table where the file's mailboxes are numbered, together with those of others
   */
  static open(path: string, table: GuidTable): FolderIdFile {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = new FolderIdFile(path, table);
    if (file.#load() === 'worn') file.#rewrite();
    return file;
  }

  private constructor(path: string, table: GuidTable) {
    this.#path = path;
    this.#table = table;
    this.#descriptor = openSync(path, 'a+', 0o600);
  }

  /** How many mailboxes have a record. */
  get size(): number {
    return this.#size;
  }

  get(guid: string): string | undefined {
    const fresh = this.#fresh.get(guid);
    if (fresh !== undefined) return fresh;
    const place = this.#places[this.#table.indexOf(guid)] ?? 0;
    if (place === 0) return undefined;
    const record = recordAt(this.#descriptor, place - 1);
    return record?.guid === guid ? record.folderId : undefined;
  }

  set(guid: string, folderId: string): void {
    if (Buffer.byteLength(folderId) > LONGEST_ID) return;
    this.#fresh.set(guid, folderId);
    const record = encodeRecord(guid, folderId);
    this.#waiting.push(record);
    this.#waitingBytes += record.length;
    if (this.#waitingBytes >= WRITE_AT_ONCE) this.flush();
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const block = Buffer.concat(this.#waiting);
    writeSync(this.#descriptor, block);
    // Another process may have added records of its own in between: the end says where ours begin.
    let place = fstatSync(this.#descriptor).size - block.length;
    for (const record of this.#waiting) {
      this.#remember(guidText(record, 6), place);
      place += record.length;
    }
    this.#fresh.clear();
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.#descriptor);
  }

  #remember(guid: string, place: number): void {
    const { index } = this.#table.add(guid);
    if (index >= this.#places.length) this.#places = grown(this.#places, this.#table.size);
    if (this.#places[index] === 0) this.#size += 1;
    this.#places[index] = place + 1;
  }

  /** Reads all records; `worn` when there is damage, or more replaced records than good ones. */
  #load(): 'good' | 'worn' {
    const size = fstatSync(this.#descriptor).size;
    let [place, count] = [0, 0];
    let block: Buffer = Buffer.alloc(0);
    let blockStart = 0;
    while (place < size) {
      if (place - blockStart + HEADER + LONGEST_ID > block.length && blockStart + block.length < size) {
        blockStart = place;
        block = readBlock(this.#descriptor, place, Math.min(READ_AT_ONCE, size - place));
      }
      const record = decodeRecord(block, place - blockStart);
      if (record === undefined) return 'worn';
      this.#remember(record.guid, place);
      place += record.length;
      count += 1;
    }
    return count > this.#size * 2 ? 'worn' : 'good';
  }

  /** Writes a new file with the good records only, and takes its place. */
  #rewrite(): void {
    const fresh = `${this.#path}.${process.pid}.tmp`;
    rmSync(fresh, { force: true });
    const target = openSync(fresh, 'ax+', 0o600);
    let end = 0;
    for (const [index, place] of this.#places.entries()) {
      const record = place === 0 ? undefined : recordAt(this.#descriptor, place - 1);
      if (record === undefined) continue;
      const bytes = encodeRecord(record.guid, record.folderId);
      writeSync(target, bytes);
      this.#places[index] = end + 1;
      end += bytes.length;
    }
    renameSync(fresh, this.#path);
    closeSync(this.#descriptor);
    this.#descriptor = target;
  }
}

interface FolderIdRecord {
  readonly guid: string;
  readonly folderId: string;
  readonly length: number;
}

function encodeRecord(guid: string, folderId: string): Buffer {
  const id = Buffer.from(folderId);
  const record = Buffer.alloc(HEADER + id.length);
  record.writeUInt16BE(id.length, 4);
  record.set(guidBytes(guid), 6);
  record.set(id, HEADER);
  record.writeUInt32BE(crc32(record.subarray(4)), 0);
  return record;
}

/** The record at an offset; undefined when it is not whole. */
function decodeRecord(block: Buffer, offset: number): FolderIdRecord | undefined {
  if (offset + HEADER > block.length) return undefined;
  const length = HEADER + block.readUInt16BE(offset + 4);
  if (length > HEADER + LONGEST_ID || offset + length > block.length) return undefined;
  if (crc32(block.subarray(offset + 4, offset + length)) !== block.readUInt32BE(offset)) return undefined;
  return {
    guid: guidText(block, offset + 6),
    folderId: block.toString('utf8', offset + HEADER, offset + length),
    length,
  };
}

function recordAt(descriptor: number, place: number): FolderIdRecord | undefined {
  return decodeRecord(readBlock(descriptor, place, HEADER + LONGEST_ID), 0);
}

function readBlock(descriptor: number, place: number, length: number): Buffer {
  const block = Buffer.alloc(length);
  return block.subarray(0, readSync(descriptor, block, 0, length, place));
}
