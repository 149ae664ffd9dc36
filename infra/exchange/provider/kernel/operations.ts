/** Runs the operations of one configured provider: cancellation, time limits, secrets, messages. */
import type * as grpc from '@grpc/grpc-js';
import type { Operation, OperationLog } from './definition.js';
import type { EngineLog } from './engine-log.js';
import { Cancelled, RefusedRequest, statusOf } from './failures.js';
import { SecretTexts } from './secret-texts.js';
import type { Properties } from './values.js';

/** A failure that is ready to be sent: nothing secret is left in it. */
export class SentFailure extends Error {
  readonly status: Partial<grpc.StatusObject>;

  constructor(status: Partial<grpc.StatusObject>) {
    super(status.details ?? '');
    this.status = status;
  }
}

/** What an operation is about. */
export interface Subject {
  readonly urn: string;
  /** Seconds; 0: no limit. */
  readonly timeout: number;
  /** Properties whose secrets must not come out. */
  readonly involved: readonly Properties[];
}

/** What the work of an operation is given besides the operation itself. */
export interface Work<Context> {
  readonly operation: Operation<Context>;
  readonly secrets: SecretTexts;
}

/** The longest time that a timer takes: 24.8 days (Node: setTimeout). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface TimeLimit {
  readonly ms: number;
  readonly signal: AbortSignal;
  clear(): void;
}

function timeLimit(seconds: number): TimeLimit | undefined {
  if (seconds <= 0) return undefined;
  const ms = Math.min(seconds * 1000, LONGEST_TIMER_MS);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`not done within ${seconds} s`)), ms);
  return { ms, signal: controller.signal, clear: () => clearTimeout(timer) };
}

export class Operations<Context> {
  readonly #cancelling = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #log: EngineLog;
  /** Secrets of the configuration: scrubbed from all messages. */
  readonly secrets = new SecretTexts();
  #context: { readonly value: Context } | undefined;

  constructor(log: EngineLog) {
    this.#log = log;
  }

  setContext(value: Context): void {
    this.#context = { value };
  }

  /** Aborts what is running; nothing further is started. */
  cancel(): void {
    this.#cancelling.abort(new Cancelled());
  }

  /** Waits until nothing is running any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  /** Work without a configured provider, as `configure` itself. */
  async prepare<T>(work: (signal: AbortSignal, log: OperationLog) => Promise<T>): Promise<T> {
    const scrub = (message: string) => this.secrets.scrub(message);
    return await this.#track(scrub, async () => {
      this.#cancelling.signal.throwIfAborted();
      return await work(this.#cancelling.signal, this.#log.for('', scrub));
    });
  }

  /** @throws SentFailure for everything that goes wrong */
  async run<T>(subject: Subject, work: (given: Work<Context>) => Promise<T>): Promise<T> {
    const secrets = new SecretTexts(this.secrets);
    for (const properties of subject.involved) secrets.addFrom(properties);
    const scrub = (message: string) => secrets.scrub(message);
    const limit = timeLimit(subject.timeout);
    return await this.#track(scrub, async () => {
      try {
        this.#cancelling.signal.throwIfAborted();
        return await work({ operation: this.#operation(subject, limit, secrets, scrub), secrets });
      } finally {
        limit?.clear();
      }
    });
  }

  #operation(
    subject: Subject,
    limit: TimeLimit | undefined,
    secrets: SecretTexts,
    scrub: (message: string) => string,
  ): Operation<Context> {
    if (this.#context === undefined) throw new RefusedRequest('the provider is not configured');
    const cancelled = this.#cancelling.signal;
    return {
      context: this.#context.value,
      urn: subject.urn,
      signal: limit === undefined ? cancelled : AbortSignal.any([cancelled, limit.signal]),
      timeoutMs: limit?.ms,
      log: this.#log.for(subject.urn, scrub),
      keepSecret: (text) => secrets.add(text),
    };
  }

  async #track<T>(scrub: (message: string) => string, work: () => Promise<T>): Promise<T> {
    const running = work().finally(() => this.#log.flush());
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      if (error instanceof SentFailure) throw error;
      throw new SentFailure(statusOf(error, scrub));
    } finally {
      this.#running.delete(running);
    }
  }
}
