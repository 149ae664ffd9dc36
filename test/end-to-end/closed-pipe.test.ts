/** Whoever reads a command's output may go away before its end, as `head` does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from '../support/project.js';

const BIN = join(ROOT, 'dist', 'scripts', 'bin.js');

/** Runs a command whose reader is gone from the start. */
async function unread(args: readonly string[], stream: 'stdout' | 'stderr'): Promise<unknown> {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const other = stream === 'stdout' ? child.stderr : child.stdout;
  child[stream].destroy();
  let said = '';
  other.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const exit = once(child, 'exit');
  child.stdin.end();
  const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
  return { code, signal, said };
}

test('a run that works ends with 0 when nobody reads its standard output', async () => {
  expect(await unread(['sandbox', '--port', '0'], 'stdout')).toEqual({ code: 0, signal: null, said: '' });
});

test('a wrong call ends with 2 when nobody reads its standard error', async () => {
  expect(await unread(['no-such-command'], 'stderr')).toEqual({ code: 2, signal: null, said: '' });
});
