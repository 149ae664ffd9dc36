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
