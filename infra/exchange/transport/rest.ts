/**
 * REST: the cmdlets of Exchange's admin API, several to a request.
 *
 * POST <base>/adminapi/beta/<tenant>/InvokeCommand, and $batch beside it. Calls that are under way at the same time share a
 * request; a call alone goes alone, as do calls with many rows, which would hold up the others.
 */
import { randomUUID } from 'node:crypto';
import type { RequestInit } from 'undici';
import { limited, onAbort } from '../../abort.js';
import { InteropError } from '../../errors.js';
import { networkCode, networkFailure } from '../../graph/network-error.js';
import type { Trust } from '../../graph/trust.js';
import { type Answer, parseBody, type Question, readAnswer, readBatch, unreadable } from './answers.js';
import { Batcher } from './batcher.js';
import type { Channel, PageRequest } from './channel.js';
import type { Clock } from './clock.js';
import { ExchangeError } from './exchange-error.js';
import type { Gate } from './gate.js';
import type { Continuation, Outcome, Refusal, Unauthorized } from './outcome.js';
import type { Tokens } from './tokens.js';
import {
  anchorMailbox,
  BATCH_SIZE,
  batchBody,
  batchUrl,
  cmdletHeaders,
  cmdletInput,
  invokeUrl,
  listUrl,
  moduleFileUrl,
  nextPage,
  PAGE_SIZE,
} from './wire.js';

export interface RestOptions {
  /** Without a trailing slash, such as `https://outlook.office365.com`. */
  readonly baseUrl: string;
  readonly tenantId: string;
  readonly organization: string;
  readonly tokens: Tokens;
  readonly trust: Trust;
  readonly clock: Clock;
  /** Milliseconds for one request. */
  readonly timeoutMs: number;
}

/** The link to the next page, and the cookies of the server that knows it. */
export interface RestPage extends Continuation {
  readonly url: string;
  readonly cookies: string | undefined;
}

type RestOutcome = Outcome<RestPage>;

interface Member {
  readonly request: PageRequest<RestPage>;
  readonly settle: (outcome: RestOutcome) => void;
  readonly fail: (error: unknown) => void;
}

interface HttpQuestion {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** What came back for one HTTP request. */
type HttpResult =
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      readonly token: string;
      readonly cookies: string | undefined;
    }
  | { readonly kind: 'failed'; readonly text: string; readonly wasSent: boolean };

export class RestChannel implements Channel<RestPage> {
  readonly transport = 'rest';
  readonly callsPerRequest = BATCH_SIZE;
  requests = 0;
  readonly #options: RestOptions;
  readonly #connectionId = randomUUID();
  readonly #closing = new AbortController();
  readonly #batcher: Batcher<Member>;

  constructor(options: RestOptions, gate: Pick<Gate, 'limit' | 'isFull'>) {
    this.#options = options;
    this.#batcher = new Batcher({
      size: BATCH_SIZE,
      clock: options.clock,
      limit: () => gate.limit,
      isFull: () => gate.isFull,
      flush: (members) => this.#flush(members),
    });
  }

  async send(request: PageRequest<RestPage>): Promise<RestOutcome> {
    refusePassword(request);
    if (request.isLarge || request.page !== undefined) return await this.#alone(request, request.signal);
    return await new Promise((settle, fail) => {
      this.#batcher.add({ request, settle, fail });
    });
  }

  /** What the module asks when it connects, as clients that follow it do (KelvinTegelaar/CIPP-API): UNCONFIRMED. */
  async permitted(request: PageRequest<RestPage>): Promise<RestOutcome> {
    const url = moduleFileUrl(this.#options.baseUrl, this.#options.tenantId);
    const headers = { ...(await this.#headersFor(request)), CommandName: '*' };
    const result = await this.#ask({ method: 'GET', url, headers }, request.signal);
    if (result.kind === 'failed') return lost(request, result.text, result.wasSent);
    return this.#outcome(request, result.answer, result, url);
  }

  async renew({ token, claims }: Unauthorized): Promise<void> {
    await this.#options.tokens.renew(token, claims);
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  /** Sends what has come together; calls that were given up meanwhile are left out. */
  async #flush(members: readonly Member[]): Promise<void> {
    const wanted = members.filter((member) => !isGivenUp(member));
    for (const member of members) if (isGivenUp(member)) member.fail(member.request.signal?.reason);
    const given = allGivenUp(wanted);
    try {
      const [only] = wanted;
      if (only === undefined) return;
      if (wanted.length === 1) only.settle(await this.#alone(only.request, given.signal));
      else await this.#together(wanted, given.signal);
    } catch (error) {
      for (const member of wanted) member.fail(error);
    } finally {
      given.forget();
    }
  }

  async #alone(request: PageRequest<RestPage>, signal: AbortSignal | undefined): Promise<RestOutcome> {
    const { url, cookies } = request.page ?? { url: this.#firstUrl(request), cookies: undefined };
    const body = cmdletInput(request.cmdlet, request.parameters);
    const headers = {
      ...(await this.#headersFor(request)),
      ...(cookies === undefined ? {} : { Cookie: cookies }),
    };
    const result = await this.#ask({ method: 'POST', url, headers, body }, signal);
    if (result.kind === 'failed') return lost(request, result.text, result.wasSent);
    return this.#outcome(request, result.answer, result, url);
  }

  async #together(members: readonly Member[], signal: AbortSignal): Promise<void> {
    const url = this.#invokeUrl();
    const body = batchBody(
      await Promise.all(
        members.map(async ({ request }, index) => ({
          id: String(index),
          url,
          headers: await this.#headersFor(request),
          body: cmdletInput(request.cmdlet, request.parameters),
        })),
      ),
    );
    const headers = {
      Accept: 'application/json',
      'Accept-Language': 'en-US',
      'Content-Type': 'application/json',
      Prefer: `odata.maxpagesize=${PAGE_SIZE};odata.continue-on-error`,
      'client-request-id': randomUUID(),
      'connection-id': this.#connectionId,
    };
    const result = await this.#ask({ method: 'POST', url: this.#batchUrl(), headers, body }, signal);
    for (const [index, member] of members.entries()) {
      member.settle(this.#memberOutcome(member.request, String(index), result));
    }
  }

  #memberOutcome(request: PageRequest<RestPage>, id: string, result: HttpResult): RestOutcome {
    if (result.kind === 'failed') return lost(request, result.text, result.wasSent);
    const { answer } = result;
    // What is said about the whole batch is said about each of its members.
    if (answer.status < 200 || answer.status >= 300)
      return this.#outcome(request, answer, result, this.#invokeUrl());
    const own = readBatch(answer.body)?.get(id);
    if (own === undefined)
      return unreadable(request, answer, 'the batch was answered, but this call was not');
    return this.#outcome(request, own, result, this.#invokeUrl());
  }

  #outcome(
    request: Question,
    answer: Answer,
    { token, cookies }: { readonly token: string; readonly cookies: string | undefined },
    asked: string,
  ): RestOutcome {
    const reading = readAnswer(request, answer, this.#options.clock.wall());
    if (reading.kind === 'refusal') return reading;
    if (reading.kind === 'unauthorized') return { ...reading, token };
    const { rows, warnings, nextLink } = reading;
    if (nextLink === undefined) return { kind: 'page', rows, warnings };
    const next = nextPage(nextLink, asked);
    if ('trouble' in next) return strayed(request, next.trouble);
    return { kind: 'page', rows, warnings, next: { key: next.url, isCall: true, url: next.url, cookies } };
  }

  async #headersFor(request: PageRequest<RestPage>): Promise<Record<string, string>> {
    const { tenantId, organization, tokens } = this.#options;
    const { user } = await tokens.get();
    return cmdletHeaders({
      cmdlet: request.cmdlet,
      anchor: anchorMailbox(request.anchor, { tenantId, organization, user }),
      requestId: request.requestId,
      connectionId: this.#connectionId,
    });
  }

  async #ask(
    { method, url, headers, body }: HttpQuestion,
    signal: AbortSignal | undefined,
  ): Promise<HttpResult> {
    const { token } = await this.#options.tokens.get();
    const limit = limited([this.#closing.signal, signal], this.#options.timeoutMs);
    this.requests += 1;
    const init: RequestInit = {
      method,
      headers: { ...headers, Authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: limit.signal,
    };
    try {
      const response = await this.#options.trust.fetch(url, init);
      const bytes = await this.#bytes(response);
      return {
        kind: 'answer',
        answer: { status: response.status, headers: response.headers, body: parseBody(bytes) },
        token,
        cookies: cookiesOf(response.headers.getSetCookie()),
      };
    } catch (error) {
      signal?.throwIfAborted();
      this.#closing.signal.throwIfAborted();
      return this.#networkTrouble(error, limit.isLate());
    } finally {
      limit.forget();
    }
  }

  /** The content; undefined when it cannot be unpacked, as with a 403 of NUL bytes that declares itself to be gzip. */
  async #bytes(response: {
    readonly ok: boolean;
    arrayBuffer(): Promise<ArrayBuffer>;
  }): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      if (response.ok) throw error;
      return undefined;
    }
  }

  /** @throws InteropError when the server is not trusted. */
  #networkTrouble(error: unknown, isLate: boolean): HttpResult {
    if (isLate) {
      return { kind: 'failed', text: `no answer within ${this.#options.timeoutMs / 1000} s`, wasSent: true };
    }
    const code = networkCode(error);
    if (code !== undefined) {
      const request = { where: 'exchange', url: this.#options.baseUrl, what: 'Exchange Online' };
      const failure = networkFailure(code, request, this.#options.trust, 'failure');
      if (failure.kind === 'configuration') throw failure;
    }
    return {
      kind: 'failed',
      text: `the connection failed (${code ?? 'cut off'})`,
      wasSent: !NEVER_SENT.has(code ?? ''),
    };
  }

  #firstUrl({ isLarge, properties }: PageRequest<RestPage>): string {
    const { baseUrl, tenantId } = this.#options;
    return isLarge ? listUrl(baseUrl, tenantId, properties) : this.#invokeUrl();
  }

  #invokeUrl(): string {
    return invokeUrl(this.#options.baseUrl, this.#options.tenantId);
  }

  #batchUrl(): string {
    return batchUrl(this.#options.baseUrl, this.#options.tenantId);
  }
}

/** Failures before anything was sent. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** The network failed. Whether a request that was sent took effect is not known. */
function lost(request: Question, text: string, wasSent: boolean): Refusal {
  return {
    kind: 'refusal',
    throttled: false,
    retryAfterMs: undefined,
    error: new ExchangeError({
      cmdlet: request.cmdlet,
      className: '',
      text,
      transient: true,
      outcomeUnknown: wasSent,
    }),
  };
}

/** A link that must not be followed: the list cannot be read to its end, and a part of it is no answer. */
function strayed(request: Question, text: string): Refusal {
  return {
    kind: 'refusal',
    throttled: false,
    retryAfterMs: undefined,
    error: new ExchangeError({ cmdlet: request.cmdlet, className: '', text, transient: false }),
  };
}

/** The endpoint wants passwords encrypted with a key of its own; clear text is not known to be taken, so none is sent. */
function refusePassword({ cmdlet, parameters }: PageRequest<RestPage>): void {
  if (parameters.Password === undefined) return;
  throw new InteropError({
    kind: 'failure',
    summary: `${cmdlet} with a password cannot be sent over REST`,
    problems: [{ where: cmdlet, what: 'takes a password, which only the PowerShell transport can protect' }],
  });
}

function isGivenUp({ request }: Member): boolean {
  return request.signal?.aborted === true;
}

/** A signal that is aborted when every member was given up; `forget` ends the watch. */
function allGivenUp(members: readonly Member[]): { readonly signal: AbortSignal; forget(): void } {
  const controller = new AbortController();
  const watches = members.map(({ request }) =>
    onAbort(request.signal, () => {
      if (members.every(isGivenUp)) controller.abort();
    }),
  );
  return {
    signal: controller.signal,
    forget: () => {
      for (const forget of watches) forget();
    },
  };
}

function cookiesOf(lines: readonly string[]): string | undefined {
  const pairs = lines.map((line) => (line.split(';')[0] ?? '').trim()).filter((pair) => pair !== '');
  return pairs.length === 0 ? undefined : pairs.join('; ');
}
