/**
 * Remembers downloads that failed, so that a machine which reaches no download server does not wait for one every time.
 * The memory lies in the cache folder and may be lost at any time.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** How long a failed attempt counts. */
export const MEMORY_MS = 24 * 60 * 60 * 1000;

/** A download that did not work. */
interface FailedAttempt {
  readonly at: Date;
  readonly reason: string;
}

/** The file that remembers the attempt named `key` (letters, digits, dots, dashes). */
export function attemptFile(cache: string, key: string): string {
  return join(cache, 'failed-attempts', `${key}.json`);
}

/**
 * Makes an attempt, unless the last one failed less than {@link MEMORY_MS} ago.
 *
 * @param attempt answers with undefined when it worked, else with one line that says why not; what it throws is passed on
 * and not remembered, for an interrupted attempt says nothing about the next one
 * @returns what `attempt` answered, or the remembered reason with its time and the file to remove
 */
export async function unlessFailedLately(
  cache: string,
  key: string,
  now: () => Date,
  attempt: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const file = attemptFile(cache, key);
  const earlier = await readAttempt(file);
  if (earlier !== undefined && counts(earlier, now())) {
    return `failed at ${earlier.at.toISOString()}, tried once a day (remove ${file} to try at once): ${earlier.reason}`;
  }
  const reason = await attempt();
  if (reason !== undefined) await remember(file, { at: now(), reason });
  return reason;
}

/** A time in the future means that a clock was wrong: such a memory would last for too long. */
function counts(attempt: FailedAttempt, now: Date): boolean {
  const age = now.getTime() - attempt.at.getTime();
  return age >= 0 && age < MEMORY_MS;
}

/** A memory that cannot be written is no error: it costs a wait next time. */
async function remember(file: string, attempt: FailedAttempt): Promise<void> {
  const draft = `${file}.${process.pid}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, JSON.stringify({ at: attempt.at.toISOString(), reason: attempt.reason }));
    await rename(draft, file);
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

async function readAttempt(file: string): Promise<FailedAttempt | undefined> {
  try {
    const { at, reason } = JSON.parse(await readFile(file, 'utf8')) as { at?: unknown; reason?: unknown };
    if (typeof at !== 'string' || typeof reason !== 'string') return undefined;
    const time = new Date(at);
    return Number.isNaN(time.getTime()) ? undefined : { at: time, reason };
  } catch {
    return undefined;
  }
}
