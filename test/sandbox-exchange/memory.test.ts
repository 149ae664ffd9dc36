/** Half a million mailboxes in one process: only what is changed takes room. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MEBIBYTE = 1_048_576;

test('500,000 mailboxes, 60,000 of them changed, stay far below what a sweep of them may take', async () => {
  const script = join(__dirname, 'support/large-tenant.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--import',
    'tsx',
    script,
    '500000',
    '60000',
  ]);
  const { before, after, changed } = JSON.parse(stdout) as { before: number; after: number; changed: number };
  expect(changed).toBe(60_000);
  // Measured: 8.5 MiB before, 14 MiB after, each time.
  expect(before).toBeLessThan(40 * MEBIBYTE);
  expect(after - before).toBeLessThan(30 * MEBIBYTE);
}, 400_000);
