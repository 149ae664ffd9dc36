/**
 * A sweep in a process of its own, which a test can kill: its cmdlets go to the tenant in the test's process.
 *
 * Started with the arguments: what to do (plan or apply), the folder for its files, the baseline.
 */
import { ExchangeError, type ExchangeErrorReport } from '../../../infra/exchange/transport/exchange-error.js';
import type { CmdletCall, CmdletPort } from '../../../infra/exchange/transport/port.js';
import { applyVisibility } from '../../../infra/exchange/visibility/apply.js';
import type { VisibilityFiles } from '../../../infra/exchange/visibility/files.js';
import { Pending } from '../../../infra/exchange/visibility/pending.js';
import { planVisibility } from '../../../infra/exchange/visibility/plan.js';
import { undoVisibility } from '../../../infra/exchange/visibility/undo.js';
import { UndoRecord } from '../../../infra/exchange/visibility/undo-record.js';

/** What the child is to do. */
export interface ChildTask {
  readonly what: 'plan' | 'apply' | 'undo';
  readonly files: VisibilityFiles;
  readonly record: string;
  readonly pending: string;
}

/** From child to test. */
export type FromChild =
  | { readonly id: number; readonly call: Pick<CmdletCall, 'cmdlet' | 'parameters'> }
  | { readonly done: { readonly counts: unknown; readonly record: string; readonly pending: string } };

/** From test to child. */
export interface ToChild {
  readonly id: number;
  readonly rows?: unknown[];
  readonly refused?: ExchangeErrorReport;
}

function portOfParent(): CmdletPort {
  let next = 0;
  const open = new Map<number, (answer: ToChild) => void>();
  process.on('message', (answer: ToChild) => {
    open.get(answer.id)?.(answer);
    open.delete(answer.id);
  });
  const run = async ({ cmdlet, parameters }: CmdletCall) => {
    const id = next++;
    const answer = await new Promise<ToChild>((resolve) => {
      open.set(id, resolve);
      process.send?.({ id, call: { cmdlet, parameters } } satisfies FromChild);
    });
    if (answer.refused !== undefined) throw new ExchangeError(answer.refused);
    return { rows: answer.rows ?? [], warnings: [] };
  };
  return {
    transport: 'rest',
    concurrency: 4,
    run: run as CmdletPort['run'],
    stream: async function* (call: CmdletCall) {
      yield* (await run(call)).rows;
    } as CmdletPort['stream'],
    permitted: async () => new Set(),
    statistics: () => ({ cmdlets: next, requests: next, throttled: 0, retried: 0 }),
    close: async () => {},
  };
}

async function work({ what, files, record: recordText, pending }: ChildTask): Promise<FromChild> {
  const tools = { port: portOfParent(), files, revisitAfterMs: [0] };
  const target = { level: 'LimitedDetails', scope: { all: true }, exclude: [] } as const;
  const record = UndoRecord.decode(recordText);
  if (what === 'plan') {
    const plan = await planVisibility(tools, target, record);
    return { done: { counts: plan.counts, record: plan.record.encode(), pending: plan.pending.encode() } };
  }
  const { counts } =
    what === 'undo'
      ? await undoVisibility(tools, record)
      : await applyVisibility(tools, target, { record, pending: Pending.decode(record, pending) });
  return { done: { counts, record: recordText, pending } };
}

void work(JSON.parse(process.argv[2] ?? '') as ChildTask).then((message) => {
  process.send?.(message, () => process.disconnect());
});
