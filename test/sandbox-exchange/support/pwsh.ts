/** A pwsh for tests: that of PATH, else the one beside the checkout; undefined where there is neither. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

export const POWERSHELL_MODULES = resolve(__dirname, '../../../sandbox/powershell');
const UNPACK = resolve(__dirname, '../../../../shared/tools/pwsh/unpack');

export function findPwsh(): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder !== '' && existsSync(join(folder, 'pwsh'))) return join(folder, 'pwsh');
  }
  return existsSync(UNPACK) ? execFileSync(UNPACK, { encoding: 'utf8' }).trim() : undefined;
}

/** Runs a script and gives what it writes, as JSON; values come in through the environment, never in the script. */
export async function runPowerShell<T>(
  pwsh: string,
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<T> {
  const full = `$ErrorActionPreference = 'Stop'; Import-Module ExchangeOnlineManagement; ${script}`;
  const encoded = Buffer.from(full, 'utf16le').toString('base64');
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    NO_COLOR: '1',
    TERM: 'dumb',
    PSModulePath: POWERSHELL_MODULES,
    ...environment,
  };
  const output = await new Promise<string>((done, fail) => {
    execFile(
      pwsh,
      ['-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand', encoded],
      { env, maxBuffer: 64_000_000 },
      (error, stdout, stderr) => {
        if (error === null && stdout.includes('<<<')) done(stdout);
        else fail(new Error(`${String(error)}\n${stdout}\n${stderr}`));
      },
    );
  });
  return JSON.parse(output.slice(output.indexOf('<<<') + 3, output.lastIndexOf('>>>'))) as T;
}

/** PowerShell that writes an expression's value framed, for {@link runPowerShell}. */
export function framed(expression: string): string {
  return `[Console]::Out.Write('<<<' + (ConvertTo-Json -InputObject (${expression}) -Depth 8 -Compress) + '>>>')`;
}
