/** The rotation as data for a drawing, on a terminal or on a page. */
import { type DueReport, dueOf, leadAt, startOf } from './due.js';
import type { SecretRef } from './events.js';
import type { Ledger } from './ledger.js';
import type { Phase } from './phase.js';
import type { RotationPolicy } from './policy.js';
import {
  DAY_MS,
  describeSecret,
  endOf,
  evidenceOf,
  holdersOf,
  liveSecrets,
  oldSecret,
  sameSecret,
  targetSecret,
} from './secrets.js';

/** What a secret is for: Google holds it, shall hold it, held it, or nobody knows. */
export type SecretRole = 'current' | 'staged' | 'old' | 'foreign';

export interface TimelineSecret {
  readonly secret: SecretRef;
  /** `interop-b-g2`, or the key id of a foreign one. */
  readonly name: string;
  readonly role: SecretRole;
  readonly keyId?: string | undefined;
  /** When it was asked for; unknown for foreign ones and where the log does not go back that far. */
  readonly start?: Date | undefined;
  readonly end: Date;
  /** When its rotation is due; the newest one's only. */
  readonly lead?: Date | undefined;
  /** Whole days until its end; negative once it is over. */
  readonly daysLeft: number;
  readonly ageDays?: number | undefined;
  readonly confirmed: readonly {
    readonly endpoint: string;
    readonly at: Date;
    readonly how: 'hand' | 'seen';
  }[];
}

export interface Timeline {
  readonly now: Date;
  readonly phase: Phase;
  readonly secrets: readonly TimelineSecret[];
  /** The ledger's log, the oldest first. */
  readonly events: readonly (Omit<Ledger['log'][number], 'at'> & { readonly at: Date })[];
  readonly due: DueReport;
}

/** @throws RangeError when `now` is no time. */
export function timelineOf(ledger: Ledger, policy: RotationPolicy, now: Date): Timeline {
  if (Number.isNaN(now.getTime())) throw new RangeError('now is no time');
  const due = dueOf(ledger, policy, now);
  return {
    now,
    phase: due.phase,
    secrets: liveSecrets(ledger).map((secret) => lineOf(ledger, policy, now, secret)),
    events: ledger.log.map((entry) => ({ ...entry, at: new Date(entry.at) })),
    due,
  };
}

function lineOf(ledger: Ledger, policy: RotationPolicy, now: Date, secret: SecretRef): TimelineSecret {
  const end = endOf(ledger, secret);
  const start = 'slot' in secret ? startOf(ledger, secret) : undefined;
  const isTarget = sameSecret(secret, targetSecret(ledger));
  return {
    secret,
    name: describeSecret(secret),
    role: roleOf(ledger, secret),
    keyId: 'slot' in secret ? ledger.slots[secret.slot]?.keyId : secret.keyId,
    start: start === undefined ? undefined : new Date(start),
    end: new Date(end),
    lead: isTarget ? new Date(leadAt(ledger, policy)) : undefined,
    daysLeft: Math.floor((end - now.getTime()) / DAY_MS),
    ageDays: start === undefined ? undefined : Math.floor((now.getTime() - start) / DAY_MS),
    confirmed: holdersOf(ledger, policy, secret).flatMap((endpoint) => {
      const evidence = evidenceOf(ledger, endpoint);
      return evidence === undefined ? [] : [{ endpoint, at: new Date(evidence.at), how: evidence.how }];
    }),
  };
}

function roleOf(ledger: Ledger, secret: SecretRef): SecretRole {
  if (!('slot' in secret)) return 'foreign';
  if (secret.slot === ledger.current) return 'current';
  const old = oldSecret(ledger);
  return old !== undefined && sameSecret(old, secret) ? 'old' : 'staged';
}
