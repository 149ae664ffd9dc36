/** One HTTPS request of a look-up: bounded in time and size, never a thrown error for what a server may do. */
import { networkCode } from '../graph/network-error.js';
import type { Surroundings } from './surroundings.js';

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Why there is no whole answer. */
export interface NoAnswer {
  readonly kind: 'silent' | 'cutOff' | 'tooLarge' | 'unreachable';
  readonly evidence: string;
}

/** An answer about 100 mailboxes with their events of two weeks is far below it. */
export const LARGEST_ANSWER = 16 * 1024 * 1024;

/** @throws the signal's reason when it is aborted, and nothing else. */
export async function post(request: Post, around: Surroundings): Promise<HttpAnswer | NoAnswer> {
  const timer = new AbortController();
  const deadline = setTimeout(() => timer.abort(), around.limitMs);
  const signal = AbortSignal.any([around.signal, timer.signal]);
  let answering = false;
  let size = 0;
  try {
    const response = await around.trust.fetch(request.url, {
      method: 'POST',
      headers: request.headers,
      body: request.body,
      signal,
    });
    answering = true;
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > LARGEST_ANSWER) {
        return { kind: 'tooLarge', evidence: `more than ${LARGEST_ANSWER} bytes` };
      }
      chunks.push(chunk);
    }
    return {
      kind: 'answer',
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.concat(chunks),
    };
  } catch (error) {
    around.signal.throwIfAborted();
    if (timer.signal.aborted)
      return { kind: 'silent', evidence: `no whole answer in ${around.limitMs / 1000} s` };
    const code = networkCode(error) ?? 'UND_ERR_SOCKET';
    return answering
      ? { kind: 'cutOff', evidence: `${code} after ${size} bytes` }
      : { kind: 'unreachable', evidence: code };
  } finally {
    clearTimeout(deadline);
    timer.abort();
  }
}
