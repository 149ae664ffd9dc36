/** Waiting that ends when it is called off. */

/** The callbacks of each signal, behind one listener: a signal with many listeners of its own looks like a leak to Node. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `work` when the signal is aborted; the result takes that back. The signal must not be aborted yet. */
export function onAbort(signal: AbortSignal | undefined, work: () => void): () => void {
  if (signal === undefined) return () => {};
  const known = callbacks.get(signal);
  const all = known ?? new Set();
  // Each call has an entry of its own, even when the same function comes twice.
  const entry = () => work();
  all.add(entry);
  if (known === undefined) {
    callbacks.set(signal, all);
    signal.addEventListener(
      'abort',
      () => {
        for (const callback of [...all]) callback();
        all.clear();
      },
      { once: true },
    );
  }
  return () => {
    all.delete(entry);
  };
}

/** A signal for one piece of work. */
export interface LimitedSignal {
  readonly signal: AbortSignal;
  /** Whether time was up. */
  isLate(): boolean;
  /** Ends the watch: the work is over. */
  forget(): void;
}

/**
 * A signal that is aborted with the first of the others and its reason, or, with an error of code ETIMEDOUT, when time is up.
 *
 * Nothing stays behind after `forget`, nor once time is up. AbortSignal.any and AbortSignal.timeout leave an entry with each of the
 * others, as long as those live, and a timer until it ends: after many pieces of work that is much.
 */
export function limited(signals: readonly (AbortSignal | undefined)[], milliseconds: number): LimitedSignal {
  const controller = new AbortController();
  for (const signal of signals) if (signal?.aborted === true) controller.abort(signal.reason);
  const watches = signals.map((signal) => onAbort(signal, () => controller.abort(signal?.reason)));
  const unwatch = () => {
    for (const forget of watches) forget();
  };
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    unwatch();
    controller.abort(timeIsUp(milliseconds));
  }, milliseconds).unref();
  return {
    signal: controller.signal,
    isLate: () => isLate,
    forget: () => {
      clearTimeout(timer);
      unwatch();
    },
  };
}

/** With the code and the name that Node and its libraries give to it. */
function timeIsUp(milliseconds: number): Error {
  const error = new Error(`no answer within ${milliseconds / 1_000} seconds`);
  return Object.assign(error, { name: 'TimeoutError', code: 'ETIMEDOUT' });
}

/**
 * The work's outcome, or the signal's reason as soon as it is aborted.
 *
 * @param start gets a function to which it hands what is to happen on an abort.
 */
export async function orAborted<T>(
  start: (stopped: (undo: () => void) => void) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  signal?.throwIfAborted();
  let undo = () => {};
  const work = start((given) => {
    undo = given;
  });
  if (signal === undefined) return await work;
  let forget = () => {};
  const aborted = new Promise<never>((_, reject) => {
    forget = onAbort(signal, () => {
      undo();
      reject(signal.reason);
    });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    forget();
  }
}
