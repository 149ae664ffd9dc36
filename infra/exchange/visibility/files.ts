/** Where a stack's visibility keeps what may be lost: the user's cache and state folders (XDG Base Directory). */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The files of one tenant and stack on this machine. */
export interface VisibilityFiles {
  readonly folderIds: string;
  readonly plan: string;
  readonly apply: string;
  readonly undo: string;
}

/**
 * @param place.tenant the tenant as the stack's configuration names it
 * @param env where XDG_CACHE_HOME and XDG_STATE_HOME are looked up
 */
export function visibilityFiles(
  place: { readonly tenant: string; readonly stack: string },
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): VisibilityFiles {
  const folder = join('calendar-interop', 'visibility', folderName(place));
  const state = join(stateHome(env, platform), folder);
  return {
    folderIds: join(cacheHome(env, platform), folder, 'folder-ids'),
    plan: join(state, 'plan.jsonl'),
    apply: join(state, 'apply.jsonl'),
    undo: join(state, 'undo.jsonl'),
  };
}

/** Readable, and different for different stacks whatever is in their names. */
function folderName({ tenant, stack }: { readonly tenant: string; readonly stack: string }): string {
  const key = JSON.stringify([tenant.toLowerCase(), stack]);
  const readable = `${tenant}-${stack}`
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '_')
    .slice(0, 60);
  return `${readable}-${createHash('sha256').update(key).digest('hex').slice(0, 12)}`;
}

function cacheHome(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if ((env.XDG_CACHE_HOME ?? '') !== '') return env.XDG_CACHE_HOME ?? '';
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (platform === 'win32') return env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.cache');
}

function stateHome(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if ((env.XDG_STATE_HOME ?? '') !== '') return env.XDG_STATE_HOME ?? '';
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support');
  if (platform === 'win32') return env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.local', 'state');
}
