/**
 * What every piece of work on Exchange is given, how it looks for one object, and how it tells what it did before it failed.
 */
import { InteropError } from '../errors.js';
import type { Clock } from './transport/clock.js';
import type { CmdletName, CmdletRow } from './transport/cmdlets.js';
import { ExchangeError } from './transport/exchange-error.js';
import type { CmdletCall, CmdletPort, CmdletResult } from './transport/port.js';

/** The way to Exchange, time, and where to say what goes on. */
export interface Work {
  readonly port: CmdletPort;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What is going on right now, for people who wait. */
  readonly status: (message: string) => void;
}

/**
 * Work that failed half-way. `outcome` is what was done until then and must be kept: without it nobody could undo it. Its
 * `cause` is the failure.
 */
export class Incomplete<Outcome> extends Error {
  override readonly name = 'Incomplete';

  constructor(
    readonly outcome: Outcome,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Runs a cmdlet under the work's signal. */
export async function run<N extends CmdletName>(work: Work, call: CmdletCall<N>): Promise<CmdletResult<N>> {
  return await work.port.run({ ...call, signal: call.signal ?? work.signal });
}

/**
 * The one object that a Get- cmdlet finds by its identity; undefined where there is none.
 *
 * @throws InteropError of kind `resource` when the identity fits several objects: none of them may be taken for the one meant.
 */
export async function findOne<N extends CmdletName>(
  work: Work,
  call: CmdletCall<N>,
): Promise<CmdletRow<N> | undefined> {
  try {
    const { rows } = await run(work, call);
    if (rows.length > 1) throw ambiguous(call, `${rows.length} objects`);
    return rows[0];
  } catch (error) {
    if (isAmbiguous(error)) throw ambiguous(call, 'several objects', error);
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Removes; an object that is gone already is as good. */
export async function removeIfThere(work: Work, call: CmdletCall): Promise<void> {
  try {
    await run(work, call);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** Exchange's class for an object that is not there serves also for an identity that fits several objects. */
const NOT_FOUND = 'ManagementObjectNotFoundException';

/** Whether Exchange says that there is no such object. */
export function isAbsent(error: unknown): boolean {
  return error instanceof ExchangeError && error.className === NOT_FOUND && !isAmbiguous(error);
}

function isAmbiguous(error: unknown): boolean {
  return (
    error instanceof ExchangeError &&
    error.className === NOT_FOUND &&
    /matches multiple entries/i.test(error.text)
  );
}

function ambiguous(call: CmdletCall, found: string, cause?: unknown): InteropError {
  const identity = (call.parameters as { readonly Identity?: string }).Identity ?? 'no identity';
  return new InteropError({
    kind: 'resource',
    summary: `${call.cmdlet} finds more than one object`,
    problems: [{ where: identity, what: 'fits several objects in Exchange', found, allowed: 'exactly one' }],
    next: ['give the other object another name or address, then run the same command again'],
    cause,
  });
}
