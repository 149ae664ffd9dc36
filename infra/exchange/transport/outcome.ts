/** What one request for one page of a cmdlet came to, alike for both transports. */
import type { ExchangeError } from './exchange-error.js';

/** Where the next page is; what it holds is the transport's business. */
export interface Continuation {
  /** Names the page, to notice one that comes twice. */
  readonly key: string;
  /** Whether fetching it is a call to Exchange, which the pace counts. */
  readonly isCall: boolean;
}

export interface Page<C extends Continuation = Continuation> {
  readonly kind: 'page';
  /** As they came, without annotations. */
  readonly rows: readonly unknown[];
  readonly warnings: readonly string[];
  readonly next?: C | undefined;
}

/** Exchange, or something on the way to it, did not do it. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly error: ExchangeError;
  readonly throttled: boolean;
  readonly retryAfterMs: number | undefined;
}

/** The token was not accepted. */
export interface Unauthorized {
  readonly kind: 'unauthorized';
  /** The token that was refused. */
  readonly token: string;
  /** What a new one has to hold, as JSON, where the answer said so. */
  readonly claims: string | undefined;
  readonly requestId: string | undefined;
}

export type Outcome<C extends Continuation = Continuation> = Page<C> | Refusal | Unauthorized;
