import { retryingFetch } from '../../infra/google/retrying-fetch.js';
import type { Trust } from '../../infra/graph/trust.js';

/** Never answers; ends as fetch does when it is called off. */
const hanging = ((_: string, { signal }: { signal: AbortSignal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  })) as unknown as Trust['fetch'];

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('who never answers is waited for no longer than a minute, and said so', async () => {
  const fetch = retryingFetch({
    fetch: hanging,
    signal: new AbortController().signal,
    sleep: async () => {},
  });
  const outcome = fetch('https://localhost/').catch((error: Error) => error);
  await jest.advanceTimersByTimeAsync(61_000);
  expect(await outcome).toMatchObject({ code: 'ETIMEDOUT', message: 'no answer within 60 seconds' });
});

test('an answer that stops in the middle is waited for no longer either', async () => {
  const stalling = (async (_: string, { signal }: { signal: AbortSignal }) => {
    const body = new ReadableStream({
      start: (stream) => signal.addEventListener('abort', () => stream.error(signal.reason)),
    });
    return new Response(body);
  }) as unknown as Trust['fetch'];
  const fetch = retryingFetch({
    fetch: stalling,
    signal: new AbortController().signal,
    sleep: async () => {},
  });
  const text = (await fetch('https://localhost/')).text().catch((error: Error) => error);
  await jest.advanceTimersByTimeAsync(61_000);
  expect(await text).toMatchObject({ code: 'ETIMEDOUT' });
});

test('what is called off ends at once, with its reason', async () => {
  const controller = new AbortController();
  const fetch = retryingFetch({ fetch: hanging, signal: controller.signal, sleep: async () => {} });
  const outcome = fetch('https://localhost/').catch((error: Error) => error);
  await jest.advanceTimersByTimeAsync(1);
  controller.abort(new Error('called off'));
  expect(await outcome).toMatchObject({ message: 'called off' });
});
