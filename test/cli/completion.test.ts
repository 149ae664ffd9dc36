/** Shell completion, asked as the shells' scripts ask. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = join(process.cwd(), 'dist', 'scripts', 'bin.js');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'calendar-interop-complete-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function complete(...words: readonly string[]): readonly string[] {
  const out = execFileSync(process.execPath, [BIN, 'complete', '--', ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  return out.split('\n').map((line) => line.split('\t')[0] ?? '');
}

test.each(['bash', 'zsh', 'fish', 'powershell'])('there is a script for %s', (shell) => {
  const script = execFileSync(process.execPath, [BIN, 'complete', shell], { encoding: 'utf8' });
  expect(script).toContain('calendar-interop');
});

test('commands, their subcommands and options are offered', () => {
  expect(complete('')).toEqual(
    expect.arrayContaining(['up', 'preview', 'drift', 'destroy', 'sandbox', 'demo']),
  );
  expect(complete('visibility', '')).toEqual(expect.arrayContaining(['plan', 'apply', 'undo']));
  expect(complete('up', '--')).toEqual(expect.arrayContaining(['--stack', '--json', '--refresh']));
});

test('--stack offers the stacks of the project; outside of one it offers none and does not fail', () => {
  expect(complete('up', '--stack', '')).not.toContain('prod');
  writeFileSync(join(folder, 'Pulumi.yaml'), 'name: calendar-interop\n');
  writeFileSync(join(folder, 'Pulumi.prod.yaml'), 'config: {}\n');
  expect(complete('up', '--stack', '')).toContain('prod');
});
