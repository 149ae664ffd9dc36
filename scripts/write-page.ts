/** A page that is saved as a file. */
import { writeFile } from 'node:fs/promises';
import { InteropError } from '../infra/errors.js';
import { errorCode } from './replace-file.js';

/** Writes a page for its owner's eyes only, in place of one that is there. @throws InteropError of kind `failure` */
export async function writePage(path: string, page: string): Promise<void> {
  try {
    await writeFile(path, page, { mode: 0o600 });
  } catch (error) {
    throw new InteropError({
      kind: 'failure',
      summary: 'the report could not be written',
      problems: [{ where: path, what: `writing failed with ${errorCode(error)}` }],
      cause: error,
    });
  }
}
