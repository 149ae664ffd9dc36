/** What every probe is given: the network as it is, and limits. */
import { lookup } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { Trust } from '../graph/trust.js';
import { once } from '../once.js';

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

/** Google gives up earlier; a slow answer is still one. */
const LIMIT_MS = 30_000;

const bundledRoots = once(() => createSecureContext({ ca: [...rootCertificates] }));

/** The network of this machine, and the real time. */
export function internet(options: Pick<Surroundings, 'trust' | 'env' | 'signal'>): Surroundings {
  return {
    ...options,
    limitMs: LIMIT_MS,
    now: Date.now,
    sleep: async (milliseconds, signal) => {
      await delay(milliseconds, undefined, { signal });
    },
    resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    publicRoots: bundledRoots,
  };
}
