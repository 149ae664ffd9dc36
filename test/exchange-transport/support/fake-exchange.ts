/** A small, strict Exchange endpoint in this process, for what no sandbox does on demand. */
import { Agent } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { TokenCredential } from '@azure/identity';
import { Response } from 'undici';
import type { Trust } from '../../../infra/graph/trust.js';

export const TENANT = '11111111-2222-4333-8444-555555555555';
export const BASE = 'https://exchange.example';
const INVOKE = `${BASE}/adminapi/beta/${TENANT}/InvokeCommand`;
const BATCH = `${BASE}/adminapi/beta/${TENANT}/$batch`;

/** One cmdlet as it arrived. */
export interface Arrived {
  readonly url: string;
  readonly cmdlet: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object becomes JSON; bytes stay. */
  readonly body?: unknown;
}

/** What a cmdlet is answered; `drop` breaks the connection. */
export type Handler = (arrived: Arrived) => Reply | 'drop' | Promise<Reply | 'drop'>;

/** What a whole batch is answered instead; undefined: by its members. */
export type BatchHandler = (members: readonly Arrived[]) => Reply | 'drop' | 'half' | undefined;

export class FakeExchange {
  /** Cmdlets by HTTP request. */
  readonly requests: Arrived[][] = [];
  readonly authorizations: string[] = [];
  handler: Handler = () => ({ body: { value: [], '@adminapi.warnings': [] } });
  batchHandler: BatchHandler = () => undefined;

  readonly trust: Trust = {
    files: [],
    identityOptions: () => ({ agent: new Agent(), additionalPolicies: [] }),
    secureContext: () => createSecureContext(),
    getText: () => Promise.reject(new Error('nothing is read by GET')),
    fetch: async (url, init) => {
      const headers = lowered(init?.headers as Record<string, string>);
      if (init?.method !== 'POST' || headers['content-type'] !== 'application/json')
        throw new Error('no JSON POST');
      this.authorizations.push(headers.authorization ?? '');
      const body = JSON.parse(String(init.body)) as Record<string, unknown>;
      const answer = url === BATCH ? this.#batch(body, headers) : this.#single(url, body, headers);
      return await new Promise((resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
        answer.then(resolve, reject);
      });
    },
  };

  async #single(
    url: string,
    body: Record<string, unknown>,
    headers: Record<string, string>,
  ): Promise<Response> {
    if (!url.startsWith(INVOKE)) throw new Error(`unknown URL ${url}`);
    const arrived = arrive(url, body, headers);
    this.requests.push([arrived]);
    return respond(await this.handler(arrived));
  }

  async #batch(body: Record<string, unknown>, headers: Record<string, string>): Promise<Response> {
    const requests = body.requests as {
      id: string;
      method: string;
      url: string;
      headers: Record<string, string>;
      body: Record<string, unknown>;
    }[];
    if (requests.length > 10) throw new Error('too many members');
    if (headers.prefer !== 'odata.maxpagesize=1000;odata.continue-on-error')
      throw new Error('no continue-on-error');
    const members = requests.map((one) => {
      if (one.method !== 'POST' || !one.url.startsWith(INVOKE)) throw new Error('no member');
      return { id: one.id, arrived: arrive(one.url, one.body, lowered(one.headers)) };
    });
    this.requests.push(members.map(({ arrived }) => arrived));
    const whole = this.batchHandler(members.map(({ arrived }) => arrived));
    if (whole !== undefined && whole !== 'half') return respond(whole);
    const answered = whole === 'half' ? members.slice(0, Math.floor(members.length / 2)) : members;
    const responses = await Promise.all(
      answered.map(async ({ id, arrived }) => {
        const reply = await this.handler(arrived);
        if (reply === 'drop') throw dropped();
        return { id, status: reply.status ?? 200, headers: reply.headers ?? {}, body: reply.body };
      }),
    );
    // Members come back in no certain order.
    return respond({ body: { responses: responses.reverse() } });
  }
}

function arrive(url: string, body: Record<string, unknown>, headers: Record<string, string>): Arrived {
  const input = body.CmdletInput as { CmdletName: string; Parameters: Record<string, unknown> };
  if (headers['x-cmdletname'] !== input.CmdletName) throw new Error('X-CmdletName differs');
  return { url, cmdlet: input.CmdletName, parameters: input.Parameters, headers };
}

function respond(reply: Reply | 'drop'): Response {
  if (reply === 'drop') throw dropped();
  const { status = 200, headers = {}, body } = reply;
  const content = body === undefined ? null : body instanceof Uint8Array ? body : JSON.stringify(body);
  return new Response(content, { status, headers: { ...headers } });
}

function dropped(): Error {
  return new TypeError('fetch failed', {
    cause: Object.assign(new Error('cut'), { code: 'UND_ERR_SOCKET' }),
  });
}

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Gives `token-1`, `token-2` …, a new one for each claims request only. */
export class FakeCredential implements TokenCredential {
  readonly claims: (string | undefined)[] = [];
  #issued = 1;

  async getToken(scopes: string | string[], options?: { claims?: string }) {
    if (scopes !== `${BASE}/.default`) throw new Error(`unknown scope ${String(scopes)}`);
    this.claims.push(options?.claims);
    if (options?.claims !== undefined) this.#issued += 1;
    return { token: `token-${this.#issued}`, expiresOnTimestamp: Date.parse('2026-05-01T11:00:00Z') };
  }
}
