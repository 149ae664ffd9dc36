/** A sweep that is killed in the middle and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { planVisibility, UndoRecord, type VisibilityFiles } from '../../infra/exchange/visibility/index.js';
import { packageRoot } from '../../scripts/package-root.js';
import { atMost, type Figure, informs } from './figures.js';
import type { SweepTask } from './visibility-sweep.js';
import { type BenchTenant, openExchange, startTenant } from './visibility-tenant.js';

const MAILBOXES = 1_000;
const SET = 'Set-MailboxFolderPermission';
const TARGET = { level: 'LimitedDetails', scope: { all: true }, exclude: [] } as const;

/** Kills at a third and at two thirds, then lets it end. */
export async function killedSweep(files: VisibilityFiles): Promise<readonly Figure[]> {
  const tenant = await startTenant({
    mailboxes: MAILBOXES,
    latencyMs: 20,
    faults: ['ceiling=10', 'defaultRights=None'],
  });
  const port = openExchange(tenant.info);
  try {
    const plan = await planVisibility({ port, files: undefined }, TARGET, UndoRecord.empty);
    const baseline = { record: plan.record.encode(), pending: plan.pending.encode() };
    const task: SweepTask = { info: tenant.info, files, baseline };
    for (const share of [1 / 3, 2 / 3]) await killAt(tenant, task, share * plan.pending.size);
    const [code] = (await once(startSweep(task), 'exit')) as [number | null];
    if (code !== 0) throw new Error(`the last sweep ended with ${code}`);
    const sets = (await tenant.statistics()).cmdlets[SET] ?? 0;
    const left = await planVisibility({ port, files: undefined }, TARGET, UndoRecord.empty);
    const changed = plan.pending.size - left.counts.lower;
    return [
      informs('killed twice with SIGKILL and started again: calendars changed', changed, ''),
      atMost('… calendars changed twice', sets - changed, 0, ''),
      atMost('… calendars missed', left.counts.lower, 0, ''),
    ];
  } finally {
    await port.close();
    await tenant.stop();
  }
}

async function killAt(tenant: BenchTenant, task: SweepTask, sets: number): Promise<void> {
  const child = startSweep(task);
  const exit = once(child, 'exit');
  while (((await tenant.statistics()).cmdlets[SET] ?? 0) < sets) {
    if (child.exitCode !== null) throw new Error('the sweep ended before it could be killed');
    await delay(20);
  }
  child.kill('SIGKILL');
  await exit;
}

/** Flags that the provider's launcher gives to Node: a sweep in `up` runs with them. */
function launcherFlags(): readonly string[] {
  const launcher = join(packageRoot(), 'infra', 'exchange', 'provider', 'bin', 'pulumi-resource-exchange');
  const [, flags = ''] = /^exec node (.*)"\$main"/m.exec(readFileSync(launcher, 'utf8')) ?? [];
  return flags.split(' ').filter((flag) => flag !== '');
}

/** The sweep as a process; its lines go to `onLine`. */
export function startSweep(task: SweepTask, onLine: (line: string) => void = () => {}): ChildProcess {
  const script = join(packageRoot(), 'dist', 'test', 'bench', 'visibility-sweep.js');
  const child = spawn(process.execPath, [...launcherFlags(), script], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(task));
  createInterface({ input: child.stdout }).on('line', onLine);
  return child;
}
