/**
 * What a killed run can leave of a stack in a file backend: beside each file lies a small one with its media type and checksum
 * (gocloud.dev blob/fileblob/attrs.go), which is not written in one piece as the state itself is. Half of it, and the engine finds no
 * state any more: "failed to load checkpoint: EOF".
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backendFolder, type LockedStack } from './backend-lock.js';

/** Whether the engine's words are those for half a file, or for one that is being written at this moment. */
export function isTornState(stderr: string): boolean {
  return /failed to load checkpoint: (?:unexpected )?EOF/.test(stderr);
}

/**
 * Removes the stack's half-written files of that kind; without them the engine takes the defaults. Whole ones and the state stay.
 *
 * @returns the files that were removed; none where the backend is no folder
 */
export async function removeTornAttributes({
  backendUrl,
  project,
  stack,
}: LockedStack): Promise<readonly string[]> {
  if (backendUrl?.startsWith('file://') !== true) return [];
  const folder = join(backendFolder(backendUrl), '.pulumi', 'stacks', project);
  const names = await readdir(folder).catch(() => []);
  const removed: string[] = [];
  for (const name of names.filter((one) => one.startsWith(`${stack}.`) && one.endsWith('.attrs'))) {
    const file = join(folder, name);
    if (isWhole(await readFile(file, 'utf8').catch(() => '{}'))) continue;
    await rm(file, { force: true });
    removed.push(file);
  }
  return removed;
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
