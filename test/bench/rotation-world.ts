/** What the simulation of a rotation needs of a world: a fake one here, the real engine on an emulated tenant elsewhere. */
import type { JudgedEvidence, RotationEvent, RotationPolicy } from '../../infra/rotation/index.js';
import type { Ledger } from '../../infra/rotation/ledger.js';
import { FakeEngine, FakeEntra } from '../support/fake-secrets-engine.js';
import { type CutOff, carriedOut, command, finishPending, withKeyIds } from '../support/rotation-commands.js';

export type StepEnd = 'done' | 'cut off' | 'refused' | 'stale';

/** A value that Google can be given, by the id of its key. */
export type SecretKey = string;

/** Times are milliseconds since 1970 by the world's true clock; `now` is what the machine of a command takes for it. */
export interface RotationWorld {
  readonly policy: RotationPolicy;
  setTime(time: number): void | Promise<void>;
  /** The ledger in the checkout that commands work on; another checkout may hold an older one. */
  readLedger(): Ledger | Promise<Ledger>;
  writeLedger(ledger: Ledger): void | Promise<void>;
  /** The ledger that the state was made from, with the key ids that the state knows: what `restore` writes. */
  ledgerOfState(): Ledger | Promise<Ledger>;
  carryOut(event: RotationEvent, now: Date, cutOff?: CutOff): StepEnd | Promise<StepEnd>;
  finish(now: Date, cutOff?: CutOff): StepEnd | Promise<StepEnd>;
  /** The command `rotation run` itself, where the world has it; else its decision is carried out step by step. */
  run?(evidence: JudgedEvidence, now: Date, cutOff?: CutOff): Promise<StepEnd>;
  /** The newest secret, once it is made and has signed in: what the hand-off shows. */
  secretToPaste(): SecretKey | undefined | Promise<SecretKey | undefined>;
  /** A secret that somebody made by hand and that is known everywhere, valid for so many days. */
  makeByHand(days: number): SecretKey | Promise<SecretKey>;
  /** Milliseconds from `from` up to `to`, which is not in the future, in which a secret did not sign in. */
  failing(secret: SecretKey, from: number, to: number): number | Promise<number>;
}

/** The fake world: Entra with end dates and delayed replication, and an engine that can be cut off after any operation. */
export class FakeWorld implements RotationWorld {
  readonly policy: RotationPolicy;
  readonly #entra: FakeEntra;
  readonly #engine: FakeEngine;
  #ledger: Ledger;

  constructor(policy: RotationPolicy, first: Ledger, time: number, replicationMs: number) {
    this.policy = policy;
    this.#entra = new FakeEntra(time);
    this.#entra.replicationMs = replicationMs;
    this.#engine = new FakeEngine(this.#entra);
    this.#engine.update(first);
    this.#ledger = carriedOut(this.#engine, first, policy, new Date(time));
  }

  setTime(time: number): void {
    this.#entra.now = time;
  }

  readLedger(): Ledger {
    return this.#ledger;
  }

  writeLedger(ledger: Ledger): void {
    this.#ledger = ledger;
  }

  ledgerOfState(): Ledger {
    return withKeyIds(this.#engine, this.#engine.ledger ?? this.#ledger, this.policy);
  }

  carryOut(event: RotationEvent, now: Date, cutOff?: CutOff): StepEnd {
    const { ledger, end } = command(this.#engine, this.#ledger, event, this.policy, now, cutOff);
    this.#ledger = ledger;
    return end;
  }

  finish(now: Date, cutOff?: CutOff): StepEnd {
    const { ledger, end } = finishPending(this.#engine, this.#ledger, this.policy, now, cutOff);
    this.#ledger = ledger;
    return end;
  }

  secretToPaste(): SecretKey | undefined {
    const { slots, pending } = this.#ledger;
    const newest = (slots.a?.generation ?? 0) > (slots.b?.generation ?? 0) ? slots.a : slots.b;
    const keyId = newest?.keyId;
    return pending === undefined && keyId !== undefined && this.#entra.works(keyId) ? keyId : undefined;
  }

  makeByHand(days: number): SecretKey {
    const end = this.#entra.now + days * 86_400_000;
    return this.#entra.add('made by hand', end, this.#entra.now).keyId;
  }

  failing(secret: SecretKey, from: number, to: number): number {
    const key = this.#entra.keys.get(secret);
    if (key === undefined) return to - from;
    const works = Math.min(to, key.end, key.removedAt ?? to) - Math.max(from, key.usableFrom);
    return to - from - Math.max(0, works);
  }
}
