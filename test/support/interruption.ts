/**
 * Commands that are stopped at a chosen moment. The moment is seen from outside, as the emulated tenant, the stack's file or the
 * command's own words show it: the product knows nothing of it.
 */
import { utimesSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Ledger, parseLedger } from '../../infra/rotation/ledger.js';
import { isInContainer } from '../../scripts/processes.js';
import { ledgerLockPath } from '../../scripts/rotation/ledger-lock.js';
import { readStackFile, stackConfigOf } from '../../scripts/stack-file.js';
import type { CommandRun, RunningCommand, TestProject } from './project.js';
import type { TestSandbox } from './sandbox.js';

/** When a command is stopped. */
export type Moment =
  /** At a request, which is never answered and takes no effect: `METHOD /path`, `*` standing for one segment; at the first of several. */
  | { readonly request: string | readonly string[] }
  /** As soon as the ledger in the stack's file is so. */
  | { readonly ledger: (ledger: Ledger) => boolean }
  /** As soon as the tenant is so. */
  | { readonly tenant: () => Promise<boolean> };

const LOOK_EVERY_MS = 10;

/** The ledger in the stack's file, checked as the product checks it. */
export function ledgerIn(project: TestProject): Ledger {
  return parseLedger(stackConfigOf(readStackFile(project.stackFile)).ours.rotation);
}

/**
 * Waits until a command's moment comes, and stops it there: SIGKILL hits the command and all that it started, SIGINT the command alone.
 *
 * @param start is called once the moment is watched for
 * @returns how it ended; without a signal when it came to its end before the moment
 */
export async function stopAt(
  { sandbox, project }: { readonly sandbox: TestSandbox; readonly project: TestProject },
  start: () => RunningCommand,
  moment: Moment,
  signal: 'SIGKILL' | 'SIGINT' = 'SIGKILL',
): Promise<CommandRun> {
  const hangs = 'request' in moment ? [moment.request].flat().map((request) => `hang=1@${request}`) : [];
  if (hangs.length > 0) await sandbox.control({ faults: hangs });
  const command = start();
  const come = async () => await hasCome(sandbox, project, moment, hangs.length);
  while (!(await come())) {
    if (command.child.exitCode !== null) {
      await sandbox.control({ clearFaults: true });
      return await command.ended;
    }
    await delay(LOOK_EVERY_MS);
  }
  if (signal === 'SIGINT') {
    command.child.kill('SIGINT');
    return await command.ended;
  }
  process.kill(-(command.child.pid ?? 0), 'SIGKILL');
  const end = await command.ended;
  await freeLocks(project);
  return end;
}

async function hasCome(
  sandbox: TestSandbox,
  project: TestProject,
  moment: Moment,
  hangs: number,
): Promise<boolean> {
  if ('ledger' in moment) return moment.ledger(ledgerIn(project));
  if ('tenant' in moment) return await moment.tenant();
  const { faults } = (await sandbox.control({})) as { faults: string[] };
  return faults.filter((fault) => fault.startsWith('hang=')).length < hangs;
}

/**
 * What the killed ones held. Our own lock is made as old as it will be in some seconds; the engine's is taken away where nobody can
 * tell whether its holder runs, as in a container: a person has to.
 */
async function freeLocks(project: TestProject): Promise<void> {
  const lock = ledgerLockPath(project.stackFile, project.env);
  try {
    utimesSync(lock, new Date(0), new Date(0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (isInContainer(process.env))
    await rm(join(project.backend, '.pulumi', 'locks'), { recursive: true, force: true });
}
