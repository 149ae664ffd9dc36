import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { buildCli } from '../../scripts/cli.js';
import { cli } from './io.js';

const program = buildCli(
  {
    argv: [],
    env: {},
    cwd: process.cwd(),
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  },
  { exitCode: 0 },
);

function leaves(command: Command, path: readonly string[] = []): readonly (readonly string[])[] {
  if (command.commands.length === 0) return [path];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
}

const COMMANDS = leaves(program).map((path) => path.join(' '));

test('the commands of the product are there', () => {
  for (const name of ['up', 'preview', 'refresh', 'destroy', 'drift', 'demo', 'sandbox', 'rotation init']) {
    expect(COMMANDS).toContain(name);
  }
});

test.each(COMMANDS)('%s explains itself, and takes --stack and --json', async (name) => {
  const { code, stdout, stderr } = await cli([...name.split(' '), '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const option of ['--stack', '--json', '--help']) expect(stdout).toContain(option);
});

test('an unknown option ends with 2 and the option that was probably meant', async () => {
  const { code, stderr } = await cli(['up', '--refersh']);
  expect(code).toBe(2);
  expect(stderr).toContain("unknown option '--refersh'");
  expect(stderr).toContain('--refresh');
});

test('an unknown command ends with 2 and says where the commands are listed', async () => {
  const { code, stderr } = await cli(['dirft']);
  expect(code).toBe(2);
  expect(stderr).toContain('drift');
  expect(stderr).toContain('--help');
});

test.each([
  ['--port', '70000', '0 to 65535'],
  ['--port', '8443x', '0 to 65535'],
  ['--mailboxes', '-1', '0 to 1000000'],
  ['--latency', '1.5', '0 to 60000'],
  ['--clock', 'tomorrow', 'ISO 8601'],
])('sandbox %s %s is refused with what is allowed', async (option, value, allowed) => {
  const { code, stderr } = await cli(['sandbox', `${option}=${value}`]);
  expect(code).toBe(2);
  expect(stderr).toContain(allowed);
  expect(stderr).toContain(JSON.stringify(value));
});

test('help ends with the exit codes that pipelines rely on', async () => {
  const { stdout } = await cli(['--help']);
  for (const meaning of ['2 configuration', '3 authentication', '7 drift', '8 cancelled']) {
    expect(stdout).toContain(meaning);
  }
});
