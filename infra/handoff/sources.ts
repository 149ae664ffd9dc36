/**
 * The sources of evidence that there are: Google's audit log, and Microsoft's report of sign-ins by key. What they tell here ticks off
 * steps of a hand-off; whether the ledger may call an endpoint moved is judged more strictly (infra/rotation-evidence/judge.ts).
 */

import type { UseEvent } from '../rotation/index.js';
import type { Ledger } from '../rotation/ledger.js';
import { formatInstant } from '../rotation/ledger.js';
import type { Checked, GoogleLog, GoogleLogReader, KeyUse } from '../rotation-evidence/index.js';
import type { EvidenceSource, Sighting } from './evidence.js';
import { secretToPaste } from './sheet.js';

/** One stack and who can be asked about it. */
export interface WatchedStack {
  readonly name: string;
  readonly ledger: Ledger;
  /** Domains of its endpoints, in lower case. */
  readonly domains: readonly string[];
  /** Google's log; undefined where the stack's configuration does not name Google. */
  readonly google: GoogleLogReader | undefined;
  /** When which key of the registration signed in last. */
  readonly signIns: () => Promise<Checked<readonly KeyUse[]>>;
  /** Our own uses of its secrets that the ledger does not tell of, up to now. */
  readonly ownUses: () => Promise<readonly UseEvent[]>;
}

/** What can be watched for a stack, and what cannot and why. */
export function evidenceSources(stack: WatchedStack): {
  readonly sources: readonly EvidenceSource[];
  readonly missing: readonly string[];
} {
  const key = stack.ledger.slots[secretToPaste(stack.ledger).slot]?.keyId;
  const { google } = stack;
  return {
    sources: [
      ...(google === undefined ? [] : [savedForm(stack.name, google), lookedUp(stack, google)]),
      ...(key === undefined ? [] : [signedIn(stack, key)]),
    ],
    missing: [
      ...(google === undefined
        ? [`Google's audit log, since the stack ${stack.name} does not set calendar-interop:google`]
        : []),
      ...(key === undefined
        ? [`sign-ins, since the ledger of stack ${stack.name} does not know the secret's key id yet`]
        : []),
    ],
  };
}

const GOOGLE_LOG = "Google's audit log";

/** UNCONFIRMED: whether Google logs the save of an endpoint of the Graph type as well. */
function savedForm(stack: string, google: GoogleLogReader): EvidenceSource {
  return {
    kind: 'formSaved',
    stack,
    name: GOOGLE_LOG,
    look: async (since) => {
      const saved = lastSave(told(await google(since)));
      if (saved === undefined) return undefined;
      return {
        kind: 'formSaved',
        stack,
        at: formatInstant(saved.at),
        what: saved.roleAccount === undefined ? 'saved' : `saved with ${saved.roleAccount}`,
      };
    },
  };
}

/** A look-up of somebody in the stack's own domains; once a save is logged, only a later one tells of what was saved. */
function lookedUp({ name, ledger, domains }: WatchedStack, google: GoogleLogReader): EvidenceSource {
  return {
    kind: 'lookUp',
    stack: name,
    name: GOOGLE_LOG,
    look: async (since): Promise<Sighting | undefined> => {
      const log = told(await google(since));
      const saved = lastSave(log)?.at;
      if (saved === undefined && secretToPaste(ledger).staged) return undefined;
      const found = log.lookUps.find(
        ({ at, successful, calendar }) =>
          successful && at >= (saved ?? since) && domains.includes(domainOf(calendar)),
      );
      if (found === undefined) return undefined;
      return {
        kind: 'lookUp',
        stack: name,
        at: formatInstant(found.at),
        what: `${found.calendar} was looked up`,
      };
    },
  };
}

/** Our own sign-ins look like Google's: only a later one than our last counts. */
function signedIn({ name, ledger, signIns, ownUses }: WatchedStack, keyId: string): EvidenceSource {
  return {
    kind: 'signIn',
    stack: name,
    name: "Microsoft's report of sign-ins",
    look: async () => {
      const row = told(await signIns()).find((use) => use.keyId.toLowerCase() === keyId.toLowerCase());
      const begun = lastOwnUse(ledger, []);
      if (row?.lastUse === undefined || begun === undefined || row.lastUse.getTime() <= begun)
        return undefined;
      // Asked when it matters: somebody may run verify while this waits.
      const own = lastOwnUse(ledger, await ownUses()) ?? begun;
      if (row.lastUse.getTime() <= own) return undefined;
      return {
        kind: 'signIn',
        stack: name,
        at: formatInstant(row.lastUse),
        what: `${secretToPaste(ledger).name} signed in`,
      };
    },
  };
}

/** How far two clocks may differ, and how long our own sign-in takes to be reported as one. */
const SKEW_MS = 10 * 60_000;

/** Until when a sign-in with the secret may be our own; undefined where the ledger's log no longer tells when it was made. */
function lastOwnUse(ledger: Ledger, noted: readonly UseEvent[]): number | undefined {
  const { slot, generation } = secretToPaste(ledger);
  const times = ledger.log
    .filter((entry) => entry.slot === slot && entry.generation === generation)
    .filter(({ event }) => event === 'init' || event === 'stage' || event === 'use')
    .map(({ at }) => Date.parse(at));
  if (times.length === 0) return undefined;
  const later = noted
    .filter((use) => use.slot === slot && use.generation === generation)
    .flatMap(({ usedAt }) => (usedAt === undefined ? [] : [usedAt.getTime()]));
  return Math.max(...times, ...later) + SKEW_MS;
}

/** The last save of the form, unless it was wiped afterwards. */
function lastSave({
  forms,
}: GoogleLog): { readonly at: Date; readonly roleAccount?: string | undefined } | undefined {
  const last = forms.at(-1);
  return last?.kind === 'saved' ? last : undefined;
}

function told<T>(answer: Checked<T>): T {
  if (answer.checked) return answer.value;
  throw new Error(answer.why);
}

function domainOf(calendar: string | undefined): string {
  return calendar?.slice(calendar.lastIndexOf('@') + 1).toLowerCase() ?? '';
}
