/**
 * How requests of the Graph client get there: our trust, bounded retries, and never to another server than Graph's.
 */
import type { Context, Middleware } from '@microsoft/microsoft-graph-client';
import type { RequestInit } from 'undici';
import { InteropError } from '../errors.js';
import { cancelledError, networkCode } from './network-error.js';
import { isTransient, isUntouched, LONGEST_WAIT_MS, waitBefore } from './retry.js';
import type { ServerClock } from './server-clock.js';
import type { Trust } from './trust.js';

/** What the transport needs. */
export interface TransportOptions {
  /** Base URL of Graph. */
  readonly graph: string;
  readonly trust: Trust;
  readonly signal: AbortSignal;
  /** Is told the time of each answer. */
  readonly clock?: ServerClock | undefined;
  /** Waits so many milliseconds; rejects when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const ATTEMPTS = 10;
const TIMEOUT_MS = 60_000;

/**
 * The last middleware of one request. The library keeps only the text of what a middleware throws, so the error itself is
 * remembered in {@link GraphTransport.failure}.
 */
export class GraphTransport implements Middleware {
  failure: unknown;
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Runs work whose error is to be remembered. */
  async remembering<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  async execute(context: Context): Promise<void> {
    await this.remembering(async () => {
      const url = typeof context.request === 'string' ? context.request : context.request.url;
      this.#refuseStrangers(url);
      // The library is typed against the browser's fetch, which undici's follows.
      const init = (context.options ?? {}) as unknown as RequestInit;
      context.response = (await this.#send(url, init)) as unknown as Response;
    });
  }

  #refuseStrangers(url: string): void {
    const { graph } = this.#options;
    if (new URL(url).origin === new URL(graph).origin) return;
    throw new InteropError({
      kind: 'failure',
      summary: 'Microsoft Graph pointed to another server',
      problems: [
        {
          where: 'next page',
          what: 'a request with our token must not go there',
          found: new URL(url).origin,
          allowed: new URL(graph).origin,
        },
      ],
    });
  }

  async #send(url: string, init: RequestInit) {
    const { signal, sleep } = this.#options;
    const reads = (init.method ?? 'GET') === 'GET';
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(url, init);
      const wait = 'error' in outcome ? waitBefore(attempt, null) : waitFor(outcome.response, attempt);
      const again =
        'error' in outcome
          ? reads && isRetriedNetworkCode(networkCode(outcome.error))
          : isTransient(outcome.response.status) && (reads || isUntouched(outcome.response.status));
      if (!again || attempt >= ATTEMPTS || wait > LONGEST_WAIT_MS) {
        if ('error' in outcome) throw outcome.error;
        return outcome.response;
      }
      if ('response' in outcome) await outcome.response.body?.cancel();
      await sleep(wait, signal).catch(() => {
        throw cancelledError('a request to Microsoft Graph');
      });
    }
  }

  async #attempt(url: string, init: RequestInit) {
    const { trust, signal, clock } = this.#options;
    const deadline = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await trust.fetch(url, { ...init, signal: AbortSignal.any([signal, deadline]) });
      clock?.hear(response.headers.get('date'));
      return { response };
    } catch (error) {
      if (signal.aborted) throw cancelledError('a request to Microsoft Graph');
      return { error: deadline.aborted ? timedOut(error) : error };
    }
  }
}

function waitFor(
  response: { readonly headers: { get(name: string): string | null } },
  attempt: number,
): number {
  return waitBefore(attempt, response.headers.get('retry-after'));
}

/** A host that is not there, or not trusted, will not come by waiting. */
function isRetriedNetworkCode(code: string | undefined): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET' || code === 'EAI_AGAIN';
}

function timedOut(cause: unknown): Error {
  return Object.assign(new Error('no answer in time', { cause }), { code: 'ETIMEDOUT' });
}
