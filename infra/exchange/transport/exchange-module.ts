/** Whether Microsoft's PowerShell module is there, and new enough. */
import { z } from 'zod';
import { InteropError } from '../../errors.js';

/** The oldest version that is used: the first that needs PowerShell 7.4, as we do. */
export const LEAST_MODULE = '3.5.0';

/** From here on the module needs PowerShell 7.6. */
const NEEDS_NEW_SHELL = '3.10.0';
const NEW_SHELL = '7.6.0';

const INSTALL = `pwsh -NoProfile -Command "Install-Module ExchangeOnlineManagement -MinimumVersion ${LEAST_MODULE} -Scope CurrentUser -Force"`;
const INSTALL_FOR_OLD_SHELL = `pwsh -NoProfile -Command "Install-Module ExchangeOnlineManagement -RequiredVersion 3.9.2 -Scope CurrentUser -Force"`;

const foundSchema = z.object({ ok: z.literal(true), versions: z.array(z.string()), shell: z.string() });

/**
 * Checks what a shell found.
 *
 * @throws InteropError of kind `configuration`, with the command that installs what is missing.
 */
export function chooseModule(answer: unknown): void {
  const { versions, shell } = foundSchema.parse(answer);
  const [newest] = [...versions].sort((a, b) => compareVersions(b, a));
  if (newest === undefined) throw missing('is not installed', 'no version', shell);
  if (compareVersions(newest, LEAST_MODULE) < 0) throw missing('is too old', `version ${newest}`, shell);
  if (versions.some((version) => compareVersions(version, LEAST_MODULE) >= 0 && isFor(version, shell)))
    return;
  throw missing(`is too new for PowerShell ${shell}`, `version ${newest}`, shell);
}

function isFor(version: string, shell: string): boolean {
  return compareVersions(version, NEEDS_NEW_SHELL) < 0 || compareVersions(shell, NEW_SHELL) >= 0;
}

function missing(what: string, found: string, shell: string): InteropError {
  const isOld = compareVersions(shell, NEW_SHELL) < 0;
  return moduleMissing(
    `the PowerShell module ExchangeOnlineManagement ${what}`,
    `version ${LEAST_MODULE} or later${isOld ? `, for PowerShell ${shell} before ${NEEDS_NEW_SHELL}` : ''}`,
    found,
    [isOld ? INSTALL_FOR_OLD_SHELL : INSTALL],
  );
}

/** The PowerShell transport lacks something on this machine. */
export function moduleMissing(
  summary: string,
  allowed: string,
  found: string,
  next: readonly string[],
): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary,
    problems: [{ where: 'transport powershell', what: 'a program that it needs is missing', found, allowed }],
    next,
  });
}

/** Compares versions of numbers and points; what follows a hyphen does not count. */
export function compareVersions(a: string, b: string): number {
  const parts = (text: string) => (text.split('-')[0] ?? '').split('.').map(Number);
  const [left, right] = [parts(a), parts(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
