/**
 * What holds whatever happens: random events, clocks that jump, commands that are cut off, on an Entra that really holds keys and
 * a Google that really holds what was pasted.
 */
import fc from 'fast-check';
import {
  liveSecrets,
  type NextCommand,
  phaseOf,
  planRun,
  type RotationEvent,
  type RotationPolicy,
  reduce,
  targetSecret,
} from '../../infra/rotation/index.js';
import { initialLedger, type Ledger, parseLedger, SLOTS } from '../../infra/rotation/ledger.js';
import { FakeEngine, FakeEntra, type FakeKey } from '../support/fake-secrets-engine.js';
import { type CutOff, carriedOut, command, finishPending } from '../support/rotation-commands.js';

const DAY = 86_400_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const ENDPOINTS = ['one', 'two'];
const RUNS = { numRuns: 1500 };

/** Commands that the tool has, or will have with the rotation (issue: status, stage, confirm, retire, revoke, run, adopt, remove, restore). */
const COMMANDS = new Set([
  'up',
  'drift',
  'handoff',
  ...['status', 'stage', 'confirm', 'retire', 'revoke', 'run', 'remove', 'restore'].map(
    (name) => `rotation ${name}`,
  ),
]);

const nameOf = (next: NextCommand) => (next[0] === 'rotation' ? next.slice(0, 2).join(' ') : next[0]);

/** What somebody does, before it is known which secrets exist. */
type Act =
  | { readonly do: 'stage' | 'run' | 'finish' | 'restore' | 'up' | 'recreate' }
  | { readonly do: 'paste'; readonly endpoints: readonly string[] }
  | {
      readonly do: 'confirm';
      readonly endpoints: readonly string[];
      readonly seen: boolean;
      readonly slot?: 'a' | 'b';
    }
  | { readonly do: 'retire'; readonly quietDays?: number }
  | { readonly do: 'revoke'; readonly slot: 'a' | 'b' | 'foreign'; readonly deadlineDays?: number }
  | { readonly do: 'adopt' | 'remove'; readonly force: boolean };

interface Deed {
  readonly act: Act;
  readonly days: number;
  readonly skewDays: number;
  readonly cutOff: CutOff;
}

const some = fc.subarray(ENDPOINTS);
const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('stage', 'run', 'finish', 'restore', 'up', 'recreate')
      .map((name) => ({ do: name }) as Act),
  },
  { weight: 2, arbitrary: some.map((endpoints) => ({ do: 'paste', endpoints }) as const) },
  {
    weight: 3,
    arbitrary: fc
      .record({
        endpoints: some,
        seen: fc.boolean(),
        slot: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
      })
      .map((rest) => ({ do: 'confirm', ...rest }) as Act),
  },
  {
    weight: 2,
    arbitrary: fc
      .option(fc.integer({ min: 0, max: 20 }), { nil: undefined })
      .map((quietDays) => ({ do: 'retire', quietDays }) as Act),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({
        slot: fc.constantFrom('a', 'b', 'foreign'),
        deadlineDays: fc.option(fc.integer({ min: -1, max: 40 }), { nil: undefined }),
      })
      .map((rest) => ({ do: 'revoke', ...rest }) as Act),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ do: fc.constantFrom('adopt', 'remove'), force: fc.boolean() })
      .map((act) => act as Act),
  },
);
const deeds: fc.Arbitrary<Deed> = fc.record({
  act: acts,
  days: fc.integer({ min: 0, max: 60 }),
  skewDays: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: -400, max: 400 })),
  cutOff: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    fc.constant('after writing' as const),
    fc.integer({ min: 0, max: 7 }),
  ),
});
const [LEAD_DAYS, QUIET_DAYS] = [30, 7];
const policies: fc.Arbitrary<RotationPolicy> = fc.record({
  // Shorter ones are refused as configuration: a new secret would be due before the old one is gone.
  lifetimeDays: fc.integer({ min: LEAD_DAYS + QUIET_DAYS + 1, max: 730 }),
  leadDays: fc.constant(LEAD_DAYS),
  quietDays: fc.constant(QUIET_DAYS),
  longestLifeDays: fc.option(fc.integer({ min: 31, max: 800 }), { nil: undefined }),
  endpoints: fc.subarray(ENDPOINTS),
});

/** A stack whose rotation is being done: what it must never come to is checked after every change of anything. */
class Stack {
  readonly entra = new FakeEntra(START);
  readonly engine = new FakeEngine(this.entra);
  readonly policy: RotationPolicy;
  ledger: Ledger;
  /** By endpoint: the key that was pasted. */
  readonly pasted = new Map<string, string>();
  /** Keys whose end somebody demanded. */
  readonly demanded = new Set<string>();
  readonly nextCommands = new Set<string>();
  /** False while keys change by other hands than ours. */
  started = false;

  constructor(policy: RotationPolicy) {
    this.policy = policy;
    this.ledger = initialLedger({ now: new Date(START), lifetimeDays: policy.lifetimeDays });
    this.entra.onChange = () => this.#checkCount();
    this.entra.onRemove = (key) => this.#checkRemoval(key);
    this.engine.update(this.ledger);
    this.ledger = carriedOut(this.engine, this.ledger, policy, new Date(START));
    this.started = true;
  }

  do({ act, days, skewDays, cutOff }: Deed): void {
    this.entra.now += days * DAY;
    const now = new Date(this.entra.now + skewDays * DAY);
    if (act.do === 'paste') this.#paste(act.endpoints);
    else if (act.do === 'up')
      this.engine.update(this.ledger, typeof cutOff === 'number' ? cutOff : undefined);
    else if (act.do === 'recreate') this.#recreate(now);
    else if (act.do === 'finish') this.#finish(now, cutOff);
    else if (act.do === 'run') this.#run(now, cutOff);
    else {
      this.#finish(now);
      for (const event of this.#eventsOf(act, now)) this.send(event, now, cutOff);
    }
  }

  send(event: RotationEvent, now: Date, cutOff?: CutOff): void {
    const before = this.ledger;
    const text = JSON.stringify(before);
    const outcome = reduce(deepFreeze(before), event, this.policy, now);
    expect(JSON.stringify(before)).toBe(text);
    if (outcome.refusal !== undefined) {
      for (const next of outcome.refusal.next) this.nextCommands.add(nameOf(next));
      return;
    }
    this.#noteDemand(event, before);
    this.#checkStep(event, before, outcome.ledger, now);
    ({ ledger: this.ledger } = command(this.engine, before, event, this.policy, now, cutOff));
  }

  #checkStep(event: RotationEvent, before: Ledger, after: Ledger, now: Date): void {
    expect(parseLedger(JSON.parse(JSON.stringify(after)))).toEqual(after);
    expect(JSON.stringify(parseLedger(after))).toBe(JSON.stringify(after));
    expect(liveSecrets(after).length).toBeLessThanOrEqual(2);
    expect(after.revision > before.revision || after === before).toBe(true);
    const longest = Math.min(
      this.policy.lifetimeDays,
      this.policy.longestLifeDays ?? Number.POSITIVE_INFINITY,
    );
    for (const slot of SLOTS) {
      const [old, fresh] = [before.slots[slot], after.slots[slot]];
      if (fresh === undefined || old?.generation === fresh.generation) continue;
      if (event.type === 'restore') continue;
      const life = Date.parse(fresh.endDate) - now.getTime();
      expect(life).toBeGreaterThan(0);
      expect(life).toBeLessThanOrEqual(longest * DAY);
    }
    if (event.type === 'revoke' || event.type === 'restore') return;
    const { keyId: _keyId, ...current } = before.slots[before.current] ?? {};
    expect(after.slots[before.current]).toMatchObject(current);
  }

  #noteDemand(event: RotationEvent, before: Ledger): void {
    if (event.type === 'revoke') {
      const { secret } = event;
      const keyId = 'slot' in secret ? before.slots[secret.slot]?.keyId : secret.keyId;
      if (keyId !== undefined) this.demanded.add(keyId);
    }
    if (event.type === 'remove' && event.force === true) this.demanded.add(event.keyId);
  }

  #checkCount(): void {
    const counted = this.entra
      .live()
      .filter(
        ({ name, keyId }) =>
          name.startsWith('interop-') || this.ledger.foreign.some((one) => one.keyId === keyId),
      );
    expect(counted.length).toBeLessThanOrEqual(2);
    const working = this.entra.live().filter(({ name }) => name.startsWith('interop-'));
    if (this.started && this.demanded.size === 0) expect(working.length).toBeGreaterThan(0);
  }

  #checkRemoval(key: FakeKey): void {
    if (this.demanded.has(key.keyId) || !this.started) return;
    const holders = [...this.pasted].filter(
      ([name, keyId]) => keyId === key.keyId && this.policy.endpoints.includes(name),
    );
    expect({ removed: key.name, holders }).toEqual({ removed: key.name, holders: [] });
  }

  /** People paste the newest secret, which the page shows once it is made. */
  #paste(endpoints: readonly string[]): void {
    const keyId = this.ledger.slots[targetSecret(this.ledger).slot]?.keyId;
    if (keyId === undefined || !this.entra.live().some((key) => key.keyId === keyId)) return;
    for (const name of endpoints) this.pasted.set(name, keyId);
  }

  /** A key that somebody removed in the portal is made anew by `up --refresh`: same generation, another key. */
  #recreate(now: Date): void {
    const { slot, generation } = targetSecret(this.ledger);
    const known = this.engine.slots.get(slot);
    if (this.ledger.pending !== undefined || known?.generation !== generation) return;
    this.started = false;
    this.entra.remove(known.keyId);
    this.engine.slots.delete(slot);
    if (this.engine.update(this.ledger) === 'done')
      this.ledger = carriedOut(this.engine, this.ledger, this.policy, now);
    this.started = true;
  }

  #finish(now: Date, cutOff?: CutOff): void {
    ({ ledger: this.ledger } = finishPending(this.engine, this.ledger, this.policy, now, cutOff));
  }

  #run(now: Date, cutOff: CutOff): void {
    // A clock that is days ahead has one run carry out a revoke and begin the next secret; the command allows more.
    for (let round = 0; round < 5; round += 1) {
      const { steps } = planRun(this.ledger, this.policy, this.#evidence(), now);
      const [step] = steps;
      if (step === undefined) return;
      if (step.kind === 'finish') this.#finish(now, cutOff);
      else this.send(step.event, now, cutOff);
      if (cutOff !== undefined) return;
    }
    throw new Error('a run does not come to its end');
  }

  #evidence() {
    const confirmed = [...this.pasted].flatMap(([endpoint, keyId]) => {
      const slot = SLOTS.find((name) => this.ledger.slots[name]?.keyId === keyId);
      const generation = slot === undefined ? undefined : this.ledger.slots[slot]?.generation;
      if (slot === undefined || generation === undefined || !this.policy.endpoints.includes(endpoint))
        return [];
      return [{ endpoint, slot, generation, seen: 'sign-in' }];
    });
    const silent = liveSecrets(this.ledger).map((secret) => ({
      secret,
      asOf: new Date(this.entra.now),
      seen: 'no sign-in',
    }));
    return { confirmed, silent, contradictions: [] };
  }

  /** Whether Google holds a slot's secret at these endpoints: people and evidence say what is true. */
  #isTrue(slot: 'a' | 'b', endpoints: readonly string[]): boolean {
    const keyId = this.ledger.slots[slot]?.keyId;
    return endpoints.every((name) => this.pasted.get(name) === keyId);
  }

  #eventsOf(act: Act, now: Date): readonly RotationEvent[] {
    const foreign = this.ledger.foreign[0]?.keyId;
    switch (act.do) {
      case 'stage':
        return [{ type: 'stage', by: 'ann' }];
      case 'restore':
        return this.engine.ledger === undefined ? [] : [{ type: 'restore', from: this.engine.ledger }];
      case 'confirm':
        return this.#confirmation(act.slot ?? targetSecret(this.ledger).slot, act.endpoints, act.seen);
      case 'retire': {
        // Only where it is so: a key that is foreign and still pasted is not called silent by anybody.
        const asOf = new Date(this.entra.now);
        return act.quietDays === undefined
          ? [{ type: 'retire', silence: { how: 'hand', by: 'ann' } }]
          : liveSecrets(this.ledger).map((secret) => ({
              type: 'retire',
              silence: {
                how: 'seen',
                secret,
                lastUse: new Date(this.entra.now - (act.quietDays ?? 0) * DAY),
                asOf,
                seen: 'silent',
              },
            }));
      }
      case 'revoke': {
        const when =
          act.deadlineDays === undefined
            ? 'now'
            : { deadline: new Date(now.getTime() + act.deadlineDays * DAY) };
        if (act.slot === 'foreign')
          return foreign === undefined
            ? []
            : [{ type: 'revoke', secret: { keyId: foreign }, when, by: 'ann' }];
        return [{ type: 'revoke', secret: { slot: act.slot }, when, by: 'ann' }];
      }
      case 'adopt': {
        if (this.ledger.foreign.length > 0 || liveSecrets(this.ledger).length > 1) return [];
        const { keyId, end } = this.entra.add('made by hand', this.entra.now + 300 * DAY);
        return [{ type: 'adopt', keyId, endDate: new Date(end) }];
      }
      case 'remove':
        return foreign === undefined ? [] : [{ type: 'remove', keyId: foreign, by: 'ann', force: act.force }];
      default:
        return [];
    }
  }

  #confirmation(slot: 'a' | 'b', endpoints: readonly string[], seen: boolean): readonly RotationEvent[] {
    const generation = this.ledger.slots[slot]?.generation;
    const names = endpoints.length === 0 && !seen ? this.policy.endpoints : endpoints;
    if (generation === undefined || !this.#isTrue(slot, names)) return [];
    if (!seen) return [{ type: 'confirm', how: 'hand', endpoints, slot, by: 'ann' }];
    const found = endpoints.map((endpoint) => ({ endpoint, slot, generation, seen: 'sign-in' }));
    return [{ type: 'confirm', how: 'seen', seen: found }];
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** Events by which people go on from a ledger, and the two that the machine adds. */
function movesFrom(ledger: Ledger): readonly RotationEvent[] {
  const made = SLOTS.flatMap((slot): RotationEvent[] => {
    const secret = ledger.slots[slot];
    if (secret === undefined || secret.keyId !== undefined) return [];
    const keyId = `00000000-0000-4000-9000-${String(secret.generation).padStart(12, '0')}`;
    return [{ type: 'made', slot, generation: secret.generation, keyId }];
  });
  const revokes = SLOTS.map(
    (slot): RotationEvent => ({ type: 'revoke', secret: { slot }, when: 'now', by: 'ann' }),
  );
  return [
    ...made,
    { type: 'finish' },
    { type: 'confirm', how: 'hand', endpoints: [], by: 'ann' },
    { type: 'retire', silence: { how: 'hand', by: 'ann' } },
    ...revokes,
  ];
}

/** A revoke that waits, another one that was cut off, and a secret that was adopted take that many. */
const MOST_STEPS = 6;

/** Steps to a steady ledger with nothing pending, by the shortest way; undefined when there is none of up to `limit`. */
function stepsToSteady(start: Ledger, policy: RotationPolicy, now: Date, limit: number): number | undefined {
  let level: readonly Ledger[] = [start];
  for (let steps = 0; steps <= limit; steps += 1) {
    if (level.some((ledger) => phaseOf(ledger, policy) === 'steady' && ledger.pending === undefined))
      return steps;
    level = level.flatMap((ledger) =>
      movesFrom(ledger).flatMap((event) => {
        const outcome = reduce(ledger, event, policy, now);
        return outcome.refusal !== undefined || !outcome.changed ? [] : [outcome.ledger];
      }),
    );
  }
  return undefined;
}

test('never three secrets, never none unasked, the one in use never gone or made anew, no life beyond the limit', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(policies, fc.array(deeds, { maxLength: 25 }), (policy, todo) => {
      const stack = new Stack(policy);
      for (const deed of todo) stack.do(deed);
      for (const name of stack.nextCommands) seen.add(name);
    }),
    RUNS,
  );
  expect([...seen].filter((name) => !COMMANDS.has(name))).toEqual([]);
  expect(seen.size).toBeGreaterThan(4);
});

test('from everywhere there is a way back to steady', () => {
  fc.assert(
    fc.property(policies, fc.array(deeds, { maxLength: 12 }), (policy, todo) => {
      const stack = new Stack(policy);
      for (const deed of todo) stack.do(deed);
      expect(stepsToSteady(stack.ledger, policy, new Date(stack.entra.now), MOST_STEPS)).toBeDefined();
    }),
    { numRuns: 400 },
  );
});

test('a scheduler does what is due and no more: a second run of the same moment has nothing left to do', () => {
  fc.assert(
    fc.property(policies, fc.array(deeds, { maxLength: 15 }), (policy, todo) => {
      const stack = new Stack(policy);
      for (const deed of todo) stack.do(deed);
      stack.do({ act: { do: 'run' }, days: 0, skewDays: 0, cutOff: undefined });
      const before = stack.ledger;
      stack.do({ act: { do: 'run' }, days: 0, skewDays: 0, cutOff: undefined });
      expect(stack.ledger).toBe(before);
    }),
    { numRuns: 400 },
  );
});
