import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { InteropError } from '../../infra/errors.js';
import { isLoopback } from '../../infra/graph/loopback.js';
import { type FindAzureadPluginOptions, findAzureadPlugin } from '../../scripts/engine/azuread-plugin.js';
import { AZUREAD_PLUGIN_VERSION } from '../../scripts/engine/versions.js';
import { isRunning, type Machine, makeMachine, printsVersion, until } from './support/machine.js';

const PROGRAM = 'pulumi-resource-azuread';
let machine: Machine;
let standInFolder: string;
let cli: { command: string };

beforeEach(async () => {
  machine = await makeMachine();
  standInFolder = join(machine.root, 'stand-in');
  await machine.program(join(standInFolder, PROGRAM), printsVersion('0.0.1'));
  cli = { command: await cliThat('fails') };
});
afterEach(() => machine.dispose());

const pluginFolder = () =>
  join(machine.root, 'pulumi-home', 'plugins', `resource-azuread-v${AZUREAD_PLUGIN_VERSION}`);
const pluginInCache = () =>
  machine.program(join(pluginFolder(), PROGRAM), printsVersion(AZUREAD_PLUGIN_VERSION));

/** A CLI that knows `plugin install` only. */
function cliThat(outcome: 'works' | 'fails' | 'hangs' | 'lies'): Promise<string> {
  const state = join(machine.root, 'state');
  const endings = {
    works: [`mkdir -p '${pluginFolder()}'`, `cp '${join(standInFolder, PROGRAM)}' '${pluginFolder()}/'`],
    fails: ['echo "error: no such host" >&2', 'exit 1'],
    hangs: [`echo $$ >> '${state}/pids'`, 'sleep 600'],
    lies: ['exit 0'],
  };
  return machine.program(join(machine.root, 'tools', 'pulumi'), [
    `echo "$*" >> '${state}/plugin'`,
    ...endings[outcome],
  ]);
}

const find = (more: Partial<FindAzureadPluginOptions> = {}) =>
  findAzureadPlugin({ ...machine.options(), cli, metadataHost: 'localhost:8443', standInFolder, ...more });

async function failureOf(search: Promise<unknown>): Promise<InteropError> {
  const error = await search.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof InteropError)) throw new Error(`expected an InteropError, got ${String(error)}`);
  return error;
}

describe('the official plugin is preferred', () => {
  test('on PATH, with the version that it tells', async () => {
    await machine.program(PROGRAM, printsVersion('6.10.0'));
    await pluginInCache();
    expect(await find()).toEqual({ source: 'path', version: '6.10.0' });
  });

  test('on PATH, when it does not tell its version', async () => {
    await machine.program(PROGRAM, ['exit 2']);
    expect(await find()).toEqual({ source: 'path', version: 'unknown' });
  });

  test('on PATH behind our stand-in, which does not count there', async () => {
    const env = { ...machine.env, PATH: `${standInFolder}:${machine.bin}` };
    expect(await find({ env })).toMatchObject({ source: 'stand-in' });
    await machine.program(PROGRAM, printsVersion(AZUREAD_PLUGIN_VERSION));
    expect(await find({ env })).toMatchObject({ source: 'path' });
  });

  test('but not on PATH when the engine is told not to look there', async () => {
    await machine.program(PROGRAM, printsVersion('6.10.0'));
    await pluginInCache();
    const env = { ...machine.env, PULUMI_IGNORE_AMBIENT_PLUGINS: 'true' };
    expect(await find({ env })).toMatchObject({ source: 'plugin-cache' });
  });

  test("in the engine's plugin cache, without a download", async () => {
    await pluginInCache();
    expect(await find()).toEqual({ source: 'plugin-cache', version: AZUREAD_PLUGIN_VERSION });
    expect(machine.record('plugin')).toEqual([]);
  });

  test('downloaded, also for a real tenant', async () => {
    cli = { command: await cliThat('works') };
    expect(await find({ metadataHost: undefined })).toEqual({
      source: 'download',
      version: AZUREAD_PLUGIN_VERSION,
    });
    expect(machine.record('plugin')).toEqual([`plugin install resource azuread v${AZUREAD_PLUGIN_VERSION}`]);
    expect(await find()).toMatchObject({ source: 'plugin-cache' });
  });
});

describe('a download', () => {
  test('that was cut short does not count as the plugin', async () => {
    await pluginInCache();
    await writeFile(`${pluginFolder()}.partial`, '');
    expect(await find()).toMatchObject({ source: 'stand-in' });
  });

  test('that says it worked is not believed without the plugin', async () => {
    cli = { command: await cliThat('lies') };
    expect(await find()).toMatchObject({ source: 'stand-in' });
  });

  test('that failed is not tried again for a day', async () => {
    const start = new Date('2026-05-01T10:00:00Z');
    const at = (hours: number) => ({ now: () => new Date(start.getTime() + hours * 3_600_000) });
    await find(at(0));
    await find(at(23));
    expect(machine.record('plugin')).toHaveLength(1);
    await find(at(25));
    expect(machine.record('plugin')).toHaveLength(2);
  });

  test('is bounded in time', async () => {
    cli = { command: await cliThat('hangs') };
    expect(await find({ limits: { pluginMs: 500 } })).toMatchObject({ source: 'stand-in' });
    await until(() => !machine.record('pids').map(Number).some(isRunning));
  });

  test('is not tried where the engine may not acquire plugins', async () => {
    cli = { command: await cliThat('works') };
    const env = { ...machine.env, PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true' };
    expect(await find({ env })).toMatchObject({ source: 'stand-in' });
    expect(machine.record('plugin')).toEqual([]);
  });

  test('can be interrupted, which is not remembered as a failure', async () => {
    cli = { command: await cliThat('hangs') };
    const abort = new AbortController();
    const search = find({ signal: abort.signal });
    await until(() => machine.record('pids').length > 0);
    abort.abort();
    await expect(search).rejects.toMatchObject({ kind: 'cancelled' });
    cli = { command: await cliThat('works') };
    expect(await find()).toMatchObject({ source: 'download' });
  });
});

describe('the stand-in', () => {
  test('runs against this machine, from its folder first on PATH', async () => {
    expect(await find()).toEqual({
      source: 'stand-in',
      version: AZUREAD_PLUGIN_VERSION,
      pathEntry: standInFolder,
    });
  });

  test.each([undefined, 'login.microsoftonline.us', '10.0.0.5:8443'])(
    'never runs against a real tenant (%s): the error has the command that installs the official one',
    async (metadataHost) => {
      const error = await failureOf(find({ metadataHost }));
      expect(error.kind).toBe('failure');
      expect(error.next[0]).toBe(`${cli.command} plugin install resource azuread v${AZUREAD_PLUGIN_VERSION}`);
      expect(error.message).toContain('no such host');
    },
  );

  test('that is missing is an error too', async () => {
    await rm(standInFolder, { recursive: true });
    await mkdir(standInFolder);
    const error = await failureOf(find());
    expect(error.message).toContain(join(standInFolder, PROGRAM));
  });
});

describe('this machine', () => {
  test('is localhost, 127.0.0.0/8 or ::1, with or without a port', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const address = fc.tuple(octet, octet, octet).map(([b, c, d]) => `127.${b}.${c}.${d}`);
    const host = fc.oneof(fc.constantFrom('localhost', 'LOCALHOST', '[::1]'), address);
    const port = fc.oneof(
      fc.constant(''),
      fc.integer({ min: 1, max: 65535 }).map((number) => `:${number}`),
    );
    fc.assert(fc.property(host, port, (name, suffix) => isLoopback(name + suffix)));
  });

  test.each([
    undefined,
    '',
    'localhost.example.com',
    '127.0.0.1.example.com',
    'example.com/localhost',
    'localhost@example.com',
    'localhost:8443@example.com',
    'localhost\nexample.com',
    '128.0.0.1',
    '127.0.0.256',
    '127.0.0',
    '::2',
    'management.azure.com',
  ])('is not %p', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
