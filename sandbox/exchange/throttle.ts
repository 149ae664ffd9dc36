/** How much is under way at once. */

export class Throttle {
  #inFlight = 0;
  #most = 0;

  /** `ceiling` gives how many cmdlets may be under way at once; undefined for any number. */
  constructor(readonly ceiling: () => number | undefined) {}

  get inFlight(): number {
    return this.#inFlight;
  }

  /** The most cmdlets that were under way at once. */
  get most(): number {
    return this.#most;
  }

  /** Lets so many cmdlets in, all or none; `leave` gives their places back. */
  enter(cmdlets: number): boolean {
    const ceiling = this.ceiling();
    if (ceiling !== undefined && this.#inFlight + cmdlets > ceiling) return false;
    this.#inFlight += cmdlets;
    this.#most = Math.max(this.#most, this.#inFlight);
    return true;
  }

  leave(cmdlets: number): void {
    this.#inFlight -= cmdlets;
  }
}
