/** Many items at once, as many as Exchange takes right now. */
import { ExchangeError } from '../transport/exchange-error.js';
import type { Work } from '../work.js';
import type { RoomFailure } from './model.js';

/**
 * Works on every item, with about as many under way as the port says. The first failure stops the taking of new ones; it is thrown
 * when those under way have ended, so that nothing goes on behind the caller's back.
 */
export async function eachOf<T>(
  work: Work,
  items: AsyncIterable<T> | Iterable<T>,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  try {
    for await (const item of items) {
      work.signal.throwIfAborted();
      const one = task(item)
        .catch((error: unknown) => {
          failures.push(error);
        })
        .finally(() => underWay.delete(one));
      underWay.add(one);
      while (underWay.size >= Math.max(1, work.port.concurrency)) await Promise.race(underWay);
      if (failures.length > 0) break;
    }
  } finally {
    await Promise.all(underWay);
  }
  if (failures.length > 0) throw failures[0];
}

/** A room that Exchange refuses is noted; anything else ends the work. */
export async function attempt<T>(
  what: () => Promise<T>,
  address: string,
  failures: RoomFailure[],
): Promise<T | undefined> {
  try {
    return await what();
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    failures.push({ address, reason: error.text });
    return undefined;
  }
}
