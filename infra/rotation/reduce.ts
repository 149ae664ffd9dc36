/**
 * The rotation as a pure function: `(ledger, event, policy, now) -> ledger | refusal`.
 *
 * It never throws, whatever the event and the clock; a refusal leaves the ledger as it is. What it keeps, in docs/rotation.md:
 * never three secrets, never none, the one in use neither made anew nor removed unless a revoke demands it.
 */
import type { RotationEvent } from './events.js';
import type { Ledger } from './ledger.js';
import type { RotationPolicy } from './policy.js';
import { finish, made, pendingFirst } from './reducer/carry-out.js';
import { confirmByHand, confirmSeen } from './reducer/confirm.js';
import { adopt, remove } from './reducer/foreign.js';
import { changed } from './reducer/ledger-form.js';
import { used } from './reducer/own-use.js';
import { badTime } from './reducer/refusals.js';
import { restore } from './reducer/restore.js';
import { retire } from './reducer/retire.js';
import { revoke } from './reducer/revoke.js';
import { stage } from './reducer/stage.js';
import type { Judge, Step } from './reducer/step.js';
import { instantOf } from './reducer/words.js';
import type { Refusal } from './refusal.js';

/** What became of an event. `changed` is false when the ledger said so already: nothing is to be written. */
export type Outcome =
  | { readonly ledger: Ledger; readonly changed: boolean; readonly refusal?: undefined }
  | { readonly refusal: Refusal };

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
