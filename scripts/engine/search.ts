/** What every part of the bootstrap is given: the surroundings that it looks at, and whom it tells. */
import { cacheFolder } from '../cache-folder.js';
import { packageRoot } from '../package-root.js';
import type { OnProgress } from './progress.js';

/** Bounds in milliseconds. Each has a default; tests shorten them. */
export interface Limits {
  /** A program that is asked for its version. */
  readonly probeMs: number;
  /** One run of Pulumi's installer. */
  readonly installerMs: number;
  /** One download of the azuread plugin. */
  readonly pluginMs: number;
  /** A lock that was not renewed for so long belongs to a process that is gone. At least 2000 (proper-lockfile). */
  readonly lockStaleMs: number;
  /** Between two looks at a lock that another process holds. */
  readonly lockPollMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  probeMs: 60_000,
  installerMs: 300_000,
  pluginMs: 60_000,
  lockStaleMs: 10_000,
  lockPollMs: 500,
};

/** Options that the searches for the CLI and for the plugin share. */
export interface SearchOptions {
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Stops everything that was started. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Folder with our package.json, `node_modules` and scripts/engine/go-build. @default this package's */
  readonly packageRoot?: string | undefined;
  /** @default the system's clock */
  readonly now?: (() => Date) | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** The same, complete. */
export interface Search {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
  readonly progress: OnProgress;
  readonly packageRoot: string;
  readonly now: () => Date;
  readonly limits: Limits;
  /** Our folder in the user's cache. */
  readonly cache: string;
}

/** Fills in the defaults. */
export function openSearch(options: SearchOptions): Search {
  const env = options.env ?? process.env;
  return {
    env,
    signal: options.signal,
    progress: options.onProgress ?? (() => undefined),
    packageRoot: options.packageRoot ?? packageRoot(),
    now: options.now ?? (() => new Date()),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    cache: cacheFolder(env),
  };
}
