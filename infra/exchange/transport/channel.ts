/** What a transport has to offer: one attempt at one page. Everything that both have in common is in paced-port.ts. */
import type { Continuation, Outcome, Unauthorized } from './outcome.js';

/** A page to be asked for. */
export interface PageRequest<C extends Continuation> {
  readonly cmdlet: string;
  readonly effect: 'read' | 'write';
  /** Checked already. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The properties of a row that are used. */
  readonly properties: readonly string[];
  readonly anchor: string | undefined;
  /** The same over all attempts and pages of a call. */
  readonly requestId: string;
  /** Whether many rows are expected: such a call shares its request with no other. */
  readonly isLarge: boolean;
  /** Absent for the first page. */
  readonly page?: C | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface Channel<C extends Continuation> {
  readonly transport: 'rest' | 'powershell';
  /** Calls that one request carries. */
  readonly callsPerRequest: number;
  /** HTTP requests, or lines sent to shells, so far. */
  readonly requests: number;
  /**
   * One attempt. What Exchange or the network says comes back as an outcome.
   *
   * @throws InteropError when no attempt can succeed: signing in failed, the server is not trusted, a program is missing.
   */
  send(request: PageRequest<C>): Promise<Outcome<C>>;
  /** One attempt to ask which cmdlets the caller may run: rows with their names, with commas between, in `exportedCmdlets`. */
  permitted(request: PageRequest<C>): Promise<Outcome<C>>;
  /** Gets another token in place of one that was refused. @throws InteropError when signing in fails. */
  renew(refused: Unauthorized): Promise<void>;
  /** Ends what is under way. */
  close(): Promise<void>;
}
