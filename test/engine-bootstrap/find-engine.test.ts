import { join } from 'node:path';
import { findEngine } from '../../scripts/engine/find-engine.js';
import { AZUREAD_PLUGIN_VERSION, PULUMI_CLI_VERSION } from '../../scripts/engine/versions.js';
import { Terminal } from '../../scripts/terminal.js';
import { type Machine, makeMachine } from './support/machine.js';

let machine: Machine;
let standIn: string;
beforeEach(async () => {
  machine = await makeMachine();
  standIn = join(machine.options().packageRoot ?? '', 'sandbox/azuread/bin');
  await machine.program(join(standIn, 'pulumi-resource-azuread'), ['exit 0']);
  await machine.go('works');
});
afterEach(() => machine.dispose());

function find(azuread: Record<string, unknown>, env: Record<string, string> = {}) {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) } as unknown as NodeJS.WritableStream &
    ConstructorParameters<typeof Terminal>[0]['stdout'];
  const terminal = new Terminal({ stdout: stream, stderr: stream, json: false, color: false });
  const context = {
    terminal,
    env: { ...machine.env, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true', ...env },
    signal: new AbortController().signal,
  };
  const { packageRoot } = machine.options();
  return { written, engine: findEngine(context, azuread, { packageRoot }) };
}

test('a command gets the CLI, the plugin, and what to tell about both', async () => {
  const { engine, written } = find({ metadataHost: 'localhost:8443' });
  const found = await engine;
  expect(found.command.command).toBe(machine.cachedBinary);
  expect(found.plugin.pathEntry).toBe(standIn);
  expect(found.engine).toEqual({ version: PULUMI_CLI_VERSION, source: 'go' });
  expect(found.azuread).toEqual({ version: AZUREAD_PLUGIN_VERSION, source: 'stand-in' });
  expect(written.join('')).toContain('1 of 3 packages');
});

test("the environment names the tenant's metadata host where the configuration does not", async () => {
  expect((await find({}, { ARM_METADATA_HOSTNAME: 'localhost:8443' }).engine).azuread.source).toBe(
    'stand-in',
  );
});

test.each<[string, Record<string, unknown>]>([
  ['another host', { metadataHost: 'management.azure.com' }],
  ['something that is no text', { metadataHost: ['localhost:8443'] }],
])('the configuration wins over the environment: the stand-in is refused for %s', async (_what, azuread) => {
  const { engine } = find(azuread, { ARM_METADATA_HOSTNAME: 'localhost:8443' });
  await expect(engine).rejects.toThrow('is needed for a real tenant');
});
