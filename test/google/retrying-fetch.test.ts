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

test('what is called off ends at once', async () => {
  const controller = new AbortController();
  const fetch = retryingFetch({ fetch: hanging, signal: controller.signal, sleep: async () => {} });
  const outcome = fetch('https://localhost/').catch((error: Error) => error);
  await jest.advanceTimersByTimeAsync(1);
  controller.abort();
  expect(await outcome).toMatchObject({ name: 'AbortError' });
});
