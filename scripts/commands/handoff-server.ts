/**
 * Serves the hand-off page to one browser on this machine, and to nobody else.
 *
 * It listens on 127.0.0.1 at a random port. The address holds a random token, and whoever loads it first gets the session, a cookie for
 * that path only: another program on this machine that learns the address later is refused. Requests that show or change something
 * need the page's own token as well, and come from the page itself: Host and Origin are checked, which stops pages of other sites,
 * names that resolve to this machine included. Nothing is cached, nothing is loaded from elsewhere.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { progressText, type Step } from '../../infra/handoff/checklist.js';
import { servedPolicy } from '../../infra/pages/document.js';

/** What the server is given to show and to do. */
export interface HandoffServerOptions {
  /** The page, made anew for each load. */
  readonly page: (made: { readonly nonce: string; readonly csrfToken: string }) => string;
  readonly steps: () => readonly Step[];
  /** A secret, read when a person asks for it; undefined for a stack that there is not. */
  readonly secret: (stack: string) => Promise<string | undefined>;
  /** A person says that a step is done, or not. @returns whether there is such a step */
  readonly tick: (step: string, done: boolean) => boolean;
  /** Closes by itself when nobody has used the page for so long. */
  readonly idleMs: number;
}

/** A page that is being served. */
export interface HandoffServer {
  /** The one-time address. */
  readonly address: string;
  /** Tells the page that steps have changed, and why. */
  announce(news: string): void;
  /** Ends it; the page says why. */
  close(why: string): Promise<void>;
  /** Resolves when it has closed, with the reason. */
  readonly closed: Promise<'finished' | 'idle' | 'stopped'>;
}

/** Bodies are a step's name and a tick. */
const MOST_BYTES = 10_000;

const bodies = {
  secret: z.strictObject({ stack: z.string() }),
  tick: z.strictObject({ step: z.string(), done: z.boolean() }),
  finish: z.strictObject({}),
};
type Action = keyof typeof bodies;

/** Starts to listen. @throws when no port can be had */
export async function serveHandoff(options: HandoffServerOptions): Promise<HandoffServer> {
  const page = new ServedPage(options);
  await page.listen();
  return page;
}

/** An answer that is not the page; `status` 200 carries JSON. */
interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

class ServedPage implements HandoffServer {
  readonly closed: Promise<'finished' | 'idle' | 'stopped'>;
  readonly #options: HandoffServerOptions;
  readonly #server: Server;
  readonly #path = `/${randomBytes(24).toString('base64url')}/`;
  readonly #cookieName = `handoff-${randomBytes(6).toString('hex')}`;
  readonly #csrfToken = randomBytes(24).toString('base64url');
  readonly #listeners = new Set<ServerResponse>();
  /** The session of whoever came first. */
  #session: string | undefined;
  #idle: NodeJS.Timeout | undefined;
  #ended: (why: 'finished' | 'idle' | 'stopped') => void = () => {};

  constructor(options: HandoffServerOptions) {
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#ended = resolve;
    });
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => {
        // Why it failed is told where it was asked for; here nothing of it may get out.
        if (!response.headersSent)
          send(response, { status: 500, body: { error: 'It failed; the terminal says why.' } });
        else response.destroy();
      });
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    this.#used();
  }

  get address(): string {
    return `${this.#origin}${this.#path}`;
  }

  get #origin(): string {
    return `http://${this.#host}`;
  }

  get #host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo | null)?.port}`;
  }

  announce(news: string): void {
    for (const listener of this.#listeners) event(listener, 'steps', { ...this.#state(), news });
  }

  async close(why: string): Promise<void> {
    await this.#close('stopped', why);
  }

  async #close(reason: 'finished' | 'idle' | 'stopped', why: string): Promise<void> {
    clearTimeout(this.#idle);
    for (const listener of this.#listeners) {
      event(listener, 'closed', { why });
      listener.end();
    }
    this.#listeners.clear();
    const ended = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    // What has been answered is on its way; a browser that keeps its connections open is not waited for.
    const forced = setTimeout(() => this.#server.closeAllConnections(), LAST_ANSWERS_MS);
    await ended;
    clearTimeout(forced);
    this.#ended(reason);
  }

  #used(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      void this.#close('idle', 'The page has closed itself, since nobody used it; its values stay readable.');
    }, this.#options.idleMs);
  }

  #state(): { readonly steps: readonly Pick<Step, 'id' | 'state' | 'found'>[]; readonly progress: string } {
    const steps = this.#options.steps();
    return {
      steps: steps.map(({ id, state, found }) => ({ id, state, found })),
      progress: progressText(steps),
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.#reply(request, response);
    if (reply !== undefined) send(response, reply);
    if (reply === FINISHED)
      await this.#close('finished', 'The page is finished and closed; its values stay readable.');
  }

  /** @returns undefined where the page or its stream of events was sent */
  async #reply(request: IncomingMessage, response: ServerResponse): Promise<Reply | undefined> {
    if (this.#isForeign(request)) return FOREIGN;
    const path = request.url ?? '';
    if (!path.startsWith(this.#path)) return NOT_FOUND;
    const what = path.slice(this.#path.length);
    if (what === '') return this.#sendPage(request, response);
    if (!this.#hasSession(request)) return TAKEN;
    if (what === 'events') return this.#listen(request, response);
    if (!isAction(what)) return NOT_FOUND;
    if (request.method !== 'POST') return NOT_ALLOWED;
    if (!this.#fromPage(request)) return FOREIGN;
    this.#used();
    return await this.#act(what, await bodyOf(request));
  }

  /** A name that leads to this machine but is not ours, or a page of another site. */
  #isForeign({ headers: { host, origin } }: IncomingMessage): boolean {
    return host !== this.#host || (origin !== undefined && origin !== this.#origin);
  }

  #fromPage(request: IncomingMessage): boolean {
    return (
      request.headers.origin === this.#origin &&
      request.headers['content-type'] === 'application/json' &&
      same(request.headers['x-csrf-token'], this.#csrfToken)
    );
  }

  #hasSession(request: IncomingMessage): boolean {
    const cookie = (request.headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim())
      .find((pair) => pair.startsWith(`${this.#cookieName}=`));
    return this.#session !== undefined && same(cookie?.slice(this.#cookieName.length + 1), this.#session);
  }

  #sendPage(request: IncomingMessage, response: ServerResponse): Reply | undefined {
    if (request.method !== 'GET') return NOT_ALLOWED;
    // A browser that loads ahead of its user must not use the address up.
    if (request.headers['sec-purpose'] !== undefined || request.headers.purpose !== undefined) {
      return AHEAD_OF_TIME;
    }
    const headers: Record<string, string> = {};
    if (this.#session === undefined) {
      this.#session = randomBytes(24).toString('base64url');
      headers['set-cookie'] =
        `${this.#cookieName}=${this.#session}; Path=${this.#path}; HttpOnly; SameSite=Strict`;
    } else if (!this.#hasSession(request)) {
      return TAKEN;
    }
    this.#used();
    const nonce = randomBytes(16).toString('base64');
    const text = this.#options.page({ nonce, csrfToken: this.#csrfToken });
    response.writeHead(200, {
      ...SAFE_HEADERS,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': servedPolicy(nonce),
      ...headers,
    });
    response.end(text);
    return undefined;
  }

  #listen(request: IncomingMessage, response: ServerResponse): Reply | undefined {
    if (request.method !== 'GET') return NOT_ALLOWED;
    response.writeHead(200, { ...SAFE_HEADERS, 'content-type': 'text/event-stream' });
    this.#listeners.add(response);
    response.on('close', () => this.#listeners.delete(response));
    event(response, 'steps', this.#state());
    return undefined;
  }

  async #act(action: Action, body: unknown): Promise<Reply> {
    switch (action) {
      case 'secret': {
        const asked = bodies.secret.safeParse(body);
        const secret = asked.success ? await this.#options.secret(asked.data.stack) : undefined;
        return secret === undefined ? BAD_REQUEST : { status: 200, body: { secret } };
      }
      case 'tick': {
        const asked = bodies.tick.safeParse(body);
        if (!asked.success || !this.#options.tick(asked.data.step, asked.data.done)) return BAD_REQUEST;
        return { status: 200, body: this.#state() };
      }
      case 'finish':
        return bodies.finish.safeParse(body).success ? FINISHED : BAD_REQUEST;
    }
  }
}

/** How long last answers may take to get out. */
const LAST_ANSWERS_MS = 500;

const SAFE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

const FOREIGN: Reply = {
  status: 403,
  body: { error: 'Refused: this page is for the browser that was given its address.' },
};
const TAKEN: Reply = {
  status: 410,
  body: {
    error:
      'This address worked once and has been used. Run calendar-interop handoff --page again for a new one.',
  },
};
const AHEAD_OF_TIME: Reply = { status: 503, body: { error: 'Not loaded ahead of time.' } };
const FINISHED: Reply = { status: 200, body: {} };
const NOT_FOUND: Reply = { status: 404, body: { error: 'There is nothing here.' } };
const NOT_ALLOWED: Reply = { status: 405, body: { error: 'Not allowed here.' } };
const BAD_REQUEST: Reply = {
  status: 400,
  body: { error: 'The page is older than the hand-off: load it again.' },
};

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { ...SAFE_HEADERS, 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

function event(response: ServerResponse, name: string, data: unknown): void {
  response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

function isAction(text: string): text is Action {
  return Object.hasOwn(bodies, text);
}

function same(found: string | string[] | undefined, expected: string): boolean {
  if (typeof found !== 'string') return false;
  const [one, other] = [Buffer.from(found), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** The JSON of a request, undefined where it is none or too long. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
