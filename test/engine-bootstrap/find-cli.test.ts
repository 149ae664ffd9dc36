import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { InteropError } from '../../infra/errors.js';
import { findPulumiCli } from '../../scripts/engine/cli.js';
import { PULUMI_CLI_MINIMUM, PULUMI_CLI_VERSION } from '../../scripts/engine/versions.js';
import { isRunning, type Machine, makeMachine, namesIn, printsVersion, until } from './support/machine.js';

let machine: Machine;
beforeEach(async () => {
  machine = await makeMachine();
});
afterEach(() => machine.dispose());

const said = (): string => machine.events.map((event) => event.message).join('\n');

async function failureOf(search: Promise<unknown>): Promise<InteropError> {
  const error = await search.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof InteropError)) throw new Error(`expected an InteropError, got ${String(error)}`);
  return error;
}

describe('a CLI on PATH', () => {
  test('is used, and nothing is made', async () => {
    const command = await machine.program('pulumi', printsVersion('3.300.1'));
    expect(await findPulumiCli(machine.options())).toEqual({
      command,
      root: undefined,
      version: '3.300.1',
      source: 'path',
    });
    expect(await namesIn(machine.root)).not.toContain('cache');
  });

  test('is used at exactly the minimum', async () => {
    await machine.program('pulumi', printsVersion(PULUMI_CLI_MINIMUM));
    expect((await findPulumiCli(machine.options())).source).toBe('path');
  });

  test.each([
    ['too old', printsVersion('3.100.0'), '3.100.0'],
    ['a prerelease of the minimum', printsVersion(`${PULUMI_CLI_MINIMUM}-alpha.1`), 'alpha.1'],
    ['of the next major version', printsVersion('4.0.0'), '4.0.0'],
    ['broken', ['echo cannot load library >&2', 'exit 127'], 'cannot load library'],
    ['something else of that name', ['echo hello'], 'did not print a version'],
  ])('is passed over when it is %s, and the reason is said', async (_what, lines, reason) => {
    const command = await machine.program('pulumi', lines);
    await machine.go('works');
    const cli = await findPulumiCli(machine.options());
    expect(cli).toMatchObject({ source: 'go', version: PULUMI_CLI_VERSION });
    expect(said()).toContain(command);
    expect(said()).toContain(reason);
  });

  test('does not count in a relative folder of PATH', async () => {
    await machine.program('pulumi', printsVersion('3.300.1'));
    await machine.installer('works');
    const env = { ...machine.env, PATH: relative(process.cwd(), machine.bin) };
    expect((await findPulumiCli(machine.options({ env }))).source).toBe('installer');
  });

  test('that never answers is given up', async () => {
    await machine.program('pulumi', ['sleep 600']);
    await machine.installer('works');
    const limits = { probeMs: 5_000 };
    expect((await findPulumiCli(machine.options({ limits }))).source).toBe('installer');
    expect(said()).toContain('no end within 5 s');
  });
});

describe('the cache', () => {
  test('answers the second time without any other way', async () => {
    await machine.go('works');
    const first = await findPulumiCli(machine.options());
    expect(first).toEqual({
      command: machine.cachedBinary,
      root: join(machine.installations, PULUMI_CLI_VERSION),
      version: PULUMI_CLI_VERSION,
      source: 'go',
    });
    const calls = machine.record('go').length;
    expect(await findPulumiCli(machine.options())).toEqual({ ...first, source: 'cache' });
    expect(machine.record('go')).toHaveLength(calls);
  });

  test.each([
    ['does not run', ['exit 1']],
    ['is of another version', printsVersion('3.258.0')],
    ['is cut short', ['echo v3.25']],
  ])('is not trusted when its program %s: it is made anew', async (_what, lines) => {
    await machine.program(machine.cachedBinary, lines);
    await machine.go('works');
    expect((await findPulumiCli(machine.options())).source).toBe('go');
    expect((await findPulumiCli(machine.options())).source).toBe('cache');
    expect(await namesIn(machine.installations)).toEqual([PULUMI_CLI_VERSION]);
  });

  test('is tried once, and again when its program was changed since', async () => {
    const runs = join(machine.root, 'runs');
    const program = [`echo run >> '${runs}'`, ...printsVersion(PULUMI_CLI_VERSION)];
    await machine.program(machine.cachedBinary, program);
    for (const _ of [1, 2, 3]) expect((await findPulumiCli(machine.options())).source).toBe('cache');
    expect(await readFile(runs, 'utf8')).toBe('run\n');

    await machine.program(machine.cachedBinary, [...program, ': changed']);
    for (const _ of [1, 2]) expect((await findPulumiCli(machine.options())).source).toBe('cache');
    expect(await readFile(runs, 'utf8')).toBe('run\nrun\n');

    await machine.program(machine.cachedBinary, ['exit 1']);
    await machine.go('works');
    expect((await findPulumiCli(machine.options())).source).toBe('go');
  });

  test('is cleaned of what dead processes left', async () => {
    const leftover = join(machine.installations, `.${PULUMI_CLI_VERSION}-999999-deadbeef`);
    await machine.program(join(leftover, 'bin', 'pulumi'), printsVersion(PULUMI_CLI_VERSION));
    await machine.go('works');
    expect((await findPulumiCli(machine.options())).source).toBe('go');
    expect(await namesIn(machine.installations)).toEqual([PULUMI_CLI_VERSION]);
  });

  test('that cannot be written is an error that says how to move it', async () => {
    await machine.go('works');
    await mkdir(machine.cache, { recursive: true });
    await writeFile(machine.installations, 'a file where the folder belongs');
    const error = await failureOf(findPulumiCli(machine.options()));
    expect(error.kind).toBe('failure');
    expect(error.message).toContain(machine.installations);
    expect(error.message).toContain('XDG_CACHE_HOME');
  });
});

describe("Pulumi's installer", () => {
  test('is asked for our version, not for that of the SDK', async () => {
    await machine.installer('works');
    const cli = await findPulumiCli(machine.options());
    expect(cli).toMatchObject({ source: 'installer', command: machine.cachedBinary });
    expect(machine.record('installer')).toEqual([
      expect.stringMatching(new RegExp(` SemVer ${PULUMI_CLI_VERSION}$`)),
    ]);
  });

  test('that is refused is followed by the Go module', async () => {
    await machine.go('works');
    expect((await findPulumiCli(machine.options())).source).toBe('go');
    expect(machine.record('installer')).toHaveLength(1);
  });

  test('that makes the wrong version is not believed', async () => {
    await machine.installer('makes the wrong version');
    await machine.go('works');
    expect((await findPulumiCli(machine.options())).source).toBe('go');
  });

  test('that failed is left alone for a day', async () => {
    const start = new Date('2026-05-01T10:00:00Z');
    const at = (hours: number) =>
      machine.options({ now: () => new Date(start.getTime() + hours * 3_600_000) });
    await failureOf(findPulumiCli(at(0)));
    const again = await failureOf(findPulumiCli(at(23)));
    expect(machine.record('installer')).toHaveLength(1);
    expect(again.message).toContain('failed at 2026-05-01T10:00:00.000Z');
    expect(again.message).toContain('no such host');
    await failureOf(findPulumiCli(at(25)));
    expect(machine.record('installer')).toHaveLength(2);
    // A clock that was set back must not make the memory last.
    await failureOf(findPulumiCli(at(1)));
    expect(machine.record('installer')).toHaveLength(3);
  });

  test('is bounded in time, and takes its children along', async () => {
    await machine.installer('hangs');
    await machine.go('works');
    const search = findPulumiCli(machine.options({ limits: { installerMs: 10_000 } }));
    expect((await search).source).toBe('go');
    const pids = machine.record('pids').map(Number);
    expect(pids.length).toBeGreaterThanOrEqual(2);
    await until(() => !pids.some(isRunning));
  });
});

describe('the Go module', () => {
  test("is built with our settings, whatever the user's are", async () => {
    await machine.go('works');
    const env = {
      ...machine.env,
      GOFLAGS: '-mod=vendor -tags=broken',
      GOWORK: '/somewhere/go.work',
      GOOS: 'plan9',
      CGO_ENABLED: '1',
      GO111MODULE: 'off',
      GOPROXY: 'https://modules.example',
    };
    await findPulumiCli(machine.options({ env }));
    const [list, build] = machine.record('go');
    expect(list).toMatch(/^list -deps -mod=readonly /);
    expect(build).toMatch(/^build .*-mod=readonly -trimpath /);
    expect(build).toContain(
      `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI_CLI_VERSION} `,
    );
    const seen = machine.record('environment');
    expect(seen).toEqual(
      expect.arrayContaining(['GOFLAGS=-mod=readonly', 'GOWORK=off', 'CGO_ENABLED=0', 'GO111MODULE=on']),
    );
    expect(seen).not.toContain('GOOS=plan9');
    // Where modules come from stays the user's affair.
    expect(seen).toContain('GOPROXY=https://modules.example');
  });

  test('shows how far it is', async () => {
    await machine.go('works');
    await findPulumiCli(machine.options());
    expect(said()).toContain('module 1, example.com/first');
    expect(machine.events).toContainEqual(
      expect.objectContaining({
        phase: 'compile',
        message: expect.stringContaining('1 of 3 packages'),
        fraction: 1 / 3,
      }),
    );
  });

  test('that builds something of no use is not believed', async () => {
    await machine.go('makes the wrong version');
    const error = await failureOf(findPulumiCli(machine.options()));
    expect(error.message).toContain('its version is 3.250.0');
    expect(await namesIn(machine.installations)).toEqual([]);
  });
});

describe('when no way works', () => {
  test('the error lists each one with its reason and says what to install', async () => {
    await machine.program('pulumi', printsVersion('3.100.0'));
    await machine.go('fails');
    const error = await failureOf(findPulumiCli(machine.options()));
    expect(error.kind).toBe('failure');
    expect(error.problems.map((problem) => problem.where)).toEqual([
      join(machine.bin, 'pulumi'),
      machine.cachedBinary,
      "Pulumi's installer",
      'Go module',
    ]);
    expect(error.message).toContain('found 3.100.0');
    expect(error.message).toContain('go build: exit code 1: dial tcp: no such host');
    expect(error.next.join('\n')).toMatch(
      /install the Pulumi CLI 3\.\d+\.\d+ or newer .*\n.*install Go 1\.25/,
    );
  });

  test('a machine without Go is told that Go would do', async () => {
    const error = await failureOf(findPulumiCli(machine.options()));
    expect(error.message).toContain('PATH: no pulumi');
    expect(error.message).toContain('Go module: no go on PATH');
  });

  test("a proxy's password is not repeated", async () => {
    await machine.program('go', ['echo "get https://jane:hunter2@modules.example/x: refused" >&2', 'exit 1']);
    const error = await failureOf(findPulumiCli(machine.options()));
    expect(error.message).toContain('modules.example/x: refused');
    expect(error.message).not.toContain('hunter2');
  });
});
