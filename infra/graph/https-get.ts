/** A plain GET on Node's own https: undici alone would cost 50 ms at the start of every command. */
import { type Agent, request } from 'node:https';

/** Status and body of an answer. */
export interface TextAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Fetches a text; redirects are not followed.
 *
 * @param limit bytes above which the answer is refused.
 * @throws Error of Node with its `code`, also when `signal` is aborted or the answer is too long.
 */
export function httpsGet(
  url: string,
  options: { readonly agent: Agent; readonly signal: AbortSignal; readonly limit: number },
): Promise<TextAnswer> {
  const { agent, signal, limit } = options;
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, signal, headers: { accept: 'application/json' } }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > limit) sent.destroy(new Error(`the answer is longer than ${limit} bytes`));
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}
