/** What an event may do to a ledger, and what every event is judged by. */
import type { Ledger } from '../ledger.js';
import type { RotationPolicy } from '../policy.js';
import type { Refusal } from '../refusal.js';

export type LogEntry = Ledger['log'][number];

export type Evidence = Ledger['confirmed'][string];

/** What an event does to the ledger, before revision, log and order of keys are seen to. */
export interface Change extends Partial<Omit<Ledger, 'version' | 'revision' | 'log'>> {
  /** Without it the event is not remembered. */
  readonly log?: readonly Omit<LogEntry, 'at'>[];
}

export type Step = Change | Refusal | 'same';

/** What all events are judged by. */
export interface Judge {
  readonly ledger: Ledger;
  readonly policy: RotationPolicy;
  readonly now: Date;
  readonly at: string;
}
