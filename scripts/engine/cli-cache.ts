/**
 * The Pulumi CLI in the user's cache: `<cache>/pulumi/<version>/bin/pulumi`.
 *
 * It appears there in one step or not at all: it is made in a folder beside, tried, written through to the disk and renamed.
 */
import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { throwIfCancelled } from './child.js';
import { executableName } from './path-search.js';
import type { Search } from './search.js';
import { PULUMI_CLI_VERSION } from './versions.js';

/** Where the CLI lies within an installation's root: as `PulumiCommand.get({root})` expects it. */
export function binaryIn(root: string): string {
  return join(root, 'bin', executableName('pulumi'));
}

/** Root of the cached installation. */
export function cachedRoot(search: Search): string {
  return join(search.cache, 'pulumi', PULUMI_CLI_VERSION);
}

/**
 * Whether the cached program is the one that was tried before: to start it only for its version costs every command as much as
 * anything else that it does before it works.
 */
export async function wasTried(search: Search): Promise<boolean> {
  try {
    return (await readFile(triedFile(search), 'utf8')) === (await identityOf(search));
  } catch {
    return false;
  }
}

/** Keeps that the cached program was tried and is ours. Where that cannot be written, the next command tries it again. */
export async function rememberTried(search: Search): Promise<void> {
  await writeFile(triedFile(search), await identityOf(search)).catch(() => undefined);
}

function triedFile(search: Search): string {
  return join(cachedRoot(search), 'tried');
}

/** What changes when the file is replaced, cut short or written to. */
async function identityOf(search: Search): Promise<string> {
  const { ino, size, mtimeMs, ctimeMs } = await stat(binaryIn(cachedRoot(search)));
  return [ino, size, mtimeMs, ctimeMs].join(' ');
}

/** Begins the name of every folder in which an installation is being made. */
const DRAFT_PREFIX = `.${PULUMI_CLI_VERSION}-`;

/** Folder that holds the installations, one for each version. */
export function cacheOfClis(search: Search): string {
  return dirname(cachedRoot(search));
}

/** Removes what interrupted runs left behind. To be called under the lock only: then nobody is at work there. */
export async function removeDrafts(search: Search): Promise<void> {
  const folder = cacheOfClis(search);
  const drafts = (await readdir(folder)).filter((name) => name.startsWith(DRAFT_PREFIX));
  await Promise.all(drafts.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/** Name of a new folder on the same file system as the cache, which therefore can be renamed into it. */
export function draftRoot(search: Search): string {
  const name = `${DRAFT_PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`;
  return join(cacheOfClis(search), name);
}

/** Puts a finished installation in the place of whatever is there. A crash in between leaves the old one, or none. */
export async function publish(draft: string, search: Search, signal: AbortSignal): Promise<void> {
  const root = cachedRoot(search);
  await flush(binaryIn(draft), 'r+');
  await flushFolder(join(draft, 'bin'));
  await flushFolder(draft);
  throwIfCancelled(signal);
  const discarded = draftRoot(search);
  await renameIfThere(root, discarded);
  await rename(draft, root);
  await flushFolder(cacheOfClis(search));
  await rm(discarded, { recursive: true, force: true });
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** @param flags Windows writes a file through only where it is open for writing; a folder cannot be opened so. */
async function flush(path: string, flags: 'r' | 'r+'): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Windows has no way to write a folder through. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform !== 'win32') await flush(path, 'r');
}
