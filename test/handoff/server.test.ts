/** Who is served and who is refused, by raw requests: a browser would not send most of them. */
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { handoffSheet } from '../../infra/handoff/sheet.js';
import { NOW, SECRET, serve, stack } from './support/hand-offs.js';

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

let made: Awaited<ReturnType<typeof serve>>;
beforeEach(async () => {
  made = await serve(handoffSheet([stack()], NOW));
});
afterEach(async () => {
  await made.server.close('over');
});

async function ask(
  path = '',
  {
    method = 'GET',
    headers = {},
    body,
    begun,
  }: {
    method?: string;
    headers?: Record<string, string>;
    body?: unknown;
    /** Called when the answer has begun to come. */
    begun?: () => void;
  } = {},
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, made.server.address),
      { method, headers, agent: false },
      (response) => {
        begun?.();
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Loads the page as its browser does. @returns what a request of the page itself carries */
async function firstLoad(): Promise<Record<string, string>> {
  const { headers, text } = await ask();
  return {
    cookie: String(headers['set-cookie']).split(';')[0] ?? '',
    origin: new URL(made.server.address).origin,
    'content-type': 'application/json',
    'x-csrf-token': /data-csrf="([^"]+)"/.exec(text)?.[1] ?? '',
  };
}

const secretOf = (headers: Record<string, string>, body: unknown = { stack: 'prod' }) =>
  ask('secret', { method: 'POST', headers, body });

test('the page gets the secret, and the address works once', async () => {
  const own = await firstLoad();
  expect(await secretOf(own)).toMatchObject({ status: 200, text: JSON.stringify({ secret: SECRET }) });
  const second = await ask();
  expect(second.status).toBe(410);
  expect(second.text).toContain('handoff --page');
  expect(second.headers['set-cookie']).toBeUndefined();
  expect((await ask('', { headers: { cookie: own.cookie ?? '' } })).status).toBe(200);
});

test('a load ahead of time does not use the address up, nor do other paths', async () => {
  expect((await ask('', { headers: { 'sec-purpose': 'prefetch' } })).status).toBe(503);
  expect((await ask('/')).status).toBe(404);
  expect((await ask('/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/')).status).toBe(404);
  expect((await ask('', { method: 'HEAD' })).status).toBe(405);
  expect((await ask()).status).toBe(200);
});

test.each<[string, (own: Record<string, string>) => Record<string, string>]>([
  ['no session', ({ cookie: _, ...own }) => own],
  ['another session', (own) => ({ ...own, cookie: `${own.cookie?.slice(0, -3)}AAA` })],
  ['no token', ({ 'x-csrf-token': _, ...own }) => own],
  ['another token', (own) => ({ ...own, 'x-csrf-token': 'A'.repeat(32) })],
  ['no origin', ({ origin: _, ...own }) => own],
  ['a foreign origin', (own) => ({ ...own, origin: 'https://evil.example' })],
  ['another port of this machine as origin', (own) => ({ ...own, origin: 'http://127.0.0.1:1' })],
  ['a form instead of JSON', (own) => ({ ...own, 'content-type': 'text/plain' })],
  ['a name that leads here', (own) => ({ ...own, host: 'evil.example' })],
])('the secret is refused with %s', async (_, spoil) => {
  const own = await firstLoad();
  const { status, text } = await secretOf(spoil(own));
  expect(status).toBeGreaterThanOrEqual(403);
  expect(text).not.toContain('zQ~8Q');
  expect(made.asked).toEqual([]);
});

test('the page itself is refused for a foreign Host or Origin, which does not use the address up', async () => {
  const { port } = new URL(made.server.address);
  expect((await ask('', { headers: { host: `rebound.example:${port}` } })).status).toBe(403);
  expect((await ask('', { headers: { host: `localhost:${port}` } })).status).toBe(403);
  expect((await ask('', { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  expect((await ask()).status).toBe(200);
});

test('no answer may be cached, framed or read by another site', async () => {
  const own = await firstLoad();
  const answers = [
    await ask('', { headers: { cookie: own.cookie ?? '' } }),
    await secretOf(own),
    await ask('nothing'),
  ];
  for (const { headers } of answers) {
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('no-referrer');
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
});

test('the cookie is for this page only and out of reach of scripts and of other sites', async () => {
  const { headers } = await ask();
  const [cookie] = headers['set-cookie'] as string[];
  expect(cookie).toMatch(/; Path=\/[\w-]{32}\/; HttpOnly; SameSite=Strict$/);
});

test.each([
  ['secret', { stack: 'another' }],
  ['secret', { stack: 7 }],
  ['secret', 'x'.repeat(20_000)],
  ['tick', { step: 'signIn:prod:interop-a-g1', done: true }],
  ['tick', { step: '__proto__', done: true }],
  ['finish', { now: true }],
])('%s refuses what it does not know', async (path, body) => {
  const own = await firstLoad();
  expect((await ask(path, { method: 'POST', headers: own, body })).status).toBe(400);
  expect(made.progress.ticks).toEqual({});
});

test('it listens on loopback only', async () => {
  const { port, hostname } = new URL(made.server.address);
  expect(hostname).toBe('127.0.0.1');
  const outside = Object.values(networkInterfaces())
    .flat()
    .filter((address) => address?.family === 'IPv4' && !address.internal)
    .map((address) => address?.address ?? '');
  // A port that is listened on for all addresses could not be taken a second time for one of them.
  for (const address of outside.slice(0, 1)) {
    const second: Server = createServer();
    await new Promise<void>((resolve, reject) => {
      second.once('error', reject).listen(Number(port), address, resolve);
    });
    await new Promise((resolve) => second.close(resolve));
  }
});

test('it closes by itself when nobody uses it', async () => {
  const idle = await serve(handoffSheet([stack()], NOW), { idleMs: 20 });
  expect(await idle.server.closed).toBe('idle');
});

test('an open stream of events does not keep it from closing', async () => {
  const own = await firstLoad();
  let stream: Promise<Answer> | undefined;
  await new Promise<void>((begun, fail) => {
    stream = ask('events', { headers: { cookie: own.cookie ?? '' }, begun });
    stream.catch(fail);
  });
  made.server.announce('seen');
  await made.server.close('over');
  const text = (await stream)?.text;
  expect(text).toContain('"news":"seen"');
  expect(text).toContain('event: closed');
});
