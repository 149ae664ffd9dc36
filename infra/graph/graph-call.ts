/** One call of the Graph library: with our transport below it, and tokens for the one host only. */

import { setTimeout as delay } from 'node:timers/promises';
import { AuthenticationHandler, Client } from '@microsoft/microsoft-graph-client';
import { GraphTransport, type TransportOptions } from './graph-transport.js';
import type { ServerClock } from './server-clock.js';
import type { Trust } from './trust.js';

/** What a client is made with. */
export interface GraphClientOptions {
  /** Base URL, without a version and a trailing slash. */
  readonly graph: string;
  /** A token for Graph; asked before each request. */
  readonly token: () => Promise<string>;
  readonly trust: Trust;
  readonly signal: AbortSignal;
  /** Is told the time of each answer. */
  readonly clock?: ServerClock | undefined;
  /** Waits between attempts; injected by tests. */
  readonly sleep?: TransportOptions['sleep'];
}

/** The library's client for one call; `transport.failure` is what went wrong below it. */
export interface GraphCallParts {
  readonly client: Client;
  readonly transport: GraphTransport;
}

/** @param version of Graph, v1.0 unless given */
export function openGraphCall(
  { graph, trust, token, signal, clock, sleep = pause }: GraphClientOptions,
  version: 'v1.0' | 'beta' = 'v1.0',
): GraphCallParts {
  const transport = new GraphTransport({ graph, trust, signal, clock, sleep });
  const client = Client.initWithMiddleware({
    baseUrl: `${graph}/`,
    defaultVersion: version,
    customHosts: new Set([new URL(graph).hostname]),
    middleware: [
      new AuthenticationHandler({ getAccessToken: () => transport.remembering(token) }),
      transport,
    ],
  });
  return { client, transport };
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal });
}
