/**
 * Puts calls that are under way at the same time into common requests.
 *
 * Full batches go at once. A part of one goes when nothing more can come, or after a moment. But not more requests are under way
 * than full batches would need: else, once split, calls would stay split, since those that come back together go out together.
 */
import type { Clock } from './clock.js';

export interface BatcherOptions<M> {
  /** Members of a full batch. */
  readonly size: number;
  readonly clock: Clock;
  /** How many calls may be under way now. */
  readonly limit: () => number;
  /** Whether no further call can come before one comes back. */
  readonly isFull: () => boolean;
  /** Sends a batch; never rejects. */
  readonly flush: (members: readonly M[]) => Promise<void>;
}

/** Milliseconds that a part of a batch waits for others. */
const LINGER_MS = 2;
/** Milliseconds, at least, that it waits for a request to come back where full batches would need no more requests. */
const LEAST_PATIENCE_MS = 20;

export class Batcher<M> {
  readonly #options: BatcherOptions<M>;
  readonly #queue: M[] = [];
  /** When the first of the queue came. */
  #since = 0;
  #requests = 0;
  /** How long a request takes, smoothed. */
  #duration = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(options: BatcherOptions<M>) {
    this.#options = options;
  }

  add(member: M): void {
    if (this.#queue.length === 0) this.#since = this.#options.clock.now();
    this.#queue.push(member);
    this.#consider();
  }

  #consider(): void {
    const { size, clock } = this.#options;
    while (this.#queue.length >= size && this.#mayRequest()) this.#flush();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#queue.length === 0) return;
    const wait = this.#since + this.#wait() - clock.now();
    this.#cancelTimer = clock.after(Math.max(0, Math.ceil(wait)), () => {
      this.#cancelTimer = undefined;
      if (this.#queue.length > 0) this.#flush();
      this.#consider();
    });
  }

  #wait(): number {
    if (!this.#mayRequest()) return Math.max(LEAST_PATIENCE_MS, this.#duration * 1.5);
    return this.#options.isFull() ? 0 : LINGER_MS;
  }

  #mayRequest(): boolean {
    return this.#requests < Math.ceil(this.#options.limit() / this.#options.size);
  }

  #flush(): void {
    const { size, clock, flush } = this.#options;
    const members = this.#queue.splice(0, size);
    this.#since = clock.now();
    this.#requests += 1;
    const begun = clock.now();
    void flush(members).finally(() => {
      this.#requests -= 1;
      const took = clock.now() - begun;
      this.#duration = this.#duration === 0 ? took : this.#duration * 0.8 + took * 0.2;
      this.#consider();
    });
  }
}
