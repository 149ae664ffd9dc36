/**
 * Replacing a file all or nothing: a reader, and a run that is killed in between, sees the old text or the new one.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InteropError } from '../infra/errors.js';

/**
 * Writes `text` beside the file, flushes it and renames it over the file, which keeps its mode.
 *
 * @throws InteropError of kind `configuration` when that is not possible, or when the file is a symbolic link; it then is as it
 * was.
 */
export function replaceFile(path: string, text: string): void {
  refuseUnusualFile(path);
  const folder = dirname(path);
  const fresh = join(folder, `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  try {
    writeFlushed(fresh, text, lstatSync(path).mode & 0o7777);
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new InteropError({
      kind: 'configuration',
      summary: `${basename(path)} could not be written and is as it was`,
      problems: [{ where: path, what: `writing failed with ${errorCode(error)}` }],
      cause: error,
    });
  }
  flushFolder(folder);
}

/** Renaming over a link would leave the linked file as it is and cut the link: whoever set it must say what is meant. */
function refuseUnusualFile(path: string): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined || status.isFile()) return;
  const target = status.isSymbolicLink() ? readlinkSync(path) : undefined;
  throw new InteropError({
    kind: 'configuration',
    summary: `${basename(path)} is not written to`,
    problems: [
      {
        where: path,
        what: target === undefined ? 'is not a regular file' : 'is a symbolic link, which writing would cut',
        ...(target === undefined ? {} : { found: target }),
        allowed: 'a regular file',
      },
    ],
    next:
      target === undefined
        ? []
        : [`run the command in the folder of ${target}, or put the file in the link's place`],
  });
}

function writeFlushed(path: string, text: string, mode: number): void {
  const descriptor = openSync(path, 'wx', 0o600);
  try {
    fchmodSync(descriptor, mode);
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const FOLDERS_NOT_FLUSHED = ['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP'];

/** Makes the rename outlast a power failure. Some systems cannot flush a folder: there it is safe a little later. */
function flushFolder(folder: string): void {
  try {
    const descriptor = openSync(folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (!FOLDERS_NOT_FLUSHED.includes(errorCode(error))) throw error;
  }
}

/** The system's code of an error, such as ENOENT. */
export function errorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'an unknown error';
}
