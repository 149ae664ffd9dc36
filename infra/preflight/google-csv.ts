/**
 * The list of users as Google's Admin console exports it (Directory > Users > Download users), read as a stream.
 *
 * CSV by RFC 4180, and besides: lines may end in LF alone, and a byte order mark may stand in front. Columns go by their names,
 * which carry notes in brackets, such as `Email Address [Required]`.
 */
import { createReadStream } from 'node:fs';
import { InteropError } from '../errors.js';
import type { GoogleUser } from '../google/index.js';

/** A field longer than this is a quote that was never closed. */
const LONGEST_FIELD = 100_000;

/** Something that is no CSV, with the line in which it begins. */
export class CsvError extends Error {
  override readonly name = 'CsvError';

  constructor(
    readonly what: string,
    readonly line: number,
  ) {
    super(`line ${line}: ${what}`);
  }
}

/**
 * Records of a CSV text that comes in pieces, cut anywhere. Empty lines are none.
 *
 * @throws CsvError
 */
export async function* csvRecords(
  pieces: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<readonly string[]> {
  const reader = new CsvReader();
  for await (const piece of pieces) yield* reader.take(piece);
  yield* reader.end();
}

/** Where the reader is: before a field, in a plain one, in a quoted one, or behind a quote in a quoted one. */
type Place = 'start' | 'plain' | 'quoted' | 'quote';

class CsvReader {
  #place: Place = 'start';
  #field = '';
  #record: string[] = [];
  #line = 1;
  #began = 1;
  #isFirst = true;
  #afterReturn = false;

  *take(piece: string): Generator<readonly string[]> {
    for (const character of piece) {
      if (this.#isFirst) {
        this.#isFirst = false;
        if (character === '\uFEFF') continue;
      }
      const record = this.#next(character);
      if (record !== undefined) yield record;
    }
  }

  *end(): Generator<readonly string[]> {
    if (this.#place === 'quoted') throw new CsvError('a quote is not closed', this.#began);
    const record = this.#endRecord();
    if (record !== undefined) yield record;
  }

  #next(character: string): readonly string[] | undefined {
    const afterReturn = this.#afterReturn;
    this.#afterReturn = false;
    if (character === '\n') this.#line += 1;
    if (this.#place === 'quoted') {
      if (character === '"') this.#place = 'quote';
      else this.#append(character);
      return undefined;
    }
    switch (character) {
      case ',':
        this.#endField();
        return undefined;
      case '\r':
        this.#afterReturn = true;
        return this.#endRecord();
      case '\n':
        return afterReturn ? undefined : this.#endRecord();
      case '"':
        return this.#quote();
      default:
        if (this.#place === 'quote') throw new CsvError('text stands behind a closing quote', this.#line);
        this.#place = 'plain';
        this.#append(character);
        return undefined;
    }
  }

  #quote(): undefined {
    if (this.#place === 'plain') throw new CsvError('a quote stands inside of a field', this.#line);
    if (this.#place === 'quote') this.#append('"');
    else this.#began = this.#line;
    this.#place = 'quoted';
  }

  #append(character: string): void {
    this.#field += character;
    if (this.#field.length > LONGEST_FIELD) throw new CsvError('a field is too long', this.#began);
  }

  #endField(): void {
    this.#record.push(this.#field);
    this.#field = '';
    this.#place = 'start';
  }

  #endRecord(): readonly string[] | undefined {
    if (this.#record.length === 0 && this.#field === '' && this.#place === 'start') return undefined;
    this.#endField();
    const record = this.#record;
    this.#record = [];
    return record;
  }
}

/**
 * Users of such a file, in bounded memory.
 *
 * @throws InteropError of kind `configuration` when it cannot be read, is no CSV or lacks the column with the addresses.
 */
export async function* usersOfCsv(path: string): AsyncGenerator<GoogleUser> {
  try {
    yield* usersOf(csvRecords(createReadStream(path, { encoding: 'utf8' }) as AsyncIterable<string>), path);
  } catch (error) {
    if (error instanceof InteropError) throw error;
    const what =
      error instanceof CsvError ? error.what : `cannot be read (${(error as NodeJS.ErrnoException).code})`;
    const where = error instanceof CsvError ? `${path}, line ${error.line}` : path;
    throw badFile(what, where);
  }
}

async function* usersOf(records: AsyncIterable<readonly string[]>, path: string): AsyncGenerator<GoogleUser> {
  let columns: { readonly address: number; readonly unit: number; readonly status: number } | undefined;
  for await (const record of records) {
    if (columns === undefined) {
      columns = {
        address: columnOf(record, 'email address'),
        unit: columnOf(record, 'org unit path'),
        status: columnOf(record, 'status'),
      };
      if (columns.address < 0) throw badFile('has no column "Email Address"', path, record.join(', '));
      continue;
    }
    const address = (record[columns.address] ?? '').trim().toLowerCase();
    if (!address.includes('@')) continue;
    yield {
      address,
      aliases: [],
      orgUnit: record[columns.unit]?.trim() || '/',
      suspended: /suspended|archived/i.test(record[columns.status] ?? ''),
    };
  }
  if (columns === undefined) throw badFile('is empty', path);
}

function columnOf(header: readonly string[], name: string): number {
  return header.findIndex((title) => title.replace(/\[.*$/, '').trim().toLowerCase() === name);
}

function badFile(what: string, where: string, found?: string): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary: 'the list of Google users cannot be used',
    problems: [
      {
        where,
        what,
        ...(found === undefined ? {} : { found: found.slice(0, 200) }),
        allowed: 'the CSV file of Directory > Users > Download users, with the column Email Address',
      },
    ],
    next: ['download the list again and set calendar-interop:google, usersCsv to it'],
  });
}
