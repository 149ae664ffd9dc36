import type { Clock } from '../../../infra/exchange/transport/clock.js';

/** A clock that stands until it is moved. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: { at: number; order: number; work: () => void }[] = [];
  #order = 0;

  now(): number {
    return this.#now;
  }

  wall(): number {
    return Date.parse('2026-05-01T10:00:00Z') + this.#now;
  }

  random(): number {
    return 0.5;
  }

  after(milliseconds: number, work: () => void): () => void {
    this.#order += 1;
    const timer = { at: this.#now + Math.max(0, milliseconds), order: this.#order, work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves on to the next timer and runs it; false when there is none. */
  step(): boolean {
    const [next] = [...this.#timers].sort((a, b) => a.at - b.at || a.order - b.order);
    if (next === undefined) return false;
    this.#timers = this.#timers.filter((timer) => timer !== next);
    this.#now = Math.max(this.#now, next.at);
    next.work();
    return true;
  }

  /** Runs everything that waits, with the promises in between, until `done` or nothing is left. */
  async run(done: () => boolean = () => false): Promise<void> {
    for (;;) {
      await settle();
      if (done() || !this.step()) return;
    }
  }

  /** Runs what is due within so many milliseconds. */
  async advance(milliseconds: number): Promise<void> {
    let reached = false;
    this.after(milliseconds, () => {
      reached = true;
    });
    await this.run(() => reached);
  }
}

/** Lets promises that are due run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
