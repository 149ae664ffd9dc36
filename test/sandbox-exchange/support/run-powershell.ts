/** Scripts on PowerShell's own engine, with the sandbox's module. */
import { execFile } from 'node:child_process';
import { shellVariables } from '../../support/pwsh.js';

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
    PSModulePath: shellVariables.PSModulePath ?? '',
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
