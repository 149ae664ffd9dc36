/** Looks for programs on PATH without running anything. */
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** File name of a program on this platform. */
export function executableName(name: string, platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? `${name}.exe` : name;
}

/**
 * The first executable of that name on `env.PATH`, or undefined. Relative entries are passed over: what is run must not
 * depend on the folder that one stands in.
 *
 * @param except a folder whose programs do not count
 */
export async function findOnPath(
  name: string,
  env: NodeJS.ProcessEnv,
  except?: string | undefined,
): Promise<string | undefined> {
  const excluded = except === undefined ? undefined : await canonical(except);
  for (const folder of (pathVariable(env) ?? '').split(delimiter).filter((entry) => isAbsolute(entry))) {
    if (excluded !== undefined && (await canonical(folder)) === excluded) continue;
    const file = join(folder, executableName(name));
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

/** Whether the file is there, is a file, and may be executed. */
export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

function pathVariable(env: NodeJS.ProcessEnv): string | undefined {
  return env.PATH ?? env.Path;
}

async function canonical(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch {
    return folder;
  }
}
