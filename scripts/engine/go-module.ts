/** Builds the CLI from the Go module that it is also published as. */
import { join } from 'node:path';
import { runChild } from './child.js';
import { binaryIn } from './cli-cache.js';
import { findOnPath } from './path-search.js';
import type { ProgressEvent } from './progress.js';
import type { Search } from './search.js';
import { GO_MINIMUM, PULUMI_CLI_VERSION } from './versions.js';

const CLI_PACKAGE = 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi';
/** The variable that Pulumi's own release build sets (pulumi/pulumi .goreleaser.yml); without it the CLI has no version. */
const VERSION_VARIABLE = 'github.com/pulumi/pulumi/sdk/v3/go/common/version.Version';

/** The module file that names the CLI as a tool, with the checksums of all that it is made of. */
export function goModuleFolder(packageRoot: string): string {
  return join(packageRoot, 'scripts', 'engine', 'go-build');
}

/**
 * Builds the CLI into `root`: about four minutes on two cores when nothing is in Go's own cache.
 *
 * When this process is killed, Go ends with its next line of progress, because nobody reads it any more.
 *
 * @returns undefined when it worked, else one line that says why not
 * @throws InteropError `cancelled`
 */
export async function buildCli(
  root: string,
  search: Search,
  signal: AbortSignal,
): Promise<string | undefined> {
  const go = await findOnPath('go', search.env);
  if (go === undefined) return `no go on PATH; Go ${GO_MINIMUM} or newer can build the Pulumi CLI`;
  const common = {
    command: go,
    cwd: goModuleFolder(search.packageRoot),
    env: goEnvironment(search.env),
    signal,
  };

  search.progress({
    phase: 'download',
    message: `Getting the sources of the Pulumi CLI ${PULUMI_CLI_VERSION}`,
  });
  const listed = await runChild({
    ...common,
    args: ['list', '-deps', '-mod=readonly', '-f', '{{.ImportPath}}', CLI_PACKAGE],
    onErrorLine: downloadProgress(search),
  });
  if (!listed.ok) return `go list: ${listed.trouble}`;

  const packages = listed.stdout.split('\n').filter((line) => line !== '');
  const compiled = compileProgress(new Set(packages));
  search.progress(compiled.begin);
  const built = await runChild({
    ...common,
    args: [...buildFlags(), '-o', binaryIn(root), CLI_PACKAGE],
    onErrorLine: (line) => {
      const event = compiled.line(line);
      if (event !== undefined) search.progress(event);
    },
  });
  return built.ok ? undefined : `go build: ${built.trouble}`;
}

function buildFlags(): string[] {
  return [
    'build',
    '-v',
    '-mod=readonly',
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    `-s -w -X ${VERSION_VARIABLE}=v${PULUMI_CLI_VERSION}`,
  ];
}

/**
 * The environment for a build that does not depend on the user's settings of Go, but keeps those that say where modules come
 * from. An empty variable would fall back to `go env -w`'s file, so each one has a value (cmd/go, "Environment variables").
 */
export function goEnvironment(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
  arch: string = process.arch,
): NodeJS.ProcessEnv {
  return {
    ...env,
    CGO_ENABLED: '0',
    GO111MODULE: 'on',
    GOFLAGS: '-mod=readonly',
    GOWORK: 'off',
    ...goTarget(platform, arch),
  };
}

const GO_SYSTEMS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const GO_ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: '386',
};

/** This machine in Go's words; nothing where it is not known, and Go decides. */
function goTarget(platform: NodeJS.Platform, arch: string): Record<string, string> {
  const system = GO_SYSTEMS[platform];
  const architecture = GO_ARCHITECTURES[arch];
  return system === undefined || architecture === undefined ? {} : { GOOS: system, GOARCH: architecture };
}

function downloadProgress(search: Search): (line: string) => void {
  let count = 0;
  return (line) => {
    const module = /^go: downloading (\S+)/.exec(line)?.[1];
    if (module === undefined) return;
    count += 1;
    search.progress({
      phase: 'download',
      message: `Getting the sources of the Pulumi CLI ${PULUMI_CLI_VERSION}: module ${count}, ${module}`,
    });
  };
}

/**
 * Turns the lines of `go build -v`, which name each package whose compilation begins, into progress. Packages that Go has
 * in its cache are not named, so the share is at least what is said. The CLI's own package is last and is linked then.
 */
export function compileProgress(packages: ReadonlySet<string>): {
  readonly begin: ProgressEvent;
  line(line: string): ProgressEvent | undefined;
} {
  const what = `Building the Pulumi CLI ${PULUMI_CLI_VERSION}, once, for some minutes`;
  const seen = new Set<string>();
  return {
    begin: { phase: 'compile', message: what, fraction: 0 },
    line: (line) => {
      const name = line.trim();
      if (!packages.has(name) || seen.has(name)) return undefined;
      seen.add(name);
      const step = name === CLI_PACKAGE ? 'linking' : `${seen.size} of ${packages.size} packages`;
      return { phase: 'compile', message: `${what}: ${step}`, fraction: seen.size / packages.size };
    },
  };
}
