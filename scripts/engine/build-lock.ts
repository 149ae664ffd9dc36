/**
 * A lock between processes that survives the death of its holder: a folder whose time stamp the holder renews, taken over
 * when it was not renewed for `lockStaleMs` (proper-lockfile README, "stale" and "update").
 */
import { setTimeout as delay } from 'node:timers/promises';
import { throwIfCancelled } from './child.js';
import type { Search } from './search.js';

/** Progress of a wait is told at the first look and then at every so many looks. */
const TELL_EVERY = 20;

/**
 * Runs `work` while no other process runs its own under the same lock; waits as long as another one does.
 *
 * `work` is given a signal that is also aborted when the lock is lost, for example to a process that found it stale while
 * this machine slept. Then the wait begins anew.
 *
 * @param file what the lock is for; the lock itself is the folder `<file>.lock` beside it
 * @throws InteropError `cancelled`, and whatever `work` throws
 */
export async function withLock<T>(
  file: string,
  search: Search,
  waiting: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (;;) {
    const lost = new AbortController();
    const release = await acquire(file, search, waiting, () => lost.abort());
    const signal = search.signal === undefined ? lost.signal : AbortSignal.any([search.signal, lost.signal]);
    try {
      return await work(signal);
    } catch (error) {
      if (!lost.signal.aborted) throw error;
      throwIfCancelled(search.signal);
    } finally {
      // A lost lock cannot be released, and need not be.
      await release().catch(() => undefined);
    }
  }
}

async function acquire(
  file: string,
  search: Search,
  waiting: string,
  onLost: () => void,
): Promise<() => Promise<void>> {
  const { default: lockfile } = await import('proper-lockfile');
  const options = { realpath: false, stale: search.limits.lockStaleMs, onCompromised: onLost };
  for (let look = 0; ; look++) {
    throwIfCancelled(search.signal);
    try {
      return await lockfile.lock(file, options);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ELOCKED') throw error;
    }
    if (look % TELL_EVERY === 0) search.progress({ phase: 'wait', message: waiting });
    await delay(search.limits.lockPollMs, undefined, { signal: search.signal }).catch(() => undefined);
  }
}
