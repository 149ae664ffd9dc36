/**
 * Reads a stream to its end ahead of whoever works through it.
 *
 * The link to the next page of a list lives for 5 to 30 minutes, and the work on one page may take longer: the list is fetched at
 * its own pace and waits here in compact form (about 15 bytes a mailbox, besides the table of GUIDs).
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { GuidTable } from './guids.js';
import type { MailboxRef } from './mailbox.js';
import { mailboxKind } from './mailbox.js';

const CHUNK = 500;

/** The GUID by its number in the table: as text it would be the larger part, since it cannot be made smaller. */
type Packed = readonly [number: number, address: string | null, kind: string | null];

/**
 * The same mailboxes in the same order. An error of the source comes after all that it gave before. When the reader stops early,
 * the source is stopped as well.
 *
 * @param table where the mailboxes are numbered, those of others as well
 */
export async function* readAhead(
  source: AsyncIterable<MailboxRef>,
  table: GuidTable,
): AsyncGenerator<MailboxRef> {
  const chunks: Buffer[] = [];
  let state: 'running' | 'ended' | 'unwanted' = 'running';
  let failure: { readonly error: unknown } | undefined;
  let wake = () => {};
  const read = async () => {
    let rows: Packed[] = [];
    const flush = () => {
      if (rows.length > 0) chunks.push(deflateRawSync(JSON.stringify(rows), { level: 1 }));
      rows = [];
      wake();
    };
    try {
      for await (const { guid, address, kind } of source) {
        if (state === 'unwanted') return;
        rows.push([table.add(guid).index, address ?? null, kind ?? null]);
        // The first ones at once, so that the work begins; the rest in chunks.
        if (rows.length >= CHUNK || chunks.length === 0) flush();
      }
    } catch (error) {
      failure = { error };
    } finally {
      flush();
      if (state === 'running') state = 'ended';
      wake();
    }
  };
  const reading = read();
  try {
    for (;;) {
      const chunk = chunks.shift();
      if (chunk !== undefined) {
        for (const [index, address, kind] of JSON.parse(inflateRawSync(chunk).toString()) as Packed[])
          yield { guid: table.guidAt(index), address: address ?? undefined, kind: mailboxKind(kind) };
      } else if (state === 'running') {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else break;
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    if (state === 'running') state = 'unwanted';
  }
  await reading;
}
