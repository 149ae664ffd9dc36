/** How the bootstrap tells what it is doing. It prints nothing itself. */

/** What is being done, in a form that both a progress bar and a plain line can show. */
export interface ProgressEvent {
  readonly phase: 'search' | 'wait' | 'installer' | 'download' | 'compile' | 'check' | 'plugin';
  /** One line for people. */
  readonly message: string;
  /** Share of this phase that is done, 0 to 1, where it is known. */
  readonly fraction?: number;
}

/** Takes progress; may be called many times a second, and decides itself what to show. */
export type OnProgress = (event: ProgressEvent) => void;

/** Where lines of progress go. */
export interface LineStream {
  write(text: string): unknown;
}

/** Shows progress as plain lines: the first at once, later ones not sooner than `intervalMs` after the last shown. */
export function progressLines(stream: LineStream, intervalMs: number, now: () => number): OnProgress {
  let shownAt = Number.NEGATIVE_INFINITY;
  return (event) => {
    const time = now();
    if (time - shownAt < intervalMs) return;
    shownAt = time;
    const share = event.fraction === undefined ? '' : ` (${Math.floor(event.fraction * 100)} %)`;
    stream.write(`${event.message}${share}\n`);
  };
}
