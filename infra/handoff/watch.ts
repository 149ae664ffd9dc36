/** Waits for evidence: asks every source in turn until all have seen something, or time is up. */
import type { EvidenceSource, Sighting } from './evidence.js';

export interface WatchOptions {
  readonly sources: readonly EvidenceSource[];
  /** Events before it mean another secret. */
  readonly since: Date;
  readonly intervalMs: number;
  /** Ends the watch; also when time is up. */
  readonly signal: AbortSignal;
  readonly onSighting: (sighting: Sighting) => void;
  /** Told when a source cannot be asked, each different reason once; the watch goes on. */
  readonly onTrouble: (source: EvidenceSource, error: unknown) => void;
  /** Waits; ends early without an error when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** @returns the sources that have seen nothing when the watch ended */
export async function watchEvidence(options: WatchOptions): Promise<readonly EvidenceSource[]> {
  const { signal, intervalMs, sleep } = options;
  const troubles = new Set<string>();
  let waiting = options.sources;
  while (waiting.length > 0 && !signal.aborted) {
    const seen = await Promise.all(waiting.map((source) => lookOnce(source, options, troubles)));
    waiting = waiting.filter((_, index) => seen[index] !== true);
    if (waiting.length > 0 && !signal.aborted) await sleep(intervalMs, signal);
  }
  return waiting;
}

async function lookOnce(
  source: EvidenceSource,
  { since, signal, onSighting, onTrouble }: WatchOptions,
  troubles: Set<string>,
): Promise<boolean> {
  try {
    const sighting = await source.look(since, signal);
    if (sighting === undefined) return false;
    onSighting(sighting);
    return true;
  } catch (error) {
    const key = `${source.kind} ${source.stack} ${error instanceof Error ? error.message : String(error)}`;
    if (!signal.aborted && !troubles.has(key)) onTrouble(source, error);
    troubles.add(key);
    return false;
  }
}
