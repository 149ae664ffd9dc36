/**
 * Microsoft Graph as the official provider speaks to it: headers, accepted answers, retries
 * (go-azure-sdk sdk/client/client.go, sdk/odata).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpResponse, Transport } from './https-transport.js';
import { parse, retryAfter, type TokenSource } from './sign-in.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** An answer that is not what was asked for. */
export class GraphFailure extends Error {
  override readonly name = 'GraphFailure';
  readonly status: number;
  /** `code: message` of Graph. */
  readonly reason: string;

  constructor(request: GraphRequest, response: HttpResponse) {
    const error = parse(response.body).error as { code?: unknown; message?: unknown } | undefined;
    const reason =
      error === undefined ? 'no reason given' : `${String(error.code)}: ${String(error.message)}`;
    super(
      `${request.method} ${request.path}: unexpected status ${response.status} (${response.statusText}) with error: ${reason}`,
    );
    this.status = response.status;
    this.reason = reason;
  }
}

export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the version, for example `/applications`; segments are encoded. */
  readonly path: string;
  readonly beta?: boolean;
  /** OData options without the `$`, not encoded. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: JsonObject;
  /** Further answers that are retried: right after a create, other servers may not know the object yet. */
  readonly retryOn?: (failure: GraphFailure) => boolean;
}

const ACCEPTED: Readonly<Record<GraphRequest['method'], readonly number[]>> = {
  GET: [200],
  POST: [200, 201, 202, 204],
  PATCH: [200, 202, 204],
  DELETE: [200, 204],
};
const RETRIED: readonly number[] = [408, 424, 429];
const LONGEST_WAIT_S = 61;

/** What every request needs. */
export interface GraphConnection {
  readonly transport: Transport;
  /** Without a slash at the end. */
  readonly base: string;
  readonly tokens: TokenSource;
}

export class Graph {
  readonly #connection: GraphConnection;
  readonly #signal: AbortSignal;

  /** @param signal ends all requests, waits included */
  constructor(connection: GraphConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  get signal(): AbortSignal {
    return this.#signal;
  }

  /** @throws GraphFailure for answers that are not accepted */
  async send(request: GraphRequest): Promise<JsonObject> {
    for (let attempt = 0; ; attempt += 1) {
      const response = await this.#sendOnce(request);
      if (response !== undefined && ACCEPTED[request.method].includes(response.status))
        return parse(response.body);
      const failure = response === undefined ? undefined : new GraphFailure(request, response);
      if (failure !== undefined && !isRetried(request, failure)) throw failure;
      const seconds = retryAfter(response) ?? Math.min(2 ** attempt, LONGEST_WAIT_S);
      await sleep(seconds * 1000, undefined, { signal: this.#signal });
    }
  }

  /** The object, or undefined where there is none. */
  async find(request: Omit<GraphRequest, 'method' | 'body'>): Promise<JsonObject | undefined> {
    return await unlessMissing(this.send({ ...request, method: 'GET' }));
  }

  /** All pages of a list. */
  async list(request: Omit<GraphRequest, 'method' | 'body'>): Promise<JsonObject[]> {
    const items: JsonObject[] = [];
    let page = await this.send({ ...request, method: 'GET' });
    for (;;) {
      items.push(...(page.value as JsonObject[]));
      const next = page['@odata.nextLink'];
      if (typeof next !== 'string') return items;
      page = await this.send({ method: 'GET', path: this.#relative(next), query: {} });
    }
  }

  /** The way a reference to a directory object is written. */
  reference(objectId: string): string {
    return `${this.#connection.base}/v1.0/directoryObjects/${encodeURIComponent(objectId)}`;
  }

  /** Links to further pages must stay on the same server. */
  #relative(link: string): string {
    const base = `${this.#connection.base}/v1.0`;
    if (!link.startsWith(`${base}/`)) throw new Error(`Graph's link to the next page leads elsewhere`);
    return link.slice(base.length);
  }

  async #sendOnce(request: GraphRequest): Promise<HttpResponse | undefined> {
    const token = await this.#connection.tokens.token(this.#signal);
    try {
      return await this.#connection.transport({
        method: request.method,
        url: this.#url(request),
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': 'application/json; charset=utf-8',
          Accept: 'application/json; charset=utf-8; IEEE754Compatible=false',
          'OData-Version': '4.0',
          'OData-MaxVersion': '4.0',
          'User-Agent': 'calendar-interop-azuread-stand-in',
        },
        body: request.body === undefined ? undefined : JSON.stringify(request.body),
        signal: this.#signal,
      });
    } catch (error) {
      this.#signal.throwIfAborted();
      if (request.method === 'GET' && isPassing(error)) return undefined;
      throw new Error(`${request.method} ${request.path}: no answer (${(error as Error).message})`);
    }
  }

  #url(request: GraphRequest): URL {
    const url = new URL(`${this.#connection.base}/${request.beta === true ? 'beta' : 'v1.0'}${request.path}`);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(`$${name}`, value);
    return url;
  }
}

function isRetried(request: GraphRequest, failure: GraphFailure): boolean {
  if (failure.status === 501) return false;
  return failure.status >= 500 || RETRIED.includes(failure.status) || request.retryOn?.(failure) === true;
}

/** Broken in the middle; what could not even be opened, and what closed without a word, is an error at once. */
function isPassing(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === 'ECONNRESET' && message !== 'socket hang up') || code === 'ETIMEDOUT';
}

/** The answer, or undefined when it is 404. */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GraphFailure && error.status === 404) return undefined;
    throw error;
  }
}

/** A text in an OData filter: quotes are doubled (OData 4.01 URL conventions, 5.1.1.6.1). */
export function odataText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path of Graph, each value encoded. */
export function path(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return parts.reduce((text, part, index) => `${text}${encodeURIComponent(values[index - 1] ?? '')}${part}`);
}
