/** What the emulated Exchange is set to; see faults.ts for how. Times in milliseconds. */
export interface ExchangeSettings {
  /** From licence to mailbox. */
  readonly licenceDelay: number;
  /** For so long after a write, reads see what was before. */
  readonly staleReads: number;
  /** Cmdlets under way at once, above which requests are refused; undefined for any number. */
  readonly ceiling: number | undefined;
  /** Seconds of Retry-After above the ceiling. */
  readonly ceilingRetryAfter: number;
  /** Per cmdlet; undefined: the sandbox's own latency. */
  readonly cmdletLatency: number | undefined;
  /** Rows of a page of a list at most, whatever is asked for. */
  readonly pageSize: number;
  /** Rights of `Default` in all seeded calendars; undefined: various. */
  readonly defaultRights: readonly string[] | undefined;
  /** Licences of each product that nobody has. */
  readonly freeLicences: number | undefined;
}
