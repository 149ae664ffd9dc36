import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A PowerShell for tests: from PATH, else the one that lies beside the checkout; undefined where there is neither. */
export const pwsh: string | undefined = onPath() ?? besideCheckout();

/** The variables by which the product's shells find this PowerShell and the sandbox's module. */
export const shellVariables: Readonly<Record<string, string>> = {
  PSModulePath: join(__dirname, '../../sandbox/powershell'),
  ...(pwsh === undefined ? {} : { NODE_POWERSHELL: pwsh }),
};

type Suite = (name: string, body: () => void) => void;

/** `describe`, or its skipping form with the reason in the name. */
export const describeWithPwsh: Suite = (name, body) => {
  // By globalThis: the build of the benchmarks has this file in it, and knows none of jest's types.
  const { describe } = globalThis as unknown as { describe: Suite & { skip: Suite } };
  if (pwsh === undefined) {
    describe.skip(`${name} [skipped: no pwsh on PATH, nor tools/pwsh beside the checkout]`, body);
  } else {
    describe(name, body);
  }
};

function onPath(): string | undefined {
  try {
    const major = execFileSync('pwsh', ['-NoProfile', '-Command', '$PSVersionTable.PSVersion.Major'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(major.trim()) >= 7 ? 'pwsh' : undefined;
  } catch {
    return undefined;
  }
}

function besideCheckout(): string | undefined {
  const unpack = join(__dirname, '../../../shared/tools/pwsh/unpack');
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(unpack)) return undefined;
  return execFileSync(unpack, { encoding: 'utf8' }).trim();
}
