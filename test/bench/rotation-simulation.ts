/**
 * Years of a rotation, day by day: the scheduler's `run`, people who take their time, runs that are cut off, clocks that are wrong,
 * old checkouts and lost ledgers; and a Google that holds what was pasted. The outage is measured at that Google, never taken
 * from the ledger. The same seed makes the same years.
 */
import {
  type Due,
  dueOf,
  type JudgedEvidence,
  type planRun,
  type RotationEvent,
  type RunPlan,
} from '../../infra/rotation/index.js';
import { type Ledger, SLOTS, type SlotName } from '../../infra/rotation/ledger.js';
import { highestGeneration } from '../../infra/rotation/secrets.js';
import type { CutOff } from '../support/rotation-commands.js';
import type { RotationWorld, SecretKey } from './rotation-world.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export interface SimulationOptions {
  readonly seed: number;
  readonly start: number;
  readonly days: number;
  /** The decision that is tried: {@link planRun}, or a wrong one to see that the measure can fail. */
  readonly plan: typeof planRun;
  /** Let the world's own `rotation run` decide instead. @default false */
  readonly byCommand?: boolean;
  /** The part of the commands that are cut off. @default 0.08 */
  readonly crashes?: number;
}

export interface SimulationResult {
  /** Seconds in which a secret pasted at Google did not sign in, over all endpoints. */
  readonly outageSeconds: number;
  /** The same, after a person demanded that the very secret be revoked. */
  readonly demandedSeconds: number;
  readonly runs: number;
  readonly cutOff: number;
  readonly wrongClocks: number;
  readonly staleCheckouts: number;
  readonly staleRefused: number;
  readonly lostLedgers: number;
  readonly rotations: number;
  readonly revokes: number;
  readonly refused: number;
}

/** Lives through the days of one seed. */
export async function simulate(world: RotationWorld, options: SimulationOptions): Promise<SimulationResult> {
  const years = new Years(world, options);
  await years.begin();
  for (let day = 0; day < options.days; day += 1) await years.live(day);
  return years.result();
}

/** Mulberry32, by Tommy Ettinger, in the public domain: small, and good enough to roll dice. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What one endpoint holds at Google. */
interface Pasted {
  readonly secret: SecretKey;
  readonly at: number;
  /** Up to when it was looked at. */
  checkedTo: number;
}

/** People take up to so long, each time. It leaves some days of the lead, since runs fail and clocks are wrong, too. */
const LONGEST_DELAY_DAYS = 8;

class Years {
  readonly #world: RotationWorld;
  readonly #options: SimulationOptions;
  readonly #roll: () => number;
  readonly #google = new Map<string, Pasted>();
  /** Since when somebody wants a secret gone. */
  readonly #demanded = new Map<SecretKey, number>();
  /** When people get round to what they were told, by step. */
  readonly #intended = new Map<string, number>();
  readonly #checkouts: Ledger[] = [];
  readonly #hasEvidence: boolean;
  readonly #evidenceDelay: number;
  #time: number;
  #told: readonly Due[] = [];
  /** Since when the engine refuses the ledger, until somebody runs `restore`. */
  #refusedAt: number | undefined;
  #outage = 0;
  #demandedOutage = 0;
  #counts = {
    runs: 0,
    cutOff: 0,
    wrongClocks: 0,
    staleCheckouts: 0,
    staleRefused: 0,
    lostLedgers: 0,
    rotations: 0,
    revokes: 0,
    refused: 0,
  };

  constructor(world: RotationWorld, options: SimulationOptions) {
    this.#world = world;
    this.#options = options;
    this.#roll = dice(options.seed);
    this.#time = options.start;
    this.#hasEvidence = this.#chance(0.7);
    this.#evidenceDelay = this.#roll() * 5 * DAY;
  }

  /** One registration in five was set up by hand before: Google holds a secret that lies in no slot. */
  async begin(): Promise<void> {
    if (!this.#chance(0.2)) return;
    const days = 60 + Math.floor(this.#roll() * 300);
    const secret = await this.#world.makeByHand(days);
    for (const endpoint of this.#world.policy.endpoints) this.#paste(endpoint, secret);
    const endDate = new Date(this.#time + days * DAY);
    await this.#world.carryOut({ type: 'adopt', keyId: secret, endDate, by: 'ann' }, new Date(this.#time));
  }

  async live(day: number): Promise<void> {
    await this.#moveTo(this.#options.start + day * DAY + this.#roll() * 12 * HOUR);
    await this.#accidents();
    if (!this.#chance(0.08)) await this.#run();
    await this.#moveTo(this.#time + HOUR + this.#roll() * 8 * HOUR);
    await this.#people();
  }

  async result(): Promise<SimulationResult> {
    await this.#moveTo(this.#options.start + this.#options.days * DAY);
    return {
      ...this.#counts,
      outageSeconds: this.#outage / 1000,
      demandedSeconds: this.#demandedOutage / 1000,
    };
  }

  #chance(part: number): boolean {
    return this.#roll() < part;
  }

  /** Time passes; Google uses what it holds all the while. */
  async #moveTo(time: number): Promise<void> {
    this.#time = Math.max(this.#time, time);
    await this.#world.setTime(this.#time);
    for (const pasted of this.#google.values()) {
      const { secret, checkedTo } = pasted;
      const failing = await this.#world.failing(secret, checkedTo, this.#time);
      if (this.#demanded.has(secret)) this.#demandedOutage += failing;
      else this.#outage += failing;
      pasted.checkedTo = this.#time;
    }
  }

  #paste(endpoint: string, secret: SecretKey): void {
    this.#google.set(endpoint, { secret, at: this.#time, checkedTo: this.#time });
  }

  /** What a machine takes for the time: most are right, some are hours off, a few have lost their battery. */
  #clock(): Date {
    const kind = this.#roll();
    const skew =
      kind < 0.85
        ? (this.#roll() - 0.5) * 4000
        : kind < 0.95
          ? (this.#roll() - 0.5) * 6 * DAY
          : (this.#roll() - 0.5) * 800 * DAY;
    if (Math.abs(skew) > 10_000) this.#counts.wrongClocks += 1;
    return new Date(this.#time + skew);
  }

  #cutOff(): CutOff {
    if (!this.#chance(this.#options.crashes ?? 0.08)) return undefined;
    return this.#chance(0.3) ? 'after writing' : Math.floor(this.#roll() * 7);
  }

  async #accidents(): Promise<void> {
    if (this.#chance(0.002)) {
      this.#counts.lostLedgers += 1;
      await this.#restore(true);
    }
    if (this.#chance(0.02)) await this.#runInOldCheckout();
    if (this.#chance(0.002)) await this.#leak();
    if (this.#chance(0.1)) {
      this.#checkouts.push(await this.#world.readLedger());
      if (this.#checkouts.length > 30) this.#checkouts.shift();
    }
  }

  /** A runner that did not fetch: what it writes is thrown away with it, what it does to the tenant is not. */
  async #runInOldCheckout(): Promise<void> {
    const old = this.#checkouts[Math.floor(this.#roll() * this.#checkouts.length)];
    if (old === undefined) return;
    this.#counts.staleCheckouts += 1;
    const ledger = await this.#world.readLedger();
    await this.#world.writeLedger(old);
    const [told, refusedAt] = [this.#told, this.#refusedAt];
    await this.#run();
    [this.#told, this.#refusedAt] = [told, refusedAt];
    await this.#world.writeLedger(ledger);
  }

  async #leak(): Promise<void> {
    const ledger = await this.#world.readLedger();
    const slot = ledger.current;
    const secret = ledger.slots[slot]?.keyId;
    const now = new Date(this.#time);
    const deadline = new Date(this.#time + (3 + this.#roll() * 20) * DAY);
    const when = this.#chance(0.3) ? 'now' : { deadline };
    if (
      (await this.#send({ type: 'revoke', secret: { slot }, when, by: 'ann', entraTime: now }, now)) ===
      'refused'
    )
      return;
    this.#counts.revokes += 1;
    if (secret !== undefined) this.#demanded.set(secret, this.#time);
  }

  async #send(event: RotationEvent, now: Date): Promise<string> {
    const ledger = await this.#world.readLedger();
    if (ledger.pending !== undefined && (await this.#world.finish(now, this.#cutOff())) !== 'done')
      return 'pending';
    const cutOff = this.#cutOff();
    const end = await this.#world.carryOut(event, now, cutOff);
    if (end === 'cut off') this.#counts.cutOff += 1;
    if (end === 'refused') this.#counts.refused += 1;
    if (event.type === 'stage' && end !== 'refused') this.#counts.rotations += 1;
    return end;
  }

  async #run(): Promise<void> {
    this.#counts.runs += 1;
    const now = this.#clock();
    const cutOff = this.#cutOff();
    if (this.#options.byCommand === true) return await this.#runCommand(now, cutOff);
    for (let round = 0; round < 4; round += 1) {
      const ledger = await this.#world.readLedger();
      const plan: RunPlan = this.#options.plan(ledger, this.#world.policy, this.#evidence(ledger), now);
      this.#told = plan.report.due;
      this.#counts.refused += plan.blocked.length;
      if (plan.steps.length === 0) return;
      for (const step of plan.steps) {
        const end =
          step.kind === 'finish'
            ? await this.#world.finish(now, cutOff)
            : await this.#world.carryOut(step.event, now, cutOff);
        if (end === 'done') {
          if (step.kind !== 'finish' && step.event.type === 'stage') this.#counts.rotations += 1;
          continue;
        }
        if (end === 'cut off') this.#counts.cutOff += 1;
        if (end === 'stale') this.#counts.staleRefused += 1;
        if (end === 'stale') this.#refusedAt ??= this.#time;
        return;
      }
    }
  }

  async #runCommand(now: Date, cutOff: CutOff): Promise<void> {
    const { run, policy } = this.#world;
    if (run === undefined) throw new Error('this world has no command');
    const before = await this.#world.readLedger();
    const evidence = this.#evidence(before);
    const end = await run.call(this.#world, evidence, now, cutOff);
    const after = await this.#world.readLedger();
    this.#told = dueOf(after, policy, evidence.entraTime ?? now).due;
    if (highestGeneration(after) > highestGeneration(before)) this.#counts.rotations += 1;
    if (end === 'cut off') this.#counts.cutOff += 1;
    if (end === 'refused') this.#counts.refused += 1;
    if (end !== 'stale') return;
    this.#counts.staleRefused += 1;
    this.#refusedAt ??= this.#time;
  }

  /** True, late, at times missing; the clock of Entra is asked by most runs. */
  #evidence(ledger: Ledger): JudgedEvidence {
    const entraTime = this.#chance(0.8) ? { entraTime: new Date(this.#time) } : {};
    const none = { confirmed: [], silent: [], contradictions: [], ...entraTime };
    if (!this.#hasEvidence || this.#chance(0.3)) return none;
    const asOf = this.#time - this.#evidenceDelay;
    const seen = [...this.#google].filter(([, { at }]) => at < asOf);
    const confirmed = seen.flatMap(([endpoint, { secret }]) =>
      SLOTS.flatMap((slot) => {
        const held = ledger.slots[slot];
        if (held === undefined || held.keyId !== secret) return [];
        return [{ endpoint, slot, generation: held.generation, seen: 'sign-in after the form was saved' }];
      }),
    );
    return { ...none, confirmed, silent: this.#silences(ledger, asOf) };
  }

  #silences(ledger: Ledger, asOf: number): JudgedEvidence['silent'] {
    const held = new Set([...this.#google.values()].map(({ secret }) => secret));
    const moved = Math.max(...[...this.#google.values()].map(({ at }) => at));
    const inSlots = SLOTS.flatMap((slot) => {
      const secret = ledger.slots[slot];
      if (secret === undefined) return [];
      return [{ keyId: secret.keyId, secret: { slot, generation: secret.generation } }];
    });
    const all = [...inSlots, ...ledger.foreign.map(({ keyId }) => ({ keyId, secret: { keyId } }))];
    return all.map(({ keyId, secret }) => {
      const lastUse = new Date(keyId !== undefined && held.has(keyId) ? asOf : Math.min(moved, asOf));
      return { secret, lastUse, asOf: new Date(asOf), seen: 'no sign-in' };
    });
  }

  /** People do what they were told by the last report, when they get round to it. */
  async #people(): Promise<void> {
    if (this.#refusedAt !== undefined && this.#chance(0.3)) await this.#restore(false);
    const told = new Set(this.#told.map(({ step }) => step));
    for (const step of this.#intended.keys()) if (!told.has(step as Due['step'])) this.#intended.delete(step);
    for (const { step, who } of this.#told) {
      if (who === 'scheduler') continue;
      const at = this.#intended.get(step) ?? this.#time + this.#roll() * LONGEST_DELAY_DAYS * DAY;
      this.#intended.set(step, at);
      if (at > this.#time) continue;
      this.#intended.delete(step);
      await this.#act(step);
    }
  }

  /** The ledger is another than the state's: an old checkout was accepted before. */
  async #restore(lost: boolean): Promise<void> {
    this.#refusedAt = undefined;
    const from = await this.#world.ledgerOfState();
    if (lost) await this.#world.writeLedger(from);
    await this.#world.carryOut({ type: 'restore', from, lost, by: 'ann' }, new Date(this.#time));
  }

  async #act(step: Due['step']): Promise<void> {
    const now = this.#chance(0.9) ? new Date(this.#time) : this.#clock();
    const ledger = await this.#world.readLedger();
    if (step === 'handOver') await this.#handOver(now);
    if (step === 'retire') await this.#send({ type: 'retire', silence: { how: 'hand', by: 'ann' } }, now);
    if (step === 'discard' && !this.#isPasted(ledger.slots[newest(ledger)]?.keyId))
      await this.#send({ type: 'revoke', secret: { slot: newest(ledger) }, when: 'now', by: 'ann' }, now);
  }

  /** People know what they pasted, whatever a machine with a wrong clock tells them. */
  #isPasted(secret: SecretKey | undefined): boolean {
    return [...this.#google.values()].some((pasted) => pasted.secret === secret);
  }

  /** At least one: who set out to paste has pasted something. */
  #some(endpoints: readonly string[]): readonly string[] {
    const chosen = endpoints.filter(() => this.#chance(0.5));
    return chosen.length > 0 ? chosen : endpoints.slice(0, 1);
  }

  /** Endpoint by endpoint, at times only some; confirmed by hand, or left to evidence where there is any. */
  async #handOver(now: Date): Promise<void> {
    const secret = await this.#world.secretToPaste();
    if (secret === undefined) return;
    const all = this.#world.policy.endpoints;
    // Who left some out comes back for all of them: the lead is not for ever.
    const again = all.some((endpoint) => this.#google.get(endpoint)?.secret === secret);
    const endpoints = again || this.#chance(0.7) ? all : this.#some(all);
    for (const endpoint of endpoints)
      if (this.#google.get(endpoint)?.secret !== secret) this.#paste(endpoint, secret);
    const held = all.filter((endpoint) => this.#google.get(endpoint)?.secret === secret);
    if (held.length > 0 && (!this.#hasEvidence || this.#chance(0.5)))
      await this.#send({ type: 'confirm', how: 'hand', endpoints: held, by: 'ann' }, now);
  }
}

function newest({ slots }: Ledger): SlotName {
  return (slots.a?.generation ?? 0) > (slots.b?.generation ?? 0) ? 'a' : 'b';
}
