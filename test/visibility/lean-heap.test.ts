import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const CHURN = join(__dirname, 'support', 'churn.ts');

/** The most that the heap of a process took while it made garbage, in megabytes. */
function mostHeap(lean: boolean): number {
  // As on a machine with much memory, wherever this runs; and however busy it is, when it comes to clearing away beside the work.
  const memory = ['--max-old-space-size=4096', '--max-semi-space-size=1', '--single-threaded-gc'];
  const args = ['--import', 'tsx', ...memory, CHURN, ...(lean ? ['lean'] : [])];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test('garbage takes up little, however much memory there is', () => {
  expect(mostHeap(true)).toBeLessThan(0.75 * mostHeap(false));
});
