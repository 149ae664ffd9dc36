/** What time it is on a server, by the `Date` header of its answers (RFC 9110, 6.6.1: whole seconds, by the origin server's clock). */
export class ServerClock {
  readonly #elapsed: () => number;
  #told: { readonly time: number; readonly at: number } | undefined;

  /** @param elapsed milliseconds that only grow, whatever is done to this machine's clock */
  constructor(elapsed: () => number = () => performance.now()) {
    this.#elapsed = elapsed;
  }

  /** Takes an answer's `Date` for the time at which it came. One that is missing or no time tells nothing. */
  hear(date: string | null): void {
    const time = Date.parse(date ?? '');
    if (!Number.isNaN(time)) this.#told = { time, at: this.#elapsed() };
  }

  /** The server's time, carried on from its last answer; undefined before there was one. */
  now(): Date | undefined {
    const told = this.#told;
    return told === undefined ? undefined : new Date(told.time + this.#elapsed() - told.at);
  }
}
