import type { ExchangeOnline } from './exchange-online.js';

/** What Exchange was asked for, counted for benchmarks. */
export class Statistics {
  requests = 0;
  throttled = 0;
  readonly #cmdlets = new Map<string, number>();

  constructor(readonly exchange: Pick<ExchangeOnline, 'throttle' | 'mailboxes'>) {}

  ran(name: string): void {
    this.#cmdlets.set(name, (this.#cmdlets.get(name) ?? 0) + 1);
  }

  describe() {
    return {
      requests: this.requests,
      throttled: this.throttled,
      inFlight: this.exchange.throttle.inFlight,
      mostInFlight: this.exchange.throttle.most,
      permissionChanges: this.exchange.mailboxes.permissionChanges,
      cmdlets: Object.fromEntries([...this.#cmdlets].sort(([one], [other]) => (one < other ? -1 : 1))),
    };
  }
}
