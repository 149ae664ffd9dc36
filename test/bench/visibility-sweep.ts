/**
 * One sweep in a process of its own, so that its memory can be measured and so that it can be killed: the task as JSON on
 * standard input, since it holds secrets; lines of JSON on standard output.
 */
import { text } from 'node:stream/consumers';
import {
  applyVisibility,
  Pending,
  planVisibility,
  UndoRecord,
  type VisibilityFiles,
} from '../../infra/exchange/visibility/index.js';
import { keepHeapLean } from '../../infra/lean-heap.js';
import type { SandboxInfo } from '../../sandbox/index.js';
import { openExchange } from './visibility-tenant.js';

export interface SweepTask {
  readonly info: SandboxInfo;
  readonly files: VisibilityFiles;
  /** What is to be applied; without it the sweep only reads. */
  readonly baseline?: { readonly record: string; readonly pending: string };
}

/** Memory of the process at one moment of the sweep. */
export interface Sample {
  readonly done: number;
  readonly rssMb: number;
}

/** How many samples over the whole sweep. */
const SAMPLES = 50;

const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function main(): Promise<void> {
  // As the provider's process does, and with what it holds besides a sweep.
  keepHeapLean();
  await Promise.all([import('../../infra/exchange/provider/definition.js'), import('@azure/identity')]);
  const { info, files, baseline } = JSON.parse(await text(process.stdin)) as SweepTask;
  const port = openExchange(info);
  let next = 0;
  const onProgress = ({ done, total }: { readonly done: number; readonly total: number }) => {
    if (done < next) return;
    next = done + Math.max(1, Math.floor(total / SAMPLES));
    tell({ done, rssMb: process.memoryUsage.rss() / 2 ** 20 } satisfies Sample);
  };
  const target = { level: 'LimitedDetails', scope: { all: true }, exclude: [] } as const;
  const tools = { port, files, onProgress };
  try {
    if (baseline === undefined) {
      const { counts, record } = await planVisibility(tools, target, UndoRecord.empty);
      tell({ counts, recordBytes: record.encode().length, rssMb: process.memoryUsage.rss() / 2 ** 20 });
    } else {
      const record = UndoRecord.decode(baseline.record);
      const { counts } = await applyVisibility(tools, target, {
        record,
        pending: Pending.decode(record, baseline.pending),
      });
      tell({ counts });
    }
  } finally {
    await port.close();
  }
}

void main().then(
  () => {},
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  },
);
