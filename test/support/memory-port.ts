/** A cmdlet port in memory, for tests of what stands on it: strict about parameters and rows, and it remembers every call. */
import { orAborted } from '../../infra/abort.js';
import {
  CMDLETS,
  type CmdletName,
  type CmdletParameters,
  type CmdletRow,
} from '../../infra/exchange/transport/cmdlets.js';
import { ExchangeError } from '../../infra/exchange/transport/exchange-error.js';
import type { CmdletCall, CmdletPort, CmdletResult } from '../../infra/exchange/transport/port.js';
import type { Work } from '../../infra/exchange/work.js';
import { ManualClock } from '../exchange-transport/support/manual-clock.js';

/** What cmdlets do; one without a handler fails the test. */
export type Handlers = {
  readonly [Name in CmdletName]?: (
    parameters: CmdletParameters<Name>,
    signal: AbortSignal | undefined,
  ) => readonly object[] | Promise<readonly object[]>;
};

export interface Call {
  readonly cmdlet: CmdletName;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export class MemoryPort implements CmdletPort {
  readonly calls: Call[] = [];
  concurrency = 4;
  constructor(
    readonly handlers: Handlers,
    readonly transport: 'rest' | 'powershell' = 'rest',
  ) {}

  async run<N extends CmdletName>(call: CmdletCall<N>): Promise<CmdletResult<N>> {
    return { rows: await this.#rows(call), warnings: [] };
  }

  async *stream<N extends CmdletName>(call: CmdletCall<N>): AsyncIterable<CmdletRow<N>> {
    yield* await this.#rows(call);
  }

  /** The calls that change something, in order. */
  get writes(): readonly Call[] {
    return this.calls.filter(({ cmdlet }) => CMDLETS[cmdlet].effect === 'write');
  }

  async permitted(): Promise<ReadonlySet<CmdletName>> {
    return new Set(Object.keys(this.handlers) as CmdletName[]);
  }

  statistics() {
    return { cmdlets: this.calls.length, requests: this.calls.length, throttled: 0, retried: 0 };
  }

  async close(): Promise<void> {}

  async #rows<N extends CmdletName>({ cmdlet, parameters, signal }: CmdletCall<N>) {
    const definition = CMDLETS[cmdlet];
    const checked = definition.parameters.parse(parameters) as CmdletParameters<N>;
    this.calls.push({ cmdlet, parameters: checked as Readonly<Record<string, unknown>> });
    const handler = this.handlers[cmdlet] as
      | ((
          given: CmdletParameters<N>,
          signal: AbortSignal | undefined,
        ) => readonly object[] | Promise<readonly object[]>)
      | undefined;
    if (handler === undefined) throw new Error(`the test has no ${cmdlet}`);
    const rows = await orAborted(async () => await handler(checked, signal), signal);
    return rows.map((row) => definition.row.parse(row) as CmdletRow<N>);
  }
}

export function notFound(cmdlet: string, identity: string): ExchangeError {
  return refusal(
    cmdlet,
    'ManagementObjectNotFoundException',
    `The operation couldn't be performed because object '${identity}' couldn't be found on 'DC01'.`,
  );
}

export function refusal(cmdlet: string, className: string, text: string): ExchangeError {
  return new ExchangeError({ cmdlet, className, text, transient: false });
}

/** Work on a port, with a clock that the test moves and the messages it showed. */
export function workOn(
  port: CmdletPort,
  clock = new ManualClock(),
  signal = new AbortController().signal,
): Work & { readonly clock: ManualClock; readonly messages: string[] } {
  const messages: string[] = [];
  return { port, clock, signal, status: (message) => messages.push(message), messages };
}

/** Lets work run to its end, moving the clock whenever it waits. */
export async function ended<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const watched = work.finally(() => {
    isDone = true;
  });
  watched.catch(() => undefined);
  await clock.run(() => isDone);
  return await watched;
}

/** What work that must fail failed with. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}
