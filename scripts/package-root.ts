/** Where this package lies, alike for the sources and for the compiled `dist/`. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder that holds this package's package.json.
 *
 * @throws Error when the file lies outside the package, which means that the installation is damaged.
 */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isOurs(folder)) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error('package.json of calendar-interop was not found: install the package again');
    folder = parent;
  }
  return folder;
}

/** This package's version, as package.json says. */
export function packageVersion(): string {
  return String(manifestOf(packageRoot())?.version);
}

function isOurs(folder: string): boolean {
  return manifestOf(folder)?.name === 'calendar-interop';
}

function manifestOf(folder: string): { name?: unknown; version?: unknown } | undefined {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
}
