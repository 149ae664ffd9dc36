/** Lets calls through as the pace allows, in order; the one place where both transports are held back. */
import { onAbort } from '../../abort.js';
import type { Clock } from './clock.js';
import {
  begin,
  end,
  hasRoom,
  initialPace,
  type Pace,
  type PaceOptions,
  type Ticket,
  type Verdict,
} from './pacing.js';

interface Waiter {
  /** Whether it was called off. */
  readonly isGone: () => boolean;
  readonly admit: (ticket: Ticket) => void;
  readonly refuse: (reason: unknown) => void;
}

export class Gate {
  #pace: Pace;
  readonly #clock: Clock;
  /** Those that were refused before go first. */
  readonly #returning: Waiter[] = [];
  readonly #waiting = new Queue<Waiter>();
  #cancelTimer: (() => void) | undefined;
  #closed: unknown;

  constructor(options: PaceOptions, clock: Clock) {
    this.#pace = initialPace(options);
    this.#clock = clock;
  }

  /** How many may be under way now. */
  get limit(): number {
    return this.#pace.limit;
  }

  /** Whether another call would have to wait. */
  get isFull(): boolean {
    return !hasRoom(this.#pace, this.#clock.now());
  }

  /**
   * Waits for a place.
   *
   * @param again whether the call was refused before.
   * @throws the signal's reason when it is aborted while waiting, or the reason of {@link Gate.close}.
   */
  async enter(again: boolean, signal: AbortSignal | undefined): Promise<Ticket> {
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#noneWaits() && hasRoom(this.#pace, this.#clock.now())) return this.#begin();
    return await new Promise<Ticket>((resolve, reject) => {
      let done = false;
      const settle = (work: () => void) => {
        if (done) return;
        done = true;
        forget();
        work();
      };
      const waiter: Waiter = {
        admit: (ticket) => settle(() => resolve(ticket)),
        refuse: (reason) => settle(() => reject(reason)),
        isGone: () => done,
      };
      const forget = onAbort(signal, () => waiter.refuse(signal?.reason));
      if (again) this.#returning.push(waiter);
      else this.#waiting.push(waiter);
      this.#admit();
    });
  }

  /** Gives a place back. */
  leave(ticket: Ticket, verdict: Verdict): void {
    this.#pace = end(this.#pace, ticket, verdict, this.#clock.now());
    this.#admit();
  }

  /** Lets nobody through any more. */
  close(reason: unknown): void {
    this.#closed = reason;
    this.#cancelTimer?.();
    for (let waiter = this.#next(); waiter !== undefined; waiter = this.#next()) waiter.refuse(reason);
  }

  #begin(): Ticket {
    const begun = begin(this.#pace);
    this.#pace = begun.pace;
    return begun.ticket;
  }

  #noneWaits(): boolean {
    return this.#returning.length === 0 && this.#waiting.size === 0;
  }

  #next(): Waiter | undefined {
    return this.#returning.shift() ?? this.#waiting.shift();
  }

  #admit(): void {
    while (!this.#noneWaits() && hasRoom(this.#pace, this.#clock.now())) {
      const waiter = this.#next();
      if (waiter === undefined || waiter.isGone()) continue;
      waiter.admit(this.#begin());
    }
    this.#wakeAfterPause();
  }

  #wakeAfterPause(): void {
    const wait = this.#pace.pausedUntil - this.#clock.now();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#noneWaits() || wait <= 0) return;
    this.#cancelTimer = this.#clock.after(Math.ceil(wait), () => this.#admit());
  }
}

/** First in, first out, without moving the rest at each step. */
class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    // What has gone out must not be kept alive by its place here.
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
