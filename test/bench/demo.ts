/** How long the demonstration takes once the Pulumi CLI is there. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../scripts/package-root.js';
import { atMost, type BenchReport, informs } from './figures.js';

/** With the official azuread plugin its own waits come on top: the goal is for the stand-in. */
const LIMIT_SECONDS = 60;

interface DemoJson {
  readonly azuread: { readonly source: string };
  readonly seconds: Readonly<Record<string, number>>;
}

export async function benchDemo(): Promise<BenchReport> {
  const bin = join(packageRoot(), 'dist', 'scripts', 'bin.js');
  const started = performance.now();
  const run = spawnSync(process.execPath, [bin, 'demo', '--json'], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const elapsed = (performance.now() - started) / 1000;
  if (run.status !== 0) throw new Error(`the demo ended with ${run.status}: ${run.stderr.slice(-2000)}`);
  const { azuread, seconds } = JSON.parse(run.stdout) as DemoJson;
  const steps = Object.entries(seconds).filter(([name]) => name !== 'total');
  return {
    name: 'demo',
    figures: [
      atMost(`demo, whole process, azuread provider: ${azuread.source}`, elapsed, LIMIT_SECONDS, 's'),
      ...steps.map(([name, value]) => informs(`step ${name}`, value, 's')),
    ],
  };
}
