/**
 * Reads a stream to its end ahead of whoever works through it.
 *
 * The link to the next page of a list lives for 5 to 30 minutes, and the work on one page may take longer: the list is fetched at
 * its own pace and waits here in compact form (about 35 bytes a mailbox).
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { MailboxRef } from './mailbox.js';
import { mailboxKind } from './mailbox.js';

const CHUNK = 500;

type Packed = readonly [guid: string, address: string | null, kind: string | null];

/**
 * The same mailboxes in the same order. An error of the source comes after all that it gave before. When the reader stops early,
 * the source is stopped as well.
 */
export async function* readAhead(source: AsyncIterable<MailboxRef>): AsyncGenerator<MailboxRef> {
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
        rows.push([guid, address ?? null, kind ?? null]);
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
        for (const [guid, address, kind] of JSON.parse(inflateRawSync(chunk).toString()) as Packed[])
          yield { guid, address: address ?? undefined, kind: mailboxKind(kind) };
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
