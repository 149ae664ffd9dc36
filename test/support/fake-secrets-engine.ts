/**
 * The secrets of one registration as Entra holds them, and an engine that brings them to what a ledger says, operation by
 * operation as Pulumi does: what is new or changed first (a changed slot deletes before it creates), what is gone last. It can be
 * cut off after any operation; a key is in Entra before the state knows it.
 */
import { descendsFrom } from '../../infra/rotation/index.js';
import { type Ledger, SLOTS, type SlotName, secretName } from '../../infra/rotation/ledger.js';
import { intendedSecrets } from '../../infra/rotation/secrets.js';

export interface FakeKey {
  readonly keyId: string;
  readonly name: string;
  /** Entra lets it sign in from here on. */
  readonly usableFrom: number;
  readonly end: number;
  removedAt?: number;
}

export class FakeEntra {
  readonly keys = new Map<string, FakeKey>();
  /** Time by Entra's own clock, and how long a new key takes to be known everywhere. */
  now: number;
  replicationMs = 0;
  onChange: () => void = () => undefined;
  onRemove: (key: FakeKey) => void = () => undefined;

  constructor(now: number) {
    this.now = now;
  }

  add(name: string, end: number, usableFrom = this.now + this.replicationMs): FakeKey {
    const keyId = `00000000-0000-4000-8000-${String(this.keys.size + 1).padStart(12, '0')}`;
    const key = { keyId, name, usableFrom, end };
    this.keys.set(keyId, key);
    this.onChange();
    return key;
  }

  /** A key that is gone already stays gone. */
  remove(keyId: string): void {
    const key = this.keys.get(keyId);
    if (key === undefined || key.removedAt !== undefined) return;
    this.onRemove(key);
    key.removedAt = this.now;
    this.onChange();
  }

  live(): readonly FakeKey[] {
    return [...this.keys.values()].filter(({ removedAt }) => removedAt === undefined);
  }

  works(keyId: string): boolean {
    const key = this.keys.get(keyId);
    return (
      key !== undefined && key.removedAt === undefined && key.usableFrom <= this.now && this.now < key.end
    );
  }
}

interface StateSlot {
  readonly generation: number;
  readonly endDate: string;
  readonly keyId: string;
}

export class FakeEngine {
  readonly entra: FakeEntra;
  readonly slots = new Map<SlotName, StateSlot>();
  ledger: Ledger | undefined;

  constructor(entra: FakeEntra) {
    this.entra = entra;
  }

  /**
   * One update, or as much of it as `operations` allow.
   *
   * @returns `stale` when the ledger was not made from the state's
   */
  update(ledger: Ledger, operations = Number.POSITIVE_INFINITY): 'done' | 'cut off' | 'stale' {
    if (this.ledger !== undefined && !descendsFrom(this.ledger, ledger)) return 'stale';
    let left = operations;
    for (const operation of this.#operations(ledger)) {
      if (left <= 0) return 'cut off';
      left -= 1;
      operation();
    }
    return left <= 0 ? 'cut off' : 'done';
  }

  *#operations(ledger: Ledger): Generator<() => void> {
    yield () => {
      this.ledger = ledger;
    };
    yield () => this.#removeHalfMade(ledger);
    for (const slot of SLOTS) {
      const wish = ledger.slots[slot];
      const known = this.slots.get(slot);
      if (wish === undefined) continue;
      if (known?.generation === wish.generation && known.endDate === wish.endDate) continue;
      if (known !== undefined) {
        yield () => this.entra.remove(known.keyId);
        yield () => this.slots.delete(slot);
      }
      let keyId = '';
      yield () => {
        keyId = this.entra.add(secretName(slot, wish.generation), Date.parse(wish.endDate)).keyId;
      };
      yield () => this.slots.set(slot, { generation: wish.generation, endDate: wish.endDate, keyId });
    }
    for (const [slot, { keyId }] of this.slots) {
      if (ledger.slots[slot] !== undefined) continue;
      yield () => this.entra.remove(keyId);
      yield () => this.slots.delete(slot);
    }
  }

  /** Keys of a name that the ledger intends and whose value no state has (design of the recovery in `up`). */
  #removeHalfMade(ledger: Ledger): void {
    const known = new Set([...this.slots.values()].map(({ keyId }) => keyId));
    const names = new Set(
      intendedSecrets(ledger).map(({ slot, generation }) => secretName(slot, generation)),
    );
    for (const { keyId, name } of this.entra.live())
      if (names.has(name) && !known.has(keyId)) this.entra.remove(keyId);
  }
}
