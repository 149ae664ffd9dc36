/** What can be known of other processes of this machine. */
import { readFileSync } from 'node:fs';
import { errorCode } from './replace-file.js';

/**
 * Whether a process has this number now; one that may not be signalled is one, too. One that has ended and was not yet collected by
 * its parent is none.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
  return !isZombie(pid);
}

/** By the third field of proc_pid_stat(5), behind the name in brackets; false where there is no such file. */
function isZombie(pid: number): boolean {
  try {
    return /^.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

/**
 * Whether process numbers may be counted apart here from those of the same host name elsewhere, as in a container. On Linux the
 * kernel's own threads show only where numbers are the machine's: number 2 is then kthreadd (pid_namespaces(7)).
 */
export function isInContainer(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): boolean {
  if ((env.KUBERNETES_SERVICE_HOST ?? '') !== '') return true;
  return platform === 'linux' && nameOfProcess(2) !== 'kthreadd';
}

function nameOfProcess(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
}
