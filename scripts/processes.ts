/** What can be known of other processes of this machine. */
import { readFileSync } from 'node:fs';
import { errorCode } from './replace-file.js';

/** Whether a process has this number now; one that may not be signalled is one, too. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
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
