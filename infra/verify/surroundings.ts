/** What every probe is given: the network as it is, and limits. */
import type { SecureContext } from 'node:tls';
import type { Trust } from '../graph/trust.js';

export interface Surroundings {
  readonly trust: Trust;
  /** For the proxy variables. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** How long one step of a connection and one answer may take, in milliseconds. */
  readonly limitMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Waits; ends early with the signal's reason. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** IP addresses of a host name, in the order to try them; throws Node's errors. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
  /** Authorities that everybody trusts: Node's bundled roots. */
  readonly publicRoots: () => SecureContext;
}
