/** The port over any channel: checks, paging, pace, retries and new tokens in one place for both transports. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { orAborted } from '../../abort.js';
import { InteropError } from '../../errors.js';
import type { Channel, PageRequest } from './channel.js';
import { type Clock, sleep } from './clock.js';
import { CMDLETS, type CmdletName, type CmdletRow } from './cmdlets.js';
import { ExchangeError } from './exchange-error.js';
import { Gate } from './gate.js';
import type { Continuation, Outcome, Page, Refusal } from './outcome.js';
import type { PaceOptions, Verdict } from './pacing.js';
import type { CmdletCall, CmdletPort, CmdletResult, PortStatistics } from './port.js';
import { type RetryLimits, waitBefore } from './retry.js';
import { tokenRefused } from './tokens.js';

export interface PacedPortOptions {
  readonly pace: PaceOptions;
  readonly clock: Clock;
  readonly retries: RetryLimits;
}

/** How one page is asked for. */
type Send<C extends Continuation> = (request: PageRequest<C>) => Promise<Outcome<C>>;

/** Names with commas between. */
const permittedRow = z.object({
  exportedCmdlets: z.string().transform((names) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ),
});

/** New tokens for one attempt at a page: a claims challenge may follow a plain refusal. */
const MOST_RENEWALS = 2;
/** A wait after throttling where none was asked for. */
const OWN_THROTTLE_WAIT_MS = 1000;

export class PacedPort<C extends Continuation> implements CmdletPort {
  readonly #channel: Channel<C>;
  readonly #gate: Gate;
  readonly #options: PacedPortOptions;
  readonly #closing = new AbortController();
  #cmdlets = 0;
  #throttled = 0;
  #retried = 0;

  /** @param channelOn makes the channel; the gate tells it how many calls are to be expected. */
  constructor(channelOn: (gate: Gate) => Channel<C>, options: PacedPortOptions) {
    this.#options = options;
    this.#gate = new Gate(options.pace, options.clock);
    this.#channel = channelOn(this.#gate);
  }

  get transport(): 'rest' | 'powershell' {
    return this.#channel.transport;
  }

  /** A request more than may be under way, so that the next one is full when one comes back. */
  get concurrency(): number {
    return this.#gate.limit + this.#channel.callsPerRequest;
  }

  statistics(): PortStatistics {
    return {
      cmdlets: this.#cmdlets,
      requests: this.#channel.requests,
      throttled: this.#throttled,
      retried: this.#retried,
    };
  }

  async run<N extends CmdletName>(call: CmdletCall<N>): Promise<CmdletResult<N>> {
    const rows: CmdletRow<N>[] = [];
    const warnings: string[] = [];
    for await (const page of this.#pages(call, false)) {
      for (const row of page.rows) rows.push(row);
      warnings.push(...page.warnings);
    }
    return { rows, warnings };
  }

  async *stream<N extends CmdletName>(call: CmdletCall<N>): AsyncGenerator<CmdletRow<N>> {
    for await (const page of this.#pages(call, true)) yield* page.rows;
  }

  async permitted(signal?: AbortSignal): Promise<ReadonlySet<CmdletName>> {
    const request: PageRequest<C> = {
      cmdlet: 'EXOModuleFile',
      effect: 'read',
      parameters: {},
      properties: [],
      anchor: undefined,
      requestId: randomUUID(),
      isLarge: true,
      signal,
    };
    const { rows } = await this.#page(request, true, (page) => this.#channel.permitted(page));
    const names = new Set(
      z
        .array(permittedRow)
        .parse(rows)
        .flatMap(({ exportedCmdlets }) => exportedCmdlets),
    );
    return new Set((Object.keys(CMDLETS) as CmdletName[]).filter((name) => names.has(name)));
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const reason = closed();
    this.#closing.abort(reason);
    this.#gate.close(reason);
    await this.#channel.close();
  }

  async *#pages<N extends CmdletName>(
    call: CmdletCall<N>,
    isLarge: boolean,
  ): AsyncGenerator<CmdletResult<N>, void, undefined> {
    const request = this.#requestFor(call, isLarge);
    const rowOf = rowReader(call.cmdlet);
    const seen = new Set<string>();
    let next: C | undefined;
    do {
      const page = await this.#page({ ...request, page: next }, CMDLETS[call.cmdlet].repeatable);
      yield { rows: page.rows.map(rowOf), warnings: page.warnings };
      next = page.next;
      if (next === undefined) continue;
      if (seen.has(next.key)) throw pagesLoop(call.cmdlet);
      seen.add(next.key);
    } while (next !== undefined);
  }

  #requestFor<N extends CmdletName>(call: CmdletCall<N>, isLarge: boolean): PageRequest<C> {
    const { effect, parameters, row } = CMDLETS[call.cmdlet];
    return {
      cmdlet: call.cmdlet,
      effect,
      parameters: checked(call.cmdlet, parameters, call.parameters),
      properties: Object.keys(row.shape),
      anchor: call.anchor,
      requestId: randomUUID(),
      isLarge,
      signal: call.signal,
    };
  }

  /** One page, attempt after attempt. */
  async #page(
    request: PageRequest<C>,
    repeatable: boolean,
    send: Send<C> = (page) => this.#channel.send(page),
  ): Promise<Page<C>> {
    let renewals = 0;
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(request, attempt > 1 || renewals > 0, send);
      if (outcome.kind === 'page') return outcome;
      if (outcome.kind === 'unauthorized') {
        if (renewals >= MOST_RENEWALS) throw tokenRefused(outcome.requestId);
        renewals += 1;
        attempt -= 1;
        await this.#untilAborted(() => this.#channel.renew(outcome), request.signal);
      } else {
        await this.#waitOrThrow(attempt, outcome, repeatable, request.signal);
      }
      this.#retried += 1;
    }
  }

  async #waitOrThrow(
    attempt: number,
    refusal: Refusal,
    repeatable: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { clock, retries } = this.#options;
    const { transient, outcomeUnknown } = refusal.error;
    const failure = {
      transient,
      outcomeUnknown,
      throttled: refusal.throttled,
      retryAfterMs: refusal.retryAfterMs,
    };
    const wait = waitBefore(attempt, failure, repeatable, clock.random(), retries);
    if (wait === undefined) throw refusal.error;
    await this.#untilAborted(() => sleep(clock, wait), signal);
  }

  async #attempt(request: PageRequest<C>, again: boolean, send: Send<C>): Promise<Outcome<C>> {
    if (request.page?.isCall === false) return await send(request);
    const ticket = await this.#gate.enter(again, request.signal);
    if (!again) this.#cmdlets += 1;
    // The place is given back when the work is over, even if nobody waits for it any more.
    const sent = send(request).then(
      (outcome) => {
        this.#gate.leave(ticket, this.#verdict(outcome));
        return outcome;
      },
      (error: unknown) => {
        this.#gate.leave(ticket, { kind: 'void' });
        throw error;
      },
    );
    sent.catch(() => undefined);
    return await this.#untilAborted(() => sent, request.signal);
  }

  #verdict(outcome: Outcome<C>): Verdict {
    if (outcome.kind !== 'refusal') return { kind: outcome.kind === 'page' ? 'answered' : 'void' };
    if (outcome.throttled) {
      this.#throttled += 1;
      return { kind: 'throttled', waitMs: outcome.retryAfterMs ?? OWN_THROTTLE_WAIT_MS };
    }
    return { kind: outcome.error.transient ? 'void' : 'answered' };
  }

  async #untilAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return await orAborted(() => orAborted(work, this.#closing.signal), signal);
  }
}

/**
 * The parameters, checked: nothing that Exchange would take for another call leaves the process.
 *
 * @throws InteropError of kind `failure`: whoever calls must not let such values come so far.
 */
function checked(cmdlet: string, schema: z.ZodType, parameters: unknown): Readonly<Record<string, unknown>> {
  const result = schema.safeParse(parameters);
  if (result.success) return result.data as Readonly<Record<string, unknown>>;
  throw new InteropError({
    kind: 'failure',
    summary: `${cmdlet} was not sent: its parameters are not right`,
    problems: result.error.issues.map((issue) => ({
      where: issue.path.length === 0 ? cmdlet : `${cmdlet} -${issue.path.join('.')}`,
      what: issue.message,
    })),
  });
}

function rowReader<N extends CmdletName>(cmdlet: N): (row: unknown) => CmdletRow<N> {
  const schema: z.ZodType = CMDLETS[cmdlet].row;
  return (row) => {
    const result = schema.safeParse(row);
    if (result.success) return result.data as CmdletRow<N>;
    throw new ExchangeError({
      cmdlet,
      className: '',
      text: `the answer has not the expected form: ${z.prettifyError(result.error).split('\n').join(' ')}`,
      transient: false,
    });
  };
}

function pagesLoop(cmdlet: string): ExchangeError {
  return new ExchangeError({
    cmdlet,
    className: '',
    text: 'a link to the next page came twice: the list has no end and cannot be trusted',
    transient: false,
  });
}

function closed(): InteropError {
  return new InteropError({ kind: 'cancelled', summary: 'the connection to Exchange Online was closed' });
}
