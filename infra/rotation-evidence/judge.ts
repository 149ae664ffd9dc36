/**
 * What the observations of a hand-over amount to. Pure, and never more than what follows from them:
 *
 * - our own sign-ins look like Google's: only a use of the new secret that is later than our last one counts;
 * - the use alone does not tell which form holds the secret: a form counts as moved when it was saved after the new secret was begun,
 *   the new secret signed in afterwards and the old one did not; or when a look-up through it succeeded so long after the last sign-in
 *   with the old secret that no token of it was left;
 * - what is not told is not silence: without a row about the old secret nothing is said of it;
 * - as long as anything contradicts itself, nothing is confirmed and nothing is silent.
 *
 * Both logs come late by an UNCONFIRMED time. A late report tells of earlier uses, never of later ones: it delays what is said here.
 */
import type { Endpoint } from '../endpoints/google-forms.js';
import {
  describeSecret,
  type JudgedEvidence,
  lastOwnUse,
  liveSecrets,
  type SecretRef,
  type SeenConfirmation,
  type SeenSilence,
  type SlotSecret,
  sameSecret,
  targetSecret,
} from '../rotation/index.js';
import type { Ledger } from '../rotation/ledger.js';
import { formSaved, formUsed, type SecretForm, secretForms } from './console-forms.js';
import type { GoogleLog, KeyUse, Observations } from './observations.js';

/** How far two clocks may differ. */
const SKEW_MS = 10 * 60_000;
/**
 * Longest life of a token: 24 to 28 hours with continuous access evaluation, else up to 90 minutes
 * (learn.microsoft.com/entra/identity-platform/configurable-token-lifetimes, …/conditional-access/concept-continuous-access-evaluation).
 */
const TOKEN_MS = 28 * 3_600_000;

/** What is judged. */
export interface EvidenceCase {
  readonly ledger: Ledger;
  readonly clientId: string;
  readonly endpoints: readonly Endpoint[];
  readonly observations: Observations;
  /** The time by this machine's clock. */
  readonly now: Date;
}

export interface Judgement extends JudgedEvidence {
  /** One line each: what was not checked, and what is still missing before more can be said. */
  readonly why: readonly string[];
}

/** Judges observations of a hand-over to the newest secret of the ledger. */
export function judgeEvidence(subject: EvidenceCase): Judgement {
  const { ledger, observations } = subject;
  const { signIns, google } = observations;
  if (!signIns.checked) return nothing([`Sign-ins were not checked: ${signIns.why}.`]);
  const contradictions = [
    ...contradictionsOfKeys(subject, signIns.value),
    ...(google.checked ? contradictionsOfGoogle(subject, google.value) : []),
  ];
  if (contradictions.length > 0) return { ...nothing([]), contradictions };
  const target = targetSecret(ledger);
  const name = describeSecret(target);
  const uses = lastUses(signIns.value);
  const seen = usesOf(subject, uses);
  if (seen.target === undefined) return nothing([`No sign-in with ${name} is reported yet.`]);
  const unreported = seen.others.filter(({ lastUse }) => lastUse === undefined);
  const why = unreported.map(({ secret }) => `The report does not tell of ${describeSecret(secret)}.`);
  const silent = seen.others.flatMap((other) => silenceOf(other, seen.target));
  const cutOff = ownUseBefore(ledger, target);
  if (cutOff === undefined) {
    return { ...nothing([...why, `The ledger no longer tells when ${name} was begun.`]), silent };
  }
  if (seen.target.getTime() <= cutOff) {
    const since = instant(new Date(cutOff));
    return { ...nothing([...why, `${name} has not signed in since our own last use (${since}).`]), silent };
  }
  if (!google.checked) {
    return { ...nothing([...why, `Google's side was not checked: ${google.why}.`]), silent };
  }
  if (unreported.length > 0) return { ...nothing(why), silent };
  const moved = movedForms({
    subject,
    google: google.value,
    begun: begunAt(ledger, target),
    ...seen,
    used: seen.target,
  });
  return { ...moved, silent, contradictions: [] };
}

function nothing(why: readonly string[]): Judgement {
  return { confirmed: [], silent: [], contradictions: [], why };
}

// ---- what cannot be

function contradictionsOfKeys({ ledger, clientId, now }: EvidenceCase, rows: readonly KeyUse[]): string[] {
  const ends = new Map(
    liveSecrets(ledger).map((secret) => [keyOf(ledger, secret), endOf(ledger, secret)] as const),
  );
  return rows.flatMap(({ keyId, appId, madeAt, lastUse }) => {
    const key = keyId.toLowerCase();
    if (appId !== undefined && appId.toLowerCase() !== clientId.toLowerCase())
      return [`The report tells of key ${key} as one of another application.`];
    if (lastUse === undefined) return [];
    const at = lastUse.getTime();
    const used = `Key ${key} is said to have signed in at ${instant(lastUse)}`;
    if (at > now.getTime() + SKEW_MS) return [`${used}, which has not come yet.`];
    if (madeAt !== undefined && at < madeAt.getTime() - SKEW_MS) return [`${used}, before it was made.`];
    const end = ends.get(key);
    return end !== undefined && at > end + SKEW_MS ? [`${used}, after it had ended.`] : [];
  });
}

function contradictionsOfGoogle({ now }: EvidenceCase, { forms, lookUps }: GoogleLog): string[] {
  const early = [...forms, ...lookUps].filter(({ at }) => at.getTime() > now.getTime() + SKEW_MS);
  return early.slice(0, 1).map(({ at }) => `Google's log tells of ${instant(at)}, which has not come yet.`);
}

// ---- sign-ins

/** The latest use by key id, in lower case; undefined where the report has a row without a time. */
function lastUses(rows: readonly KeyUse[]): ReadonlyMap<string, Date> {
  const uses = new Map<string, Date>();
  for (const { keyId, lastUse } of rows) {
    const key = keyId.toLowerCase();
    const known = uses.get(key);
    if (lastUse !== undefined && (known === undefined || lastUse > known)) uses.set(key, lastUse);
  }
  return uses;
}

interface OtherSecret {
  readonly secret: SecretRef;
  /** Undefined: the report does not tell of it. */
  readonly lastUse: Date | undefined;
}

function usesOf({ ledger }: EvidenceCase, uses: ReadonlyMap<string, Date>) {
  const target = targetSecret(ledger);
  const useOf = (secret: SecretRef) => uses.get(keyOf(ledger, secret) ?? '');
  const others = liveSecrets(ledger)
    .filter((secret) => !sameSecret(secret, target))
    .map((secret): OtherSecret => ({ secret, lastUse: useOf(secret) }));
  const named = new Set(liveSecrets(ledger).map((secret) => keyOf(ledger, secret)));
  const strangers = [...uses].filter(([key]) => !named.has(key)).map(([, lastUse]) => lastUse);
  return { target: useOf(target), others, strangers };
}

function keyOf(ledger: Ledger, secret: SecretRef): string | undefined {
  return ('keyId' in secret ? secret.keyId : ledger.slots[secret.slot]?.keyId)?.toLowerCase();
}

function endOf(ledger: Ledger, secret: SecretRef): number {
  const found =
    'slot' in secret
      ? ledger.slots[secret.slot]
      : ledger.foreign.find(({ keyId }) => keyId.toLowerCase() === secret.keyId.toLowerCase());
  return Date.parse(found?.endDate ?? '');
}

/** The report is known to reach as far as the last use that it tells of the new secret. */
function silenceOf({ secret, lastUse }: OtherSecret, reach: Date | undefined): readonly SeenSilence[] {
  if (lastUse === undefined || reach === undefined || lastUse >= reach) return [];
  const seen = `last sign-in ${instant(lastUse)}, the report reaches to ${instant(reach)}`;
  return [{ secret, lastUse, asOf: reach, seen }];
}

/** When the newest secret was begun; undefined when the ledger has forgotten it. */
function begunAt(ledger: Ledger, { slot, generation }: SlotSecret): number | undefined {
  const first = ledger.log.find((entry) => entry.slot === slot && entry.generation === generation);
  return first === undefined ? undefined : Date.parse(first.at);
}

/** Uses up to then may be our own. */
function ownUseBefore(ledger: Ledger, target: SlotSecret): number | undefined {
  const begun = begunAt(ledger, target);
  if (begun === undefined) return undefined;
  const own = lastOwnUse(ledger, target);
  return Math.max(begun, own === undefined ? begun : Date.parse(own)) + SKEW_MS;
}

// ---- which forms have moved

interface Movement {
  readonly subject: EvidenceCase;
  readonly google: GoogleLog;
  readonly begun: number | undefined;
  /** Last use of the newest secret: later than our own. */
  readonly used: Date;
  readonly others: readonly OtherSecret[];
  /** Last uses of secrets that the ledger does not name: Google may hold one of them. */
  readonly strangers: readonly Date[];
}

/** How a form is known to have moved: a line for the ledger. */
type Moved = string | undefined;

function movedForms(movement: Movement): Pick<Judgement, 'confirmed' | 'why'> {
  const { ledger, endpoints } = movement.subject;
  const target = targetSecret(ledger);
  const forms = secretForms(endpoints);
  const saves = savesOf(movement, forms);
  const lastSave = Math.max(...forms.map((form) => saves.get(form) ?? Number.POSITIVE_INFINITY));
  const bySave = savesHold(forms.length === 1 ? withoutOwnUses(movement) : movement, lastSave);
  const moved = new Map<SecretForm, Moved>(
    forms.map((form) => [
      form,
      (bySave ? savedLine(saves.get(form), movement.used) : undefined) ?? byLookUp(movement, forms, form),
    ]),
  );
  const names = [...new Set(forms.map(({ endpoint }) => endpoint))];
  const open = names.filter((name) =>
    forms.some((form) => form.endpoint === name && moved.get(form) === undefined),
  );
  const confirmed = names
    .filter((name) => !open.includes(name))
    .map((endpoint): SeenConfirmation => {
      const lines = forms.filter((form) => form.endpoint === endpoint).map((form) => moved.get(form) ?? '');
      return { ...target, endpoint, seen: lines[0] ?? '' };
    });
  const why = open.map(
    (name) => `Google's log does not show that ${name} was moved to ${describeSecret(target)} and works.`,
  );
  return { confirmed, why };
}

/** The last save of each form since the newest secret was begun, unless the forms were wiped later. */
function savesOf({ google, begun }: Movement, forms: readonly SecretForm[]): ReadonlyMap<SecretForm, number> {
  const saves = new Map<SecretForm, number>();
  const inOrder = [...google.forms].sort((one, other) => one.at.getTime() - other.at.getTime());
  for (const event of inOrder) {
    if (event.kind === 'reset') {
      saves.clear();
      continue;
    }
    const form = formSaved(forms, event);
    if (form !== undefined && begun !== undefined && event.at.getTime() >= begun)
      saves.set(form, event.at.getTime());
  }
  return saves;
}

/** Saves tell something when all forms were saved, the new secret signed in afterwards, and no other one did. */
function savesHold(movement: Movement, lastSave: number): boolean {
  return movement.used.getTime() >= lastSave && lastOtherUse(movement) < lastSave + SKEW_MS;
}

/**
 * Without other secrets whose last sign-in may be our own: it hides Google's last one. Where a single form holds a secret, Google cannot
 * go on using another one once it uses that of the form, so nothing is lost. Where there are several, one of them may hold the other.
 */
function withoutOwnUses(movement: Movement): Movement {
  const { ledger } = movement.subject;
  const others = movement.others.filter(({ secret, lastUse }) => {
    const own = 'slot' in secret ? lastOwnUse(ledger, secret) : undefined;
    return own === undefined || lastUse === undefined || lastUse.getTime() > Date.parse(own) + SKEW_MS;
  });
  return { ...movement, others };
}

/** The last use of any secret but the newest one; endless where the report does not tell of one that the ledger names. */
function lastOtherUse({ others, strangers }: Movement): number {
  const known = others.map(({ lastUse }) => lastUse?.getTime() ?? Number.POSITIVE_INFINITY);
  return Math.max(...known, ...strangers.map((time) => time.getTime()), Number.NEGATIVE_INFINITY);
}

function savedLine(savedAt: number | undefined, used: Date): Moved {
  return savedAt === undefined
    ? undefined
    : `form saved ${instant(new Date(savedAt))}, sign-in ${instant(used)}`;
}

/** A look-up that can only have been made with the new secret: every token of another one had ended, as far as the report reaches. */
function byLookUp(movement: Movement, forms: readonly SecretForm[], form: SecretForm): Moved {
  const { google, used, begun } = movement;
  const lastOther = Math.max(begun ?? Number.POSITIVE_INFINITY, lastOtherUse(movement));
  const found = google.lookUps.findLast(
    (lookUp) =>
      lookUp.successful &&
      formUsed(forms, lookUp) === form &&
      lookUp.at.getTime() > lastOther + TOKEN_MS &&
      lookUp.at <= used,
  );
  return found === undefined ? undefined : `look-up ${instant(found.at)}, sign-in ${instant(used)}`;
}

function instant(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
