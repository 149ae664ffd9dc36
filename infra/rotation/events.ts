/** What can happen to a rotation. Times come from outside; nothing here reads a clock. */
import type { Ledger, SlotName } from './ledger.js';

/** A secret in a slot. */
export interface SlotSecret {
  readonly slot: SlotName;
  readonly generation: number;
}

/** A secret of the registration that lies in no slot. */
export interface ForeignSecret {
  readonly keyId: string;
}

export type SecretRef = SlotSecret | ForeignSecret;

/** Evidence that an endpoint of Google's uses a slot's secret. `seen` says in a line what was seen. */
export interface SeenConfirmation extends SlotSecret {
  readonly endpoint: string;
  readonly seen: string;
}

/**
 * Evidence about the last sign-in with a secret, our own apart.
 *
 * `asOf` is the latest moment that the source knows about, by the source's clock; without `lastUse` no sign-in is known.
 */
export interface SeenSilence {
  readonly secret: SecretRef;
  readonly lastUse?: Date | undefined;
  readonly asOf: Date;
  readonly seen: string;
}

/** Fills the free slot with the next generation. */
export interface StageEvent {
  readonly type: 'stage';
  readonly by?: string | undefined;
  /** The time by Entra's clock (the `Date` header of an answer), where one was asked: the end date is made from `now`. */
  readonly entraTime?: Date | undefined;
}

/** Entra gave a slot's secret this key id; another one than before means that the secret was made anew. */
export interface MadeEvent extends SlotSecret {
  readonly type: 'made';
  readonly keyId: string;
}

/** What was pending is carried out: the update ran to its end, or the secret without a slot is gone from the registration. */
export interface FinishEvent {
  readonly type: 'finish';
}

/** A person says that Google's forms hold a secret: the newest one, if no slot is named; all forms, if no endpoint is. */
export interface HandConfirmEvent {
  readonly type: 'confirm';
  readonly how: 'hand';
  readonly endpoints: readonly string[];
  readonly slot?: SlotName | undefined;
  readonly by: string;
}

/** Evidence says so. */
export interface SeenConfirmEvent {
  readonly type: 'confirm';
  readonly how: 'seen';
  readonly seen: readonly SeenConfirmation[];
}

/** Removes the old secret, in its slot or foreign: a person says that nothing uses it, or evidence does. */
export interface RetireEvent {
  readonly type: 'retire';
  readonly silence: { readonly how: 'hand'; readonly by: string } | ({ readonly how: 'seen' } & SeenSilence);
}

/** Removes a secret that may be known to others: now, or when Google holds another one, at the latest at a deadline. */
export interface RevokeEvent {
  readonly type: 'revoke';
  readonly secret: { readonly slot: SlotName } | ForeignSecret;
  readonly when: 'now' | { readonly deadline: Date };
  readonly by: string;
  readonly entraTime?: Date | undefined;
}

/** Records a secret that somebody else made, so that it counts and can be retired. */
export interface AdoptEvent extends ForeignSecret {
  readonly type: 'adopt';
  readonly endDate: Date;
  readonly by?: string | undefined;
}

/** Removes a secret without a slot, adopted or not. `force` although Google may use it. */
export interface RemoveEvent extends ForeignSecret {
  readonly type: 'remove';
  readonly by: string;
  readonly lastUse?: Date | undefined;
  readonly force?: boolean | undefined;
}

/**
 * The ledger in the file is older than the state's, or another: the state's takes its place. Where the file has none any more, `lost`
 * says so, and the state's ledger is the one that the event is applied to.
 */
export interface RestoreEvent {
  readonly type: 'restore';
  readonly from: Ledger;
  readonly lost?: boolean | undefined;
  readonly by?: string | undefined;
}

/**
 * We signed in with a slot's secret ourselves: must not pass for Google's use. A use that was noted elsewhere and is told to the ledger
 * later names the `generation` and when it was.
 */
export interface UseEvent {
  readonly type: 'use';
  readonly slot: SlotName;
  readonly generation?: number | undefined;
  readonly usedAt?: Date | undefined;
  readonly note?: string | undefined;
}

export type RotationEvent =
  | StageEvent
  | MadeEvent
  | FinishEvent
  | HandConfirmEvent
  | SeenConfirmEvent
  | RetireEvent
  | RevokeEvent
  | AdoptEvent
  | RemoveEvent
  | RestoreEvent
  | UseEvent;
