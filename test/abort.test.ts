import { limited } from '../infra/abort.js';

const HOUR = 3_600_000;

describe('the signal of one piece of work', () => {
  test.each([0, 1])('is aborted with any of the others (%i)', (which) => {
    const others = [new AbortController(), new AbortController()];
    const { signal, isLate, forget } = limited(
      others.map((other) => other.signal),
      HOUR,
    );
    expect(signal.aborted).toBe(false);
    others[which]?.abort();
    expect(signal.aborted).toBe(true);
    expect(isLate()).toBe(false);
    forget();
  });

  test('is aborted at once where one of the others is', () => {
    const { signal, forget } = limited([undefined, AbortSignal.abort()], HOUR);
    expect(signal.aborted).toBe(true);
    forget();
  });

  test('is aborted when time is up, and says so', async () => {
    const { signal, isLate } = limited([undefined], 1);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    expect(isLate()).toBe(true);
  });

  test('is let go of when the work is over', async () => {
    const lasting = new AbortController();
    const { signal, isLate, forget } = limited([lasting.signal], 1);
    forget();
    lasting.abort();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(signal.aborted).toBe(false);
    expect(isLate()).toBe(false);
  });
});
