/** The end of an old secret that Google has left behind. */
import type { RetireEvent, SecretRef, SeenSilence } from '../events.js';
import type { Refusal } from '../refusal.js';
import {
  awaitedEndpoints,
  DAY_MS,
  describeSecret,
  isSwitched,
  oldSecret,
  sameSecret,
  switchedAt,
  targetSecret,
} from '../secrets.js';
import { refuse } from './refusals.js';
import { without } from './removal.js';
import type { Judge, Step } from './step.js';
import { describeTime, noted } from './words.js';

/** Takes a person's word for its silence, or evidence of one that is long enough. */
export function retire(judge: Judge, { silence }: RetireEvent): Step {
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
