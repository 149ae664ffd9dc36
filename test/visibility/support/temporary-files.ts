/** A stack's files in a temporary folder that goes away with the test file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type VisibilityFiles, visibilityFiles } from '../../../infra/exchange/visibility/files.js';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'calendar-interop-visibility-'));
  folders.push(folder);
  return folder;
}

export function temporaryFiles(): VisibilityFiles {
  const folder = temporaryFolder();
  return visibilityFiles(
    { tenant: 'contoso.onmicrosoft.com', stack: 'test' },
    { XDG_CACHE_HOME: join(folder, 'cache'), XDG_STATE_HOME: join(folder, 'state') },
  );
}
