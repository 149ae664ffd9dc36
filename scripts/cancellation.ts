/** How a command is told to stop. */

/** The wish to stop, and who may hear it. */
export interface Cancellation {
  /** Aborted on SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
  /**
   * Runs something whose child process is in the terminal's own process group, such as the engine: on a terminal Ctrl-C has
   * reached the child already, and a second SIGINT would make the engine end without saving what it did. The signal is then
   * aborted only when `run` has ended.
   */
  shield<T>(run: () => Promise<T>): Promise<T>;
}

/** A cancellation that listens to the process's signals until `stop` is called. */
export interface SignalCancellation extends Cancellation {
  stop(): void;
}

/** @param onTerminal whether Ctrl-C reaches the child processes, too. */
export function listenForSignals(onTerminal: boolean): SignalCancellation {
  const controller = new AbortController();
  let shielded = 0;
  let interrupted = false;
  const onTerminate = () => controller.abort();
  const onInterrupt = () => {
    interrupted = true;
    if (shielded === 0 || !onTerminal) controller.abort();
  };
  process.on('SIGTERM', onTerminate);
  process.on('SIGINT', onInterrupt);
  return {
    signal: controller.signal,
    async shield(run) {
      shielded += 1;
      try {
        return await run();
      } finally {
        shielded -= 1;
        if (interrupted) controller.abort();
      }
    },
    stop() {
      process.off('SIGTERM', onTerminate);
      process.off('SIGINT', onInterrupt);
    },
  };
}
