/**
 * The rotation as a pure function: `(ledger, event, policy, now) -> ledger | refusal`.
 *
 * It never throws, whatever the event and the clock; a refusal leaves the ledger as it is. What it keeps, in docs/rotation.md:
 * never three secrets, never none, the one in use neither made anew nor removed unless a revoke demands it.
 */
import { isGuid } from '../config/values.js';
import type {
  AdoptEvent,
  HandConfirmEvent,
  MadeEvent,
  RemoveEvent,
  RestoreEvent,
  RetireEvent,
  RevokeEvent,
  RotationEvent,
  SecretRef,
  SeenConfirmation,
  SeenConfirmEvent,
  SeenSilence,
  SlotSecret,
  StageEvent,
  UseEvent,
} from './events.js';
import { formatInstant, type Ledger, LOG_LENGTH, MAX_LIVE_SECRETS, SLOTS, type SlotName } from './ledger.js';
import type { RotationPolicy } from './policy.js';
import type { Refusal, RefusalCode } from './refusal.js';
import {
  awaitedEndpoints,
  DAY_MS,
  describeSecret,
  evidenceOf,
  highestGeneration,
  isSwitched,
  lastEventAt,
  lastOwnUse,
  liveSecrets,
  oldSecret,
  otherSlot,
  sameKey,
  sameSecret,
  secretOf,
  slotSecrets,
  switchedAt,
  targetSecret,
} from './secrets.js';

/** How far two clocks may differ before one of them is called wrong. */
export const CLOCK_TOLERANCE_MS = 10 * 60_000;

/**
 * By how much a restored ledger is newer: revisions that were written after the state's last update, and never run, must not count as
 * newer than it when they turn up in another checkout.
 */
const RESTORE_LEAP = 1000;

/** What became of an event. `changed` is false when the ledger said so already: nothing is to be written. */
export type Outcome =
  | { readonly ledger: Ledger; readonly changed: boolean; readonly refusal?: undefined }
  | { readonly refusal: Refusal };

type LogEntry = Ledger['log'][number];
type Evidence = Ledger['confirmed'][string];

/** An entry for the log, of the event's own time unless it tells of an earlier one. */
type News = Omit<LogEntry, 'at'> & Partial<Pick<LogEntry, 'at'>>;

/** What an event does to the ledger, before revision, log and order of keys are seen to. */
interface Change extends Partial<Omit<Ledger, 'version' | 'revision' | 'log'>> {
  /** Without it the event is not remembered. */
  readonly log?: readonly News[];
}

type Step = Change | Refusal | 'same';

/** What all events are judged by. */
interface Judge {
  readonly ledger: Ledger;
  readonly policy: RotationPolicy;
  readonly now: Date;
  readonly at: string;
}

/**
 * The ledger after an event, or why there is none.
 *
 * @param now the time by the clock of the machine that the command runs on.
 */
export function reduce(ledger: Ledger, event: RotationEvent, policy: RotationPolicy, now: Date): Outcome {
  const at = instantOf(now);
  if (at === undefined) return { refusal: badTime('the time of this machine', now) };
  const step = stepOf({ ledger, policy, now, at }, event);
  if (step === 'same') return { ledger, changed: false };
  if ('code' in step) return { refusal: step };
  return {
    ledger: changed(event.type === 'restore' ? { ...event.from } : ledger, ledger, step, at),
    changed: true,
  };
}

function stepOf(judge: Judge, event: RotationEvent): Step {
  switch (event.type) {
    case 'made':
      return made(judge, event);
    case 'finish':
      return finish(judge);
    case 'use':
      return used(judge, event);
    case 'restore':
      return restore(judge, event);
    case 'revoke':
      return revoke(judge, event);
    case 'stage':
      return pendingFirst(judge) ?? stage(judge, event);
    case 'confirm':
      return (
        pendingFirst(judge) ??
        (event.how === 'hand' ? confirmByHand(judge, event) : confirmSeen(judge, event))
      );
    case 'retire':
      return pendingFirst(judge) ?? retire(judge, event);
    case 'adopt':
      return pendingFirst(judge) ?? adopt(judge, event);
    case 'remove':
      return pendingFirst(judge) ?? remove(judge, event);
  }
}

/** Puts a change into the ledger's one form: keys in order, evidence about dead secrets gone, the log cut. */
function changed(base: Ledger, file: Ledger, { log = [], ...change }: Change, at: string): Ledger {
  const next = { ...base, ...change };
  const live = liveSecrets(next);
  const highest = Math.max(highestGeneration(base), highestGeneration(next));
  const { pending, revoking } = next;
  return {
    version: next.version,
    revision: Math.max(base.revision, file.revision) + (base === file ? 1 : RESTORE_LEAP),
    slots: slotsInOrder(next.slots),
    ...(highest > targetSecret(next).generation ? { lastGeneration: highest } : {}),
    current: next.current,
    foreign: next.foreign,
    ...(pending === undefined ? {} : { pending }),
    ...(revoking !== undefined && includes(live, secretOf(revoking)) ? { revoking } : {}),
    confirmed: Object.fromEntries(
      Object.entries(next.confirmed).filter(([, evidence]) => includes(live, evidence)),
    ),
    log: logged(next.log, log, at),
  };
}

/** The last events. Of our own sign-ins with a secret only the last one counts. */
function logged(log: Ledger['log'], news: readonly News[], now: string): Ledger['log'] {
  const outdated = (entry: LogEntry) =>
    news.some(
      ({ event, slot, generation }) =>
        event === 'use' && entry.event === 'use' && entry.slot === slot && entry.generation === generation,
    );
  const kept = log.filter((entry) => !outdated(entry));
  return news.reduce<Ledger['log']>((all, entry) => withEntry(all, entry, now), kept).slice(-LOG_LENGTH);
}

/** What is told late takes its place in time: the last entry stays that of the last event. */
function withEntry(log: Ledger['log'], { at, ...entry }: News, now: string): Ledger['log'] {
  if (at === undefined) return [...log, { at: now, ...entry }];
  const place = log.findLastIndex((known) => known.at <= at) + 1;
  return [...log.slice(0, place), { at, ...entry }, ...log.slice(place)];
}

function slotsInOrder(slots: Ledger['slots']): Ledger['slots'] {
  return Object.fromEntries(
    SLOTS.flatMap((slot) => (slots[slot] === undefined ? [] : [[slot, slots[slot]]])),
  );
}

function includes(secrets: readonly SecretRef[], secret: SecretRef): boolean {
  return secrets.some((candidate) => sameSecret(candidate, secret));
}

// ---- what was begun

function pendingFirst({ ledger: { pending } }: Judge): Refusal | undefined {
  if (pending === undefined) return undefined;
  return refuse('pending', {
    what: 'something was begun that has not been carried out yet',
    found: `${pending.event} of ${describeSecret(secretOf(pending))} since ${pending.at}`,
    allowed: 'the next step once that is finished',
    next: [['rotation', 'run']],
  });
}

function made({ ledger }: Judge, { slot, generation, keyId }: MadeEvent): Step {
  const secret = ledger.slots[slot];
  if (!isGuid(keyId)) return badKeyId(keyId);
  if (secret?.generation !== generation) {
    return refuse('otherGeneration', {
      what: `the secret in slot ${slot} is not the one that the ledger names`,
      found: describeSecret({ slot, generation }),
      allowed:
        secret === undefined
          ? 'nothing: the slot is empty'
          : describeSecret({ slot, generation: secret.generation }),
      next: [['up'], ['rotation', 'restore']],
    });
  }
  if (sameKey(keyId, secret.keyId)) return 'same';
  if (sameKey(keyId, ledger.slots[otherSlot(slot)]?.keyId) || isForeign(ledger, keyId)) {
    return refuse('keyInSlot', {
      what: `the key id of slot ${slot} stands for another secret in the ledger`,
      found: keyId,
      allowed: 'a key id of its own for every secret',
      next: [['rotation', 'status'], ['drift']],
    });
  }
  // Another key id means another value: what Google holds of the former one is of no use any more.
  const confirmed =
    secret.keyId === undefined
      ? ledger.confirmed
      : withoutHolders(ledger.confirmed, (evidence) => sameSecret(evidence, { slot, generation }));
  return {
    slots: { ...ledger.slots, [slot]: { generation, endDate: secret.endDate, keyId: keyId.toLowerCase() } },
    confirmed,
  };
}

function finish({ ledger }: Judge): Step {
  const { pending } = ledger;
  if (pending === undefined) return 'same';
  const missing = slotSecrets(ledger).find(({ slot }) => ledger.slots[slot]?.keyId === undefined);
  if (pending.keyId !== undefined || missing === undefined) return { pending: undefined };
  return refuse('notMade', {
    what: `the secret in slot ${missing.slot} has not been made yet`,
    found: `no key id for ${describeSecret(missing)}`,
    allowed: 'the end of what was begun once Entra gave every secret its key id',
    next: [['rotation', 'run'], ['up']],
  });
}

function used({ ledger, now, at }: Judge, { slot, generation, usedAt, note }: UseEvent): Step {
  const secret = ledger.slots[slot];
  if (secret === undefined || (generation ?? secret.generation) !== secret.generation)
    return emptySlot(ledger, slot);
  const entry = { event: 'use', slot, generation: secret.generation, ...noted({ note }) } as const;
  if (usedAt === undefined) return { log: [entry] };
  // By a clock that is ahead the use would lie in the future: it was before now.
  const time = usedAt > now ? at : instantOf(usedAt);
  if (time === undefined) return badTime('the time of the use', usedAt);
  const known = lastOwnUse(ledger, entry);
  return known !== undefined && known >= time ? 'same' : { log: [{ at: time, ...entry }] };
}

function restore({ ledger }: Judge, { from, lost, by }: RestoreEvent): Step {
  if (lost !== true && JSON.stringify(from) === JSON.stringify(ledger)) return 'same';
  if (ledger.revision > from.revision) {
    return refuse('notOlder', {
      what: "the ledger is newer than the state's: there is nothing to restore",
      found: `revision ${ledger.revision}, and ${from.revision} in the state`,
      allowed: "a ledger that is older than the state's, or differs at the same revision",
      next: [['up'], ['rotation', 'run']],
    });
  }
  const lastGeneration = Math.max(highestGeneration(from), highestGeneration(ledger));
  const current = namedSecret(from, { slot: from.current });
  if ('code' in current) return current;
  return { lastGeneration, log: [{ event: 'restore', ...current, ...noted({ by }) }] };
}

// ---- a new secret

function stage(judge: Judge, { by, entraTime }: StageEvent): Step {
  const { ledger, at } = judge;
  const [newest, old] = [targetSecret(ledger), oldSecret(ledger)];
  if (old !== undefined) return noFreeSlot(judge, newest, old);
  const slot = otherSlot(newest.slot);
  const secret = newSecret(judge, entraTime, 'asWished');
  if ('code' in secret) return secret;
  const { generation } = secret;
  return {
    slots: { ...ledger.slots, [slot]: secret },
    pending: { event: 'stage', slot, generation, at },
    log: [{ event: 'stage', slot, generation, ...noted({ by }) }],
  };
}

function noFreeSlot({ ledger, policy }: Judge, newest: SlotSecret, old: SecretRef): Refusal {
  const switched = isSwitched(ledger, policy);
  return refuse(switched || !('slot' in old) ? 'noRoom' : 'staged', {
    what: `there are two secrets already: a third would go beyond ${MAX_LIVE_SECRETS}`,
    found: `${describeSecret(newest)} and ${describeSecret(old)}`,
    allowed: 'a new secret once the old one is gone',
    next: switched
      ? [['rotation', 'retire']]
      : [['handoff'], ['rotation', 'confirm'], ['rotation', 'revoke', newest.slot, '--now']],
  });
}

/** The next generation with its end, unless the clock or the tenant forbids it. */
function newSecret(
  { ledger, policy, now }: Judge,
  entraTime: Date | undefined,
  life: 'asWished' | 'asAllowed',
): { readonly generation: number; readonly endDate: string } | Refusal {
  const { lifetimeDays, longestLifeDays } = policy;
  const clock = clockProblem(ledger, entraTime, now);
  if (clock !== undefined) return clock;
  if (longestLifeDays !== undefined && longestLifeDays < 1) {
    return refuse('secretsForbidden', {
      what: "the tenant's app management policy forbids client secrets",
      found: 'passwordAddition is restricted',
      allowed: 'an exemption for this registration, which an administrator of the tenant can give',
      next: [['rotation', 'status']],
    });
  }
  if (life === 'asWished' && longestLifeDays !== undefined && lifetimeDays > longestLifeDays) {
    return refuse('lifeTooLong', {
      what: "the tenant's app management policy does not allow a secret to live that long",
      found: `secret.lifetimeDays of ${lifetimeDays} days`,
      allowed: `at most ${longestLifeDays} days: set secret.lifetimeDays to ${longestLifeDays}`,
      next: [['rotation', 'stage']],
    });
  }
  const days = Math.min(lifetimeDays, longestLifeDays ?? lifetimeDays);
  const endDate = instantOf(new Date(now.getTime() + days * DAY_MS));
  if (endDate === undefined) return badTime('the end of the new secret', now);
  return { generation: highestGeneration(ledger) + 1, endDate };
}

/** An end date from a wrong clock would be too early or too late. Entra's clock decides, where it was asked. */
function clockProblem(ledger: Ledger, entraTime: Date | undefined, now: Date): Refusal | undefined {
  const last = lastEventAt(ledger);
  if (entraTime !== undefined && !(Math.abs(now.getTime() - entraTime.getTime()) <= CLOCK_TOLERANCE_MS)) {
    return refuse('clockWrong', {
      what: "this machine's clock is wrong",
      found: `${describeTime(now)}, while Entra's clock says ${describeTime(entraTime)}`,
      allowed: 'a difference of up to ten minutes: set the clock and repeat',
      next: [['rotation', 'status']],
    });
  }
  if (entraTime === undefined && last !== undefined && last - now.getTime() > CLOCK_TOLERANCE_MS) {
    return refuse('clockBehind', {
      what: "this machine's clock is behind the ledger",
      found: `${describeTime(now)}, while the ledger's last event was at ${describeTime(new Date(last))}`,
      allowed: 'a time after the last event; a confirmation by hand takes the present clock as right',
      next: [
        ['rotation', 'status'],
        ['rotation', 'confirm'],
      ],
    });
  }
  return undefined;
}

// ---- the hand-over

function confirmByHand(judge: Judge, event: HandConfirmEvent): Step {
  const { ledger, policy, at } = judge;
  const slot = event.slot ?? targetSecret(ledger).slot;
  const generation = ledger.slots[slot]?.generation;
  if (generation === undefined) return emptySlot(ledger, slot);
  const names = event.endpoints.length === 0 ? policy.endpoints : event.endpoints;
  const unknown = names.find((name) => !policy.endpoints.includes(name));
  if (unknown !== undefined) return unknownEndpoint(policy, unknown);
  const evidence: Evidence = { slot, generation, at, how: 'hand', ...noted({ by: event.by }) };
  return {
    ...confirmedAs(judge, new Map(names.map((name) => [name, evidence]))),
    log: [{ event: 'confirm', slot, generation, ...noted({ by: event.by, note: names.join(', ') }) }],
  };
}

function confirmSeen(judge: Judge, { seen }: SeenConfirmEvent): Step {
  const { ledger, policy, at } = judge;
  const unknown = seen.find(({ endpoint }) => !policy.endpoints.includes(endpoint));
  if (unknown !== undefined) return unknownEndpoint(policy, unknown.endpoint);
  const dead = seen.find((one) => !includes(slotSecrets(ledger), one));
  if (dead !== undefined) return emptySlot(ledger, dead.slot);
  const news = seen.filter((one) => !isKnown(ledger, one));
  const [first] = news;
  if (seen.length === 0 || new Set(seen.map(({ endpoint }) => endpoint)).size !== seen.length) {
    return refuse('nothingSeen', {
      what: 'there is no clear evidence',
      found: seen.length === 0 ? 'none' : 'an endpoint named twice',
      allowed: 'one piece of evidence for each endpoint',
      next: [
        ['rotation', 'status'],
        ['rotation', 'confirm'],
      ],
    });
  }
  if (first === undefined) return 'same';
  const evidence = news.map(({ endpoint, slot, generation, seen: text }): [string, Evidence] => [
    endpoint,
    { slot, generation, at, how: 'seen', ...noted({ seen: text }) },
  ]);
  return {
    ...confirmedAs(judge, new Map(evidence)),
    log: [
      {
        event: 'confirm',
        slot: first.slot,
        generation: first.generation,
        ...noted({ note: news.map(({ endpoint, seen: text }) => `${endpoint}: ${text}`).join('; ') }),
      },
    ],
  };
}

function isKnown(ledger: Ledger, { endpoint, slot, generation }: SeenConfirmation): boolean {
  const known = evidenceOf(ledger, endpoint);
  return known !== undefined && sameSecret(known, { slot, generation });
}

/** The secret in use moves to the newest one when all endpoints hold it, and back when one of them turns out not to. */
function confirmedAs(
  { ledger, policy }: Judge,
  news: ReadonlyMap<string, Evidence>,
): Pick<Change, 'confirmed' | 'current'> {
  const confirmed = { ...ledger.confirmed, ...Object.fromEntries(news) };
  const target = targetSecret(ledger);
  if (awaitedEndpoints({ ...ledger, confirmed }, policy).length === 0)
    return { confirmed, current: target.slot };
  const back = [...news.values()].find((evidence) => !sameSecret(evidence, target));
  return { confirmed, current: back === undefined ? ledger.current : back.slot };
}

// ---- the end of a secret

function retire(judge: Judge, { silence }: RetireEvent): Step {
  const { ledger, policy, at } = judge;
  const old = oldSecret(ledger);
  if (old === undefined) {
    return refuse('nothingOld', {
      what: 'there is no old secret to retire',
      found: `${describeSecret(targetSecret(ledger))} alone`,
      allowed: 'retiring the older of two secrets',
      next: [
        ['rotation', 'status'],
        ['rotation', 'stage'],
      ],
    });
  }
  if (!isSwitched(ledger, policy)) {
    const awaited = awaitedEndpoints(ledger, policy);
    return refuse('notConfirmed', {
      what: 'Google is not known to hold the new secret everywhere',
      found: awaited.length === 0 ? 'no confirmation' : `no confirmation for ${awaited.join(', ')}`,
      allowed: `retiring ${describeSecret(old)} once every endpoint is confirmed for ${describeSecret(targetSecret(ledger))}`,
      next: [['handoff'], ['rotation', 'confirm', ...awaited]],
    });
  }
  const noisy = silence.how === 'seen' ? whyNotSilent(judge, old, silence) : undefined;
  if (noisy !== undefined) return noisy;
  const note = silence.how === 'seen' ? { note: silence.seen } : { by: silence.by };
  return { ...without(ledger, old, at, 'retire'), log: [{ event: 'retire', ...old, ...noted(note) }] };
}

/** Silence is a stretch without sign-ins that began after the last endpoint had moved, and is long enough. */
function whyNotSilent(
  { ledger, policy, now }: Judge,
  old: SecretRef,
  silence: SeenSilence,
): Refusal | undefined {
  const began = Math.max(
    silence.lastUse?.getTime() ?? Number.NEGATIVE_INFINITY,
    switchedAt(ledger, policy) ?? 0,
  );
  // Confirmation is by our clock, sign-ins are by theirs: the earlier of both ends the stretch.
  const days = (Math.min(silence.asOf.getTime(), now.getTime()) - began) / DAY_MS;
  if (sameSecret(silence.secret, old) && days >= policy.quietDays) return undefined;
  return refuse('notSilent', {
    what: `there is no evidence that ${describeSecret(old)} is out of use`,
    found: sameSecret(silence.secret, old)
      ? `its silence since ${describeTime(new Date(began))} is known up to ${describeTime(silence.asOf)}`
      : `evidence about ${describeSecret(silence.secret)}`,
    allowed: `a silence of ${policy.quietDays} days after the last endpoint was confirmed, or a person's word`,
    next: [
      ['rotation', 'status'],
      ['rotation', 'retire'],
    ],
  });
}

function revoke(judge: Judge, event: RevokeEvent): Step {
  const { ledger } = judge;
  const secret = namedSecret(ledger, event.secret);
  if ('code' in secret) return secret;
  const wait = undoesPending(ledger, event, secret) ? undefined : pendingFirst(judge);
  if (wait !== undefined) return wait;
  return event.when === 'now'
    ? revokeNow(judge, event, secret)
    : revokeLater(judge, event, secret, event.when.deadline);
}

/** A secret that cannot be made, as where the tenant forbids it, must not block everything else: it may be taken back. */
function undoesPending({ pending }: Ledger, { when }: RevokeEvent, secret: SecretRef): boolean {
  return when === 'now' && pending?.event === 'stage' && sameSecret(secretOf(pending), secret);
}

function namedSecret(ledger: Ledger, named: RevokeEvent['secret']): SecretRef | Refusal {
  if ('slot' in named) {
    const generation = ledger.slots[named.slot]?.generation;
    return generation === undefined ? emptySlot(ledger, named.slot) : { slot: named.slot, generation };
  }
  if (isForeign(ledger, named.keyId)) return { keyId: named.keyId.toLowerCase() };
  return unknownKey(ledger, named.keyId);
}

function revokeNow(judge: Judge, { by, entraTime }: RevokeEvent, secret: SecretRef): Step {
  const { ledger, at } = judge;
  const log = { event: 'revoke', ...secret, ...noted({ by, note: 'now' }) } as const;
  const alone = 'slot' in secret && slotSecrets(ledger).length === 1;
  if (!alone) return { ...without(ledger, secret, at, 'revoke'), log: [log] };
  const successor = newSecret(judge, entraTime, 'asAllowed');
  if ('code' in successor) return successor;
  // In the other slot the successor is made before the revoked one goes; beside a foreign secret that would be a third.
  const slot = ledger.foreign.length === 0 ? otherSlot(secret.slot) : secret.slot;
  return {
    slots: { [slot]: successor },
    current: slot,
    pending: { event: 'revoke', ...secret, at },
    log: [log, { event: 'stage', slot, generation: successor.generation, ...noted({ by }) }],
  };
}

function revokeLater(judge: Judge, { by, entraTime }: RevokeEvent, secret: SecretRef, deadline: Date): Step {
  const { ledger, now, at } = judge;
  const until = instantOf(deadline);
  if (until === undefined) return badTime('the deadline', deadline);
  const again: readonly string[] = 'slot' in secret ? [secret.slot] : [secret.keyId];
  if (deadline.getTime() <= now.getTime()) {
    return refuse('deadlinePast', {
      what: 'the deadline has passed',
      found: until,
      allowed: `a time after ${at}`,
      next: [['rotation', 'revoke', ...again, '--now']],
    });
  }
  const { revoking } = ledger;
  if (revoking !== undefined && !sameSecret(secretOf(revoking), secret)) {
    return refuse('revokingOther', {
      what: 'another secret is being revoked',
      found: describeSecret(secretOf(revoking)),
      allowed: 'one at a time; at once is always possible',
      next: [
        ['rotation', 'status'],
        ['rotation', 'revoke', ...again, '--now'],
      ],
    });
  }
  const demand: Change = {
    revoking: { ...secret, at, deadline: until, ...noted({ by }) },
    log: [{ event: 'revoke', ...secret, ...noted({ by, note: `after the switch, at the latest ${until}` }) }],
  };
  const old = oldSecret(ledger);
  if (old !== undefined) {
    if (sameSecret(old, secret)) return demand;
    return refuse('revokeNowInstead', {
      what: `${describeSecret(secret)} is the newest secret: Google cannot be moved away from it while there are two`,
      found: `${describeSecret(secret)} beside ${describeSecret(old)}`,
      allowed: 'revoking the older one after the switch, or this one at once',
      next: [
        ['rotation', 'revoke', ...again, '--now'],
        ['rotation', 'retire'],
      ],
    });
  }
  const staged = stage(judge, { type: 'stage', by, entraTime });
  if (staged === 'same' || 'code' in staged) return staged;
  return { ...staged, ...demand, log: [...(staged.log ?? []), ...(demand.log ?? [])] };
}

/** The ledger without a secret, and the removal begun. The secret in use moves when its own is removed. */
function without(
  ledger: Ledger,
  secret: SecretRef,
  at: string,
  event: 'retire' | 'revoke' | 'remove',
): Change {
  const pending = { event, ...secret, at };
  if (!('slot' in secret))
    return { foreign: ledger.foreign.filter(({ keyId }) => !sameKey(keyId, secret.keyId)), pending };
  const other = otherSlot(secret.slot);
  return { slots: { [other]: ledger.slots[other] }, current: other, pending };
}

// ---- secrets without a slot

function adopt({ ledger }: Judge, { keyId, endDate, by }: AdoptEvent): Step {
  if (!isGuid(keyId)) return badKeyId(keyId);
  const ends = instantOf(endDate);
  if (ends === undefined) return badTime('the end of the secret', endDate);
  if (isForeign(ledger, keyId)) return 'same';
  const slot = SLOTS.find((name) => sameKey(keyId, ledger.slots[name]?.keyId));
  if (slot !== undefined) return keyInSlot(slot, keyId);
  const live = liveSecrets(ledger);
  if (live.length >= MAX_LIVE_SECRETS) {
    return refuse('noRoom', {
      what: `there are ${MAX_LIVE_SECRETS} secrets already`,
      found: live.map(describeSecret).join(' and '),
      allowed: 'adopting a secret once one of them is gone',
      next: [
        ['rotation', 'status'],
        ['rotation', 'retire'],
      ],
    });
  }
  return {
    foreign: [...ledger.foreign, { keyId: keyId.toLowerCase(), endDate: ends }],
    log: [{ event: 'adopt', keyId: keyId.toLowerCase(), ...noted({ by }) }],
  };
}

function remove({ ledger, policy, at }: Judge, { keyId, by, lastUse, force }: RemoveEvent): Step {
  if (!isGuid(keyId)) return badKeyId(keyId);
  const slot = SLOTS.find((name) => sameKey(keyId, ledger.slots[name]?.keyId));
  if (slot !== undefined) return keyInSlot(slot, keyId);
  const unknown = policy.endpoints.filter((name) => evidenceOf(ledger, name) === undefined);
  const confirmedAt = Math.max(...Object.values(ledger.confirmed).map((evidence) => Date.parse(evidence.at)));
  const usedSince = lastUse !== undefined && !(lastUse.getTime() < confirmedAt);
  if (force !== true && (unknown.length > 0 || usedSince)) {
    return refuse('mayBeInUse', {
      what: 'Google may be using this secret: without it look-ups stop',
      found: usedSince
        ? `a sign-in at ${describeTime(lastUse)}`
        : `no confirmation that ${unknown.join(', ')} ${unknown.length === 1 ? 'holds' : 'hold'} another secret`,
      allowed: 'removal once every endpoint is confirmed for another secret, or by force',
      next: [
        ['rotation', 'confirm', ...unknown],
        ['rotation', 'remove', keyId, '--force'],
      ],
    });
  }
  return {
    ...without(ledger, { keyId: keyId.toLowerCase() }, at, 'remove'),
    log: [{ event: 'remove', keyId: keyId.toLowerCase(), ...noted({ by }) }],
  };
}

function isForeign(ledger: Ledger, keyId: string): boolean {
  return ledger.foreign.some((secret) => sameKey(secret.keyId, keyId));
}

// ---- small things

function refuse(code: RefusalCode, words: Omit<Refusal, 'code'>): Refusal {
  return { code, ...words };
}

function emptySlot(ledger: Ledger, slot: SlotName): Refusal {
  return refuse('emptySlot', {
    what: `slot ${slot} does not hold this secret`,
    found:
      ledger.slots[slot] === undefined
        ? 'an empty slot'
        : describeSecret({ slot, generation: ledger.slots[slot].generation }),
    allowed: slotSecrets(ledger).map(describeSecret).join(' or '),
    next: [['rotation', 'status']],
  });
}

function unknownEndpoint(policy: RotationPolicy, name: string): Refusal {
  return refuse('unknownEndpoint', {
    what: 'no endpoint of this name holds the secret',
    found: JSON.stringify(name),
    allowed:
      policy.endpoints.length === 0 ? 'none: all endpoints are on premises' : policy.endpoints.join(', '),
    next: [['rotation', 'status']],
  });
}

function unknownKey(ledger: Ledger, keyId: string): Refusal {
  return refuse('noForeign', {
    what: 'the ledger names no secret outside of the slots with this key id',
    found: JSON.stringify(keyId),
    allowed: ledger.foreign.map((secret) => secret.keyId).join(' or ') || 'none',
    next: [
      ['rotation', 'status'],
      ['rotation', 'remove', keyId],
    ],
  });
}

function badKeyId(keyId: string): Refusal {
  return refuse('badKeyId', {
    what: 'this is not a key id',
    found: JSON.stringify(keyId),
    allowed: 'a GUID, as `rotation status` shows it',
    next: [['rotation', 'status']],
  });
}

function badTime(where: string, time: Date): Refusal {
  return refuse('badTime', {
    what: `${where} is no time that can be written`,
    found: describeTime(time),
    allowed: 'a moment in the years 0 to 9999',
    next: [['rotation', 'status']],
  });
}

function keyInSlot(slot: SlotName, keyId: string): Refusal {
  return refuse('keyInSlot', {
    what: `this secret lies in slot ${slot}`,
    found: keyId,
    allowed: 'a secret outside of the slots; one in a slot is retired or revoked',
    next: [
      ['rotation', 'retire'],
      ['rotation', 'revoke', slot, '--now'],
    ],
  });
}

function withoutHolders(
  confirmed: Ledger['confirmed'],
  drop: (evidence: Evidence) => boolean,
): Ledger['confirmed'] {
  return Object.fromEntries(Object.entries(confirmed).filter(([, evidence]) => !drop(evidence)));
}

/** A moment as the ledger writes it; undefined when it cannot. */
function instantOf(time: Date): string | undefined {
  try {
    return formatInstant(time);
  } catch {
    return undefined;
  }
}

function describeTime(time: Date): string {
  return instantOf(time) ?? 'no time';
}

/** Longest note that the ledger takes. */
const NOTE_LENGTH = 200;

/** Words for the ledger: one short line each, left out when nothing of them can be shown. */
function noted<K extends 'by' | 'note' | 'seen'>(
  words: Readonly<Record<K, string | undefined>> | Readonly<Partial<Record<K, string>>>,
): Partial<Record<K, string>> {
  const lines: Partial<Record<K, string>> = {};
  for (const [key, text] of Object.entries(words) as [K, string | undefined][]) {
    const line = oneLine(text ?? '');
    if (line !== '') lines[key] = line;
  }
  return lines;
}

function oneLine(text: string): string {
  let line = '';
  for (const character of text.replaceAll(/\p{C}+/gu, ' ').trim()) {
    if (line.length + character.length > NOTE_LENGTH) break;
    line += character;
  }
  return line.trim();
}
