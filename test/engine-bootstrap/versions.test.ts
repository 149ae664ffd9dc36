import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { goModuleFolder } from '../../scripts/engine/go-module.js';
import {
  AZUREAD_PLUGIN_VERSION,
  GO_MINIMUM,
  isAtLeast,
  PULUMI_CLI_MINIMUM,
  PULUMI_CLI_VERSION,
  parseVersion,
  type Version,
} from '../../scripts/engine/versions.js';

const root = join(__dirname, '../..');
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};
const goModule = readFileSync(join(goModuleFolder(root), 'go.mod'), 'utf8');

function version(text: string): Version {
  const parsed = parseVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
}

describe('the constants agree with', () => {
  test('the azuread SDK that the engine takes the plugin version from', () => {
    expect(AZUREAD_PLUGIN_VERSION).toBe(dependencies['@pulumi/azuread']);
  });

  test('the Pulumi SDK: no CLI in use is older', () => {
    expect(PULUMI_CLI_MINIMUM).toBe(dependencies['@pulumi/pulumi']);
    expect(isAtLeast(version(PULUMI_CLI_VERSION), version(PULUMI_CLI_MINIMUM))).toBe(true);
  });

  test('the Go module: the same CLI, its checksums, its minimum of Go and its replacement', () => {
    const checksums = readFileSync(join(goModuleFolder(root), 'go.sum'), 'utf8');
    expect(goModule).toContain('\ntool github.com/pulumi/pulumi/pkg/v3/cmd/pulumi\n');
    expect(/^\s*github\.com\/pulumi\/pulumi\/pkg\/v3 (\S+)/m.exec(goModule)?.[1]).toBe(
      `v${PULUMI_CLI_VERSION}`,
    );
    expect(/^\s*github\.com\/pulumi\/pulumi\/sdk\/v3 (\S+)/m.exec(goModule)?.[1]).toBe(
      `v${PULUMI_CLI_VERSION}`,
    );
    expect(/^go (\S+)$/m.exec(goModule)?.[1]).toBe(GO_MINIMUM);
    expect(goModule).toContain('replace github.com/atotto/clipboard => github.com/tgummerer/clipboard ');
    for (const part of ['pkg', 'sdk']) {
      expect(checksums).toContain(`github.com/pulumi/pulumi/${part}/v3 v${PULUMI_CLI_VERSION} h1:`);
    }
  });
});

describe('versions', () => {
  const number = fc.nat({ max: 999 });
  const numbers = fc.tuple(number, number, number);

  test('are read as the CLI prints them, and any text that is none is refused', () => {
    fc.assert(
      fc.property(numbers, ([major, minor, patch]) => {
        expect(parseVersion(`v${major}.${minor}.${patch}\nwarning: a new version\n`)).toEqual({
          text: `${major}.${minor}.${patch}`,
          numbers: [major, minor, patch],
          prerelease: false,
        });
      }),
    );
    for (const text of ['', '3.25', 'pulumi 3.259.0', 'v3.259.0 and more', '3.259.0.1', 'v3.259.x']) {
      expect([text, parseVersion(text)]).toEqual([text, undefined]);
    }
  });

  test('of one major version are ordered as numbers, a prerelease before its release', () => {
    fc.assert(
      fc.property(number, numbers, numbers, (major, [, minor, patch], [, otherMinor, otherPatch]) => {
        const one = version(`${major}.${minor}.${patch}`);
        const other = version(`${major}.${otherMinor}.${otherPatch}`);
        expect(isAtLeast(one, other)).toBe(minor * 1000 + patch >= otherMinor * 1000 + otherPatch);
        expect(isAtLeast(version(`${one.text}-rc.1`), one)).toBe(false);
        expect(isAtLeast(one, version(`${one.text}-rc.1`))).toBe(true);
        expect(isAtLeast(version(`${major + 1}.0.0`), one)).toBe(false);
      }),
    );
  });
});
