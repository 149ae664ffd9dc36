/**
 * Which versions of the engine and its plugins the product works with: one place for every way of getting them.
 *
 * A test holds these against package.json and against the Go module that the CLI can be built from.
 */

/** The Pulumi CLI that is downloaded or built where none is installed. */
export const PULUMI_CLI_VERSION = '3.259.0';

/**
 * The oldest Pulumi CLI on PATH that is used: that of the SDK in package.json. An engine older than its SDK may lack what
 * the SDK asks it for, such as error hooks (3.245) or exit code 7 for unexpected changes (3.227)
 * (pulumi/pulumi CHANGELOG.md).
 */
export const PULUMI_CLI_MINIMUM = '3.248.0';

/** The azuread plugin that belongs to the `@pulumi/azuread` of package.json: the engine asks for exactly this one. */
export const AZUREAD_PLUGIN_VERSION = '6.9.1';

/** The oldest Go that builds the CLI: the `go` line of go-build/go.mod. Go 1.21 and later fetch it by themselves. */
export const GO_MINIMUM = '1.25.11';

/** A version as `pulumi version` prints it, taken apart. */
export interface Version {
  /** Without a leading `v`, for example `3.259.0` or `3.260.0-alpha.1`. */
  readonly text: string;
  readonly numbers: readonly [major: number, minor: number, patch: number];
  readonly prerelease: boolean;
}

/** The first line of `text` as a version, or undefined where it is none. */
export function parseVersion(text: string): Version | undefined {
  const match = /^v?((\d{1,9})\.(\d{1,9})\.(\d{1,9})(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/.exec(
    text.trim().split(/\r?\n/, 1)[0]?.trim() ?? '',
  );
  if (match === null) return undefined;
  const [, whole = '', major, minor, patch, prerelease] = match;
  return {
    text: whole,
    numbers: [Number(major), Number(minor), Number(patch)],
    prerelease: prerelease !== undefined,
  };
}

/** Whether `version` is `minimum` or newer, within the same major version. A prerelease of `minimum` is older. */
export function isAtLeast(version: Version, minimum: Version): boolean {
  const [major, minor, patch] = version.numbers;
  const [leastMajor, leastMinor, leastPatch] = minimum.numbers;
  if (major !== leastMajor) return false;
  if (minor !== leastMinor) return minor > leastMinor;
  if (patch !== leastPatch) return patch > leastPatch;
  return minimum.prerelease || !version.prerelease;
}
