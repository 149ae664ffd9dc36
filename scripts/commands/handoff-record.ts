/**
 * What a person has ticked and what was seen of a hand-off, kept in the user's state folder. It belongs to the secrets that were handed
 * over: with new ones it begins anew. It may be lost: the ledger says what counts.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Progress } from '../../infra/handoff/checklist.js';
import { EVIDENCE_KINDS, type Sighting } from '../../infra/handoff/evidence.js';
import type { HandoffSheet } from '../../infra/handoff/sheet.js';
import { stateFolder } from '../state-folder.js';

const line = z.string().max(500);
const recordSchema = z.strictObject({
  version: z.literal(1),
  secrets: z.array(line),
  ticks: z.record(line, line),
  sightings: z.array(
    z.strictObject({
      kind: z.enum(EVIDENCE_KINDS),
      stack: line,
      endpoint: line.optional(),
      at: line,
      what: line,
    }),
  ),
});

/** The record of one hand-off. Every change is kept at once, where the folder allows it. */
export class HandoffRecord {
  readonly #path: string;
  readonly #secrets: readonly string[];
  #progress: Progress;

  /** @param project folder of the project: stacks of different projects may have one name */
  constructor(sheet: HandoffSheet, project: string, env: NodeJS.ProcessEnv) {
    const key = createHash('sha256')
      .update(JSON.stringify([project, sheet.stacks.map(({ name }) => name)]))
      .digest('hex')
      .slice(0, 16);
    this.#path = join(stateFolder(env), 'handoff', `${key}.json`);
    this.#secrets = sheet.stacks.map(({ name, clientId, secret }) => `${name} ${clientId} ${secret.name}`);
    this.#progress = readProgress(this.#path, this.#secrets);
  }

  get progress(): Progress {
    return this.#progress;
  }

  tick(step: string, done: boolean, at: string): void {
    const { [step]: _, ...others } = this.#progress.ticks;
    this.#keep({ ...this.#progress, ticks: done ? { ...others, [step]: at } : others });
  }

  saw(sighting: Sighting): void {
    this.#keep({ ...this.#progress, sightings: [...this.#progress.sightings, sighting] });
  }

  #keep(progress: Progress): void {
    this.#progress = progress;
    const text = JSON.stringify({ version: 1, secrets: this.#secrets, ...progress });
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      const fresh = `${this.#path}.${process.pid}`;
      writeFileSync(fresh, text, { mode: 0o600 });
      renameSync(fresh, this.#path);
    } catch {
      // A folder that cannot be written to costs the memory of ticks, nothing else.
    }
  }
}

const NOTHING: Progress = { ticks: {}, sightings: [] };

/** What an earlier run kept; nothing where it was about other secrets, or cannot be read. */
function readProgress(path: string, secrets: readonly string[]): Progress {
  try {
    const record = recordSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (!record.success || JSON.stringify(record.data.secrets) !== JSON.stringify(secrets)) return NOTHING;
    const { ticks, sightings } = record.data;
    return { ticks, sightings };
  } catch {
    return NOTHING;
  }
}
