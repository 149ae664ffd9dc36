/**
 * The one way to Exchange: run a cmdlet of the closed list in cmdlets.ts, get typed rows or an {@link ExchangeError}.
 *
 * Two transports implement it (rest.ts, powershell.ts) and pass the same contract tests. Throttling, transient errors, paging
 * and token renewal are behind it: whoever calls sees rows or a final error.
 */
import type { CmdletName, CmdletParameters, CmdletRow } from './cmdlets.js';

/** One call. */
export interface CmdletCall<N extends CmdletName = CmdletName> {
  readonly cmdlet: N;
  readonly parameters: CmdletParameters<N>;
  /**
   * The mailbox that the call is about (SMTP address, UPN or GUID): Exchange routes the request by it. Absent for calls about
   * the organisation.
   */
  readonly anchor?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a call gave. */
export interface CmdletResult<N extends CmdletName = CmdletName> {
  readonly rows: readonly CmdletRow<N>[];
  /** Exchange's own words, for example that a write found nothing to change. */
  readonly warnings: readonly string[];
}

/** Counts since the port was opened, for reports and benchmarks. */
export interface PortStatistics {
  readonly cmdlets: number;
  /** HTTP requests over REST, lines sent to shells over PowerShell. */
  readonly requests: number;
  readonly throttled: number;
  readonly retried: number;
}

export interface CmdletPort {
  readonly transport: 'rest' | 'powershell';
  /**
   * Runs one cmdlet to its end, all pages included.
   *
   * @throws ExchangeError when Exchange refuses, InteropError of kind `authentication` when signing in fails, and the signal's
   * reason when it is aborted.
   */
  run<N extends CmdletName>(call: CmdletCall<N>): Promise<CmdletResult<N>>;
  /** The same for cmdlets with many rows: page by page, in bounded memory. Ends with the last page or throws; never short. */
  stream<N extends CmdletName>(call: CmdletCall<N>): AsyncIterable<CmdletRow<N>>;
  /**
   * Which cmdlets of the list the roles of the caller hold.
   *
   * @throws as {@link run}; ExchangeError with status 403 over REST where the caller has no role at all.
   */
  permitted(signal?: AbortSignal): Promise<ReadonlySet<CmdletName>>;
  /**
   * How many calls are worth being under way at once right now: found out from Exchange's answers, changing over time. Callers
   * with much to do keep about so many calls open; more wait inside of the port.
   */
  readonly concurrency: number;
  statistics(): PortStatistics;
  close(): Promise<void>;
}
