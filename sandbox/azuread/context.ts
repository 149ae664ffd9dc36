/** What the resources of one configured stand-in share. */
import type { Operation } from '../../infra/exchange/provider/kernel/index.js';
import { Graph, type GraphConnection } from './graph.js';

export interface Tenant {
  readonly tenantId: string;
  readonly clientId: string;
  /** Object id of the principal that is signed in. */
  readonly callerId: string;
  readonly connection: GraphConnection;
  readonly locks: Locks;
}

/** Limits in minutes where the program sets none (terraform-provider-azuread, `Timeouts` of the resources). */
export const MINUTES = { create: 10, read: 5, update: 10, delete: 5 } as const;

/** Graph for one operation: its requests end with it. */
export function graphFor(operation: Operation<Tenant>, kind: keyof typeof MINUTES): Graph {
  const signal =
    operation.timeoutMs === undefined
      ? AbortSignal.any([operation.signal, AbortSignal.timeout(MINUTES[kind] * 60_000)])
      : operation.signal;
  return new Graph(operation.context.connection, signal);
}

/** One operation at a time for each key, in the order in which they came. */
export class Locks {
  readonly #last = new Map<string, Promise<unknown>>();

  async with<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }
}
