/** The search for a secret in whatever a command writes and starts. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningCommand } from './project.js';

/** The forms in which a secret could be written down. */
export function formsOf(secret: string): readonly string[] {
  return [
    secret,
    ...base64FormsOf(secret),
    Buffer.from(secret).toString('hex'),
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
    JSON.stringify(secret).slice(1, -1),
  ];
}

/**
 * What base64 and base64url of anything hold that holds the secret. Three bytes become four characters: where the secret begins with the
 * second or third of three, its edges depend on what is beside it, and only what is certain is searched for.
 */
function base64FormsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const forms = [0, 1, 2].flatMap((before) => {
    const at = Buffer.concat([Buffer.alloc(before), bytes]);
    // 6 bits a character: those that lie within the secret's own bits.
    const certain = [Math.ceil((before * 8) / 6), Math.floor((at.length * 8) / 6)] as const;
    return (['base64', 'base64url'] as const).map((code) => at.toString(code).slice(...certain));
  });
  // Of a single character nothing is certain, and nothing stands everywhere.
  return forms.filter((form) => form !== '');
}

/** Names of the places, by name, in which the secret stands in one of its forms. */
export function placesWith(secret: string, places: Readonly<Record<string, string>>): readonly string[] {
  const forms = formsOf(secret);
  return Object.keys(places).filter((name) => forms.some((form) => places[name]?.includes(form)));
}

/** Every file below a folder, by path. */
export function filesBelow(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) Object.assign(files, filesBelow(path));
    // The Pulumi CLI is linked into the cache folder.
    else if (!entry.isSymbolicLink()) files[path] = readFileSync(path, 'latin1');
  }
  return files;
}

/** For the environment of a command, and so of everything that it starts: other tests have their own processes. */
export const PROCESS_MARK = { PROCESS_MARK: randomUUID() } as const;

/** Command lines of all processes of a command that was started with {@link PROCESS_MARK}, until it ends. */
export async function watchProcesses(command: RunningCommand): Promise<string> {
  const seen = new Set<string>();
  while (command.child.exitCode === null && command.child.signalCode === null) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(PROCESS_MARK.PROCESS_MARK)) continue;
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
      } catch {
        // The process ended in between.
      }
    }
    await delay(20);
  }
  return [...seen].join('\n');
}

/** The most verbose setting of everything that a command starts, and the mark by which its processes are known. */
export const VERBOSE = {
  ...PROCESS_MARK,
  DEBUG: '*',
  NODE_DEBUG: 'http,https,tls',
  AZURE_LOG_LEVEL: 'verbose',
  TF_LOG: 'TRACE',
  PULUMI_OPTION_VERBOSE: '11',
  PULUMI_DEBUG_GRPC: 'grpc.json',
};
