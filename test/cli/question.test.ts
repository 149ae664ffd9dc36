/** `[y/N]` on a terminal: what counts as a yes, and that nothing leaves the question without an answer. */
import { PassThrough } from 'node:stream';
import { askOn } from '../../scripts/question.js';

/** A terminal that keys are typed on. */
function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let shown = '';
  output.on('data', (chunk) => {
    shown += chunk;
  });
  return { input, output, shown: () => shown };
}

const NEVER = new AbortController().signal;

test.each<[string, string, boolean]>([
  ['y', 'y\r', true],
  ['YES', 'YES\r', true],
  ['a yes with spaces', ' yes \r', true],
  ['Enter', '\r', false],
  ['n', 'n\r', false],
  ['anything else', 'yep\r', false],
  ['Ctrl-C', '\u0003', false],
  ['Ctrl-C behind a y', 'y\u0003', false],
  ['Ctrl-D', '\u0004', false],
])('%s', async (_, keys, expected) => {
  const { input, output, shown } = terminal();
  const answer = askOn(input, output)('Revoke it?', NEVER);
  input.write(keys);
  expect(await answer).toBe(expected);
  expect(shown()).toContain('Revoke it? [y/N] ');
  expect(shown().endsWith('\n')).toBe(true);
});

test('the end of the input, and the end of the command, are a no', async () => {
  const ended = terminal();
  const answer = askOn(ended.input, ended.output)('Revoke it?', NEVER);
  ended.input.end();
  expect(await answer).toBe(false);
  const stopped = terminal();
  const controller = new AbortController();
  const other = askOn(stopped.input, stopped.output)('Revoke it?', controller.signal);
  controller.abort();
  expect(await other).toBe(false);
  expect(await askOn(stopped.input, stopped.output)('Revoke it?', controller.signal)).toBe(false);
});
