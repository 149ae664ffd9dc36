/**
 * A stack's state as a file, secrets encrypted as the backend holds them.
 *
 * The Automation API's own import writes the state, secrets in clear text, into a file that everybody can read and that stays there
 * when the import fails; so it goes through a folder of our own here, and without clear text.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import { type PulumiProcess, runPulumi } from './pulumi-process.js';

/** @throws InteropError of kind `failure` when the backend does not give it. */
export async function readState(pulumi: PulumiProcess, stack: string): Promise<Deployment> {
  return await inPrivateFolder(async (file) => {
    await runPulumi(
      pulumi,
      ['stack', 'export', '--stack', stack, '--file', file],
      "the stack's state could not be read",
    );
    return JSON.parse(await readFile(file, 'utf8')) as Deployment;
  });
}

/** @throws InteropError of kind `failure` when the backend does not take it; its message tells of locks. */
export async function writeState(pulumi: PulumiProcess, stack: string, state: Deployment): Promise<void> {
  await inPrivateFolder(async (file) => {
    await writeFile(file, JSON.stringify(state), { mode: 0o600 });
    await runPulumi(
      pulumi,
      ['stack', 'import', '--stack', stack, '--file', file],
      "the stack's state could not be written",
    );
  });
}

async function inPrivateFolder<T>(work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'calendar-interop-state-'));
  try {
    return await work(join(folder, 'state.json'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
