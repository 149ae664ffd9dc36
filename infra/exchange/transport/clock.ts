/** Time as the transports see it, so that tests can hold it. */
import { orAborted } from '../../abort.js';

/** A clock with timers. */
export interface Clock {
  /** Milliseconds, only ever growing. */
  now(): number;
  /** Wall time in milliseconds since 1970, for HTTP dates and the ends of tokens. */
  wall(): number;
  /** Runs `work` after so many milliseconds, at 0 when the work at hand is done; the result calls that off. */
  after(milliseconds: number, work: () => void): () => void;
  /** From 0 up to 1, for spreading waits. */
  random(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (milliseconds, work) => {
    if (milliseconds <= 0) {
      const soon = setImmediate(work);
      return () => clearImmediate(soon);
    }
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/**
 * Waits so many milliseconds.
 *
 * @throws the signal's reason when it is aborted.
 */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return orAborted(
    (stopped) =>
      new Promise<void>((resolve) => {
        stopped(clock.after(milliseconds, resolve));
      }),
    signal,
  );
}
