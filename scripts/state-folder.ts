/** The user's state folder (XDG Base Directory): what lies in it is worth keeping, and nothing depends on it. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_STATE_HOME/calendar-interop` or the platform's equivalent. */
export function stateFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): string {
  return join(userState(env, platform), 'calendar-interop');
}

function userState(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (env.XDG_STATE_HOME !== undefined && env.XDG_STATE_HOME !== '') return env.XDG_STATE_HOME;
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support');
  if (platform === 'win32') return env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.local', 'state');
}
