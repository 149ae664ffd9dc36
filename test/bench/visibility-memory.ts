/** Memory of a process that sweeps half a million mailboxes; the tenant is in another one. */
import { once } from 'node:events';
import type { VisibilityFiles } from '../../infra/exchange/visibility/index.js';
import { atMost, type Figure, informs } from './figures.js';
import { startSweep } from './visibility-kill.js';
import type { Sample } from './visibility-sweep.js';
import { startTenant } from './visibility-tenant.js';

const MAILBOXES = 500_000;
const LIMIT_MB = 250;
/** Growth from the first fifth to the last that still is flat: the packed record and the index of the folder ids. */
const FLAT_MB = 60;

/** A first reading of all: the sweep with the most to remember. */
export async function memoryOfLargeSweep(files: VisibilityFiles): Promise<readonly Figure[]> {
  const tenant = await startTenant({ mailboxes: MAILBOXES, latencyMs: 0, faults: [] });
  try {
    const samples: Sample[] = [];
    let end:
      | { readonly recordBytes: number; readonly rssMb: number; readonly counts: { readonly lower: number } }
      | undefined;
    const started = performance.now();
    const child = startSweep({ info: tenant.info, files }, (line) => {
      const told = JSON.parse(line) as Sample | NonNullable<typeof end>;
      if ('done' in told) samples.push(told);
      else end = told;
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    const seconds = (performance.now() - started) / 1000;
    if (code !== 0 || end === undefined) throw new Error(`the sweep ended with ${code}`);
    const fifth = Math.floor(samples.length / 5);
    const most = (part: readonly Sample[]) => Math.max(...part.map(({ rssMb }) => rssMb));
    return [
      atMost(
        `memory while sweeping ${MAILBOXES} mailboxes`,
        Math.max(most(samples), end.rssMb),
        LIMIT_MB,
        'MB',
      ),
      atMost(
        '… growth of its peak from the first fifth to the last',
        most(samples.slice(-fifth)) - most(samples.slice(0, fifth)),
        FLAT_MB,
        'MB',
      ),
      atMost('undo record a raised mailbox', end.recordBytes / end.counts.lower, 24, 'bytes'),
      informs('… mailboxes a second without latency', MAILBOXES / seconds, ''),
    ];
  } finally {
    await tenant.stop();
  }
}
