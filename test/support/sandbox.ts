/** A sandbox for tests: started on a free port, asked over real HTTPS with its own authority trusted, and taken away again. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, type Dispatcher, fetch, type RequestInit } from 'undici';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox/index.js';

/** What a request was answered. */
export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where it is JSON, else the text; undefined where there is none. */
  readonly body: T;
}

export interface GraphRequest {
  /** Name of a seeded client, or a token; `nobody` sends none. The `admin` unless given. */
  readonly as?: string;
  /** An object goes as JSON, text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestSandbox {
  readonly sandbox: Sandbox;
  readonly dispatcher: Dispatcher;
  /** Any request; `path` is appended to the sandbox's address. */
  request<T = unknown>(path: string, init?: RequestInit): Promise<Answer<T>>;
  /** A Graph request; `path` is without `/v1.0` unless it begins with `/beta` or `/v1.0`. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
  graph<T = any>(method: string, path: string, options?: GraphRequest): Promise<Answer<T>>;
  /** A token of a seeded client; of Graph unless a scope is given. */
  token(client: string, scope?: string): Promise<string>;
  /** The answer of the token endpoint to a form; `tenant` is ours unless given. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  tokenRequest(form: Readonly<Record<string, string>>, tenant?: string): Promise<Answer<any>>;
  /** The directory as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  state(): Promise<any>;
  /** Faults, clock and latency; throws what the sandbox says if it refuses. */
  control(command: Readonly<Record<string, unknown>>): Promise<unknown>;
  dispose(): Promise<void>;
}

const OWN_HEADERS = { 'x-sandbox': '1' };

/** Starts one: seed 1, three mailboxes, no latency, no faults, unless told otherwise. */
export async function startTestSandbox(overrides: Partial<SandboxOptions> = {}): Promise<TestSandbox> {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-test-'));
  try {
    const options = { port: 0, seed: 1, mailboxes: 3, latencyMs: 0, faults: [], folder, ...overrides };
    const sandbox = await startSandbox(options);
    const dispatcher = new Agent({ connect: { ca: await readFile(sandbox.info.caFile, 'utf8') } });
    return testSandbox(sandbox, dispatcher, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function testSandbox(sandbox: Sandbox, dispatcher: Dispatcher, folder: string): TestSandbox {
  const { info } = sandbox;
  const tokens = new Map<string, string>();

  async function request<T>(path: string, init: RequestInit = {}): Promise<Answer<T>> {
    const response = await fetch(`${info.graph}${path}`, { ...init, dispatcher });
    const text = await response.text();
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: parse(text) as T,
    };
  }

  function tokenRequest(form: Readonly<Record<string, string>>, tenant = info.tenantId) {
    const body = new URLSearchParams(form);
    // biome-ignore lint/suspicious/noExplicitAny: as in the interface.
    return request<any>(`/${tenant}/oauth2/v2.0/token`, { method: 'POST', body });
  }

  async function token(name: string, scope = `${info.graph}/.default`): Promise<string> {
    const client = info.clients.find((candidate) => candidate.name === name);
    if (client === undefined) throw new Error(`the sandbox has no client ${name}`);
    const answer = await tokenRequest({
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.clientSecret ?? '',
      scope,
    });
    if (answer.status !== 200) throw new Error(`no token for ${name}: ${JSON.stringify(answer.body)}`);
    return answer.body.access_token;
  }

  async function authorization(as: string): Promise<Record<string, string>> {
    if (as === 'nobody') return {};
    if (as.includes('.')) return { authorization: `Bearer ${as}` };
    const known = tokens.get(as) ?? (await token(as));
    tokens.set(as, known);
    return { authorization: `Bearer ${known}` };
  }

  async function graph<T>(method: string, path: string, options: GraphRequest = {}): Promise<Answer<T>> {
    const { as = 'admin', body, headers = {} } = options;
    const json = body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' };
    return await request<T>(/^\/(beta|v1\.0)\//.test(path) ? path : `/v1.0${path}`, {
      method,
      headers: { ...(await authorization(as)), ...json, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  async function control(command: Readonly<Record<string, unknown>>): Promise<unknown> {
    const answer = await request('/sandbox/control', {
      method: 'POST',
      headers: { ...OWN_HEADERS, 'content-type': 'application/json' },
      body: JSON.stringify(command),
    });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    // Tokens may have run out with the clock.
    if (command.clock !== undefined) tokens.clear();
    return answer.body;
  }

  return {
    sandbox,
    dispatcher,
    request,
    graph,
    token,
    tokenRequest,
    state: async () => (await request('/sandbox/state', { headers: OWN_HEADERS })).body,
    control,
    dispose: async () => {
      await sandbox.stop();
      await dispatcher.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
