/** The sandbox's own clock: every expiry, replication delay and time stamp goes by it. */

/** A clock that runs on with real time from wherever it was set. */
export class SandboxClock {
  readonly #realTime: () => number;
  #offset: number;

  /** `start` is what it shows now; `realTime` gives milliseconds that only grow. */
  constructor(start?: Date, realTime: () => number = Date.now) {
    this.#realTime = realTime;
    this.#offset = start === undefined ? 0 : start.getTime() - realTime();
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#realTime() + this.#offset;
  }

  /** Whole seconds since 1970, as tokens count. */
  seconds(): number {
    return Math.floor(this.now() / 1000);
  }

  /** The time as Graph writes it: UTC, whole seconds. */
  iso(): string {
    return isoSeconds(this.now());
  }

  set(time: Date): void {
    this.#offset = time.getTime() - this.#realTime();
  }

  /** Negative milliseconds turn it back. */
  advance(milliseconds: number): void {
    this.#offset += milliseconds;
  }
}

/** `2026-11-24T10:00:00Z` */
export function isoSeconds(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
