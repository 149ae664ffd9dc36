/**
 * A rotation under way on one stack: its ledger in the file, and what has to be done for it to come true.
 *
 * The ledger is written before anything is done, and says what was begun. So a command that is killed at any point has lost
 * nothing: the next one finds `pending` and carries it out.
 */
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseStackConfig, type StackConfig } from '../../infra/config.js';
import { InteropError } from '../../infra/errors.js';
import { refuseStaleLedger } from '../../infra/identity/ledger-guard.js';
import type { SecretPolicy } from '../../infra/identity/secret-policy.js';
import { once } from '../../infra/once.js';
import {
  describeSecret,
  isConfirmed,
  type JudgedEvidence,
  type RotationEvent,
  type RotationPolicy,
  reduce,
  refusalError,
  rotationPolicy,
  secretOf,
  targetSecret,
  type UseEvent,
} from '../../infra/rotation/index.js';
import { type Ledger, SLOTS } from '../../infra/rotation/ledger.js';
import type { CommandContext } from '../command-context.js';
import { chooseStack, findProject, type ProjectStack } from '../project.js';
import type { HeldSecret } from '../secret-in-state.js';
import { readStackFile, stackConfigOf, writeLedger } from '../stack-file.js';
import type { ForeignView } from './foreign-secrets.js';
import { withLedgerLock } from './ledger-lock.js';
import type { RotationEngine, RotationTenant, RotationWorld } from './rotation-world.js';

/** A stack's rotation as its file tells it. */
export interface RotationStack {
  readonly stack: ProjectStack;
  readonly config: StackConfig;
  readonly ledger: Ledger;
  /** The ledger as the file has it, for comparison before it is written. */
  readonly written: unknown;
}

/**
 * Reads a stack's ledger, and nothing else.
 *
 * @throws InteropError: `noStack`, or `configuration` with all mistakes, also where there is no ledger yet.
 */
export function readRotation(context: CommandContext): RotationStack {
  const stack = chooseStack(findProject(context.cwd), context.stack, context.env);
  const raw = stackConfigOf(readStackFile(stack.file));
  const config = parseStackConfig(raw.ours, raw.azuread);
  if (config.rotation === undefined) throw noLedger(stack);
  return { stack, config, ledger: config.rotation, written: raw.ours.rotation };
}

/** What was carried out. */
export type Begun = NonNullable<Ledger['pending']>;

/** How a command wants its changes. */
export interface RotationOptions {
  /** What people typed, such as `rotation stage`. */
  readonly command: string;
  /** Write the ledger only: a pull request and then `up` do the rest. @default false */
  readonly writeOnly?: boolean | undefined;
}

/** The ledger of one stack, changed event by event. */
export class Rotation {
  readonly context: CommandContext;
  readonly world: RotationWorld;
  readonly stack: ProjectStack;
  readonly config: StackConfig;
  readonly command: string;
  readonly writeOnly: boolean;
  policy: RotationPolicy;
  /** What was done, one sentence each, for the report. */
  readonly done: string[] = [];
  readonly engine: () => Promise<RotationEngine>;
  readonly tenant: () => RotationTenant;
  #ledger: Ledger;
  #written: unknown;
  /** Our own uses that the ledger does not tell of yet. */
  #ownUses: readonly UseEvent[] = [];
  #changed = false;
  #unsaved = false;

  constructor(
    context: CommandContext,
    world: RotationWorld,
    { stack, config, ledger, written }: RotationStack,
    options: RotationOptions,
  ) {
    this.context = context;
    this.world = world;
    this.stack = stack;
    this.config = config;
    this.command = options.command;
    this.writeOnly = options.writeOnly ?? false;
    this.policy = rotationPolicy(config);
    this.#ledger = ledger;
    this.#written = written;
    this.engine = once(() => this.#open());
    this.tenant = once(() => world.tenant({ context, stack, config }));
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /** Whether the file was written to. */
  get changed(): boolean {
    return this.#changed;
  }

  /**
   * What Microsoft's and Google's logs amount to. Where they would confirm something, our own uses of the secrets are asked for first:
   * with what is confirmed they come into the ledger.
   */
  async evidence(): Promise<JudgedEvidence> {
    const { context, stack, config, ledger } = this;
    const request = { context, stack, config, ledger, now: this.world.now() };
    const judged = await this.world.evidence(request);
    // Nothing new: our own uses need not be asked for, and the engine not be started.
    if (judged.confirmed.every((seen) => isConfirmed(ledger, seen))) return judged;
    this.#ownUses = await (await this.engine()).ownUses(ledger);
    const informed = this.#after(this.#ownUses);
    return informed === ledger ? judged : await this.world.evidence({ ...request, ledger: informed });
  }

  /** Takes the tenant's policy on secrets into account, before one is made. */
  async readTenantPolicy(): Promise<SecretPolicy> {
    const { config } = this;
    const found = await this.tenant().secretPolicy();
    if (!found.checked)
      this.context.terminal.line(`The tenant's policy on secrets was not checked: ${found.why}.`, 'dim');
    this.policy = rotationPolicy(config, found.checked ? found.longestLifeDays : undefined);
    return found;
  }

  /** The time by Entra's clock, by which a wrong one of this machine is noticed; undefined where nobody could ask. */
  async entraTime(): Promise<Date | undefined> {
    return await this.tenant().time();
  }

  /**
   * Secrets of the registration that somebody else made.
   *
   * @param inState key ids in the stack's state, where it was read; else the ledger's and the names of secrets have to do
   */
  async foreignSecrets(inState: readonly string[] = []): Promise<ForeignView> {
    return await this.tenant().foreignSecrets({ ledger: this.#ledger, inState });
  }

  /** Says what was done, and keeps it for the report. */
  say(what: string): void {
    this.done.push(what);
    this.context.terminal.line(what);
  }

  /**
   * Writes the ledger as it is after the events.
   *
   * @returns whether anything changed
   * @throws InteropError when an event is refused; nothing is written then
   */
  apply(...events: readonly RotationEvent[]): boolean {
    if (this.#after(events) === this.#ledger) return false;
    this.#write(this.#after([...this.#ownUses, ...events]));
    this.#ownUses = [];
    return true;
  }

  /** @throws InteropError when an event is refused */
  #after(events: readonly RotationEvent[]): Ledger {
    let next = this.#ledger;
    for (const event of events) {
      const outcome = reduce(next, event, this.policy, this.world.now());
      if (outcome.refusal !== undefined) throw refusalError(outcome.refusal, this.stack.name);
      next = outcome.ledger;
    }
    return next;
  }

  /**
   * Carries out what the ledger says was begun: the update, the new secret's proof, the end of it in the ledger.
   *
   * @param updated the update has been run already
   * @returns what it was; undefined where nothing was begun
   * @throws InteropError: what was begun stays so, and the next command tries it again
   */
  async carryOut(updated = false): Promise<Begun | undefined> {
    const { pending } = this.#ledger;
    if (pending === undefined) return undefined;
    const engine = await this.engine();
    if (pending.keyId !== undefined) await engine.removeForeign(pending.keyId);
    else if (!updated) await engine.update(this.#ledger, this.command);
    await this.#end(engine, pending);
    return pending;
  }

  async #end(engine: RotationEngine, pending: Begun): Promise<void> {
    const held = await engine.secrets();
    const fresh = isProved(this.#ledger) ? undefined : newest(this.#ledger, held);
    if (fresh !== undefined) await this.#prove(engine, fresh);
    const uses: RotationEvent[] =
      fresh === undefined ? [] : [{ type: 'use', slot: fresh.slot, note: 'proof after it was made' }];
    // Written together: a command that is killed before has proved nothing, and the next one does.
    this.apply(...madeEvents(this.#ledger, held), ...uses, { type: 'finish' });
    const what = describeSecret(secretOf(pending));
    this.say(pending.event === 'stage' ? `Made ${what}.` : `Removed ${what} (${pending.event}).`);
  }

  /** Takes into the state what was written after the update, so that `rotation restore` gives it back. */
  async save(): Promise<void> {
    if (!this.#unsaved || this.writeOnly) return;
    await (await this.engine()).saveLedger(this.command);
    this.#unsaved = false;
  }

  /**
   * Copies the newest secret to the vault, where there is one and it lacks the copy. A failure is told, and tried again by the next
   * call: Google's form does not depend on it.
   */
  async copyToVault(): Promise<void> {
    const { keyVault } = this.config.secret;
    if (keyVault === undefined || this.writeOnly) return;
    const target = targetSecret(this.#ledger);
    const keyId = this.#ledger.slots[target.slot]?.keyId;
    if (keyId === undefined) return;
    try {
      const vault = await this.world.openVault(this.context, keyVault);
      if (await vault.has(keyId)) return;
      const held = newest(this.#ledger, await (await this.engine()).secrets());
      if (held === undefined) return;
      await vault.put(held);
      this.say(`Copied ${describeSecret(target)} to the Key Vault secret ${keyVault.name}.`);
    } catch (error) {
      if (!(error instanceof InteropError) || error.kind === 'cancelled') throw error;
      this.context.terminal.warn(
        `the copy in Key Vault is missing, and the next call tries it again: ${error.message}`,
      );
    }
  }

  async #open(): Promise<RotationEngine> {
    const engine = await this.world.open(this.context, 'write');
    const saved = await engine.savedLedger();
    const stale = saved === undefined ? undefined : refuseStaleLedger(saved, this.#ledger, this.stack.name);
    if (stale !== undefined) throw stale;
    return engine;
  }

  async #prove(engine: RotationEngine, secret: HeldSecret): Promise<void> {
    const roles = await engine.prove(secret);
    const words = roles.length === 0 ? 'no roles, as no consent asks for any' : roles.join(', ');
    this.say(`Proved ${describeSecret(secret)} with a token from Entra (${words}).`);
  }

  #write(next: Ledger): void {
    const inFile = () => stackConfigOf(readStackFile(this.stack.file)).ours.rotation;
    if (!isDeepStrictEqual(inFile(), this.#written)) throw changedMeanwhile(this.stack);
    writeLedger(this.stack.file, next);
    this.#written = inFile();
    this.#ledger = next;
    this.#changed = true;
    this.#unsaved = true;
  }
}

/**
 * Runs a command that changes the ledger, alone on this stack's file.
 *
 * @throws InteropError: what {@link readRotation} throws, `failure` when another rotation command is at work, what `work` throws.
 */
export async function withRotation<T>(
  context: CommandContext,
  world: RotationWorld,
  options: RotationOptions,
  work: (rotation: Rotation) => Promise<T>,
): Promise<T> {
  const { file } = readRotation(context).stack;
  return await withLedgerLock(file, context.env, async () => {
    // Read again: another command may have changed it while this one waited.
    const rotation = new Rotation(context, world, readRotation(context), options);
    return await work(rotation);
  });
}

/** Carries out what an interrupted command left, before the next one begins. */
export async function finishFirst(rotation: Rotation): Promise<Begun | undefined> {
  const { pending } = rotation.ledger;
  if (pending === undefined || rotation.writeOnly) return undefined;
  rotation.context.terminal.warn(
    `an earlier command began the ${pending.event} of ${describeSecret(secretOf(pending))} at ${pending.at}: it is finished first`,
  );
  return await rotation.carryOut();
}

/** A secret without a key id was not made yet when the ledger was written last. */
function isProved(ledger: Ledger): boolean {
  return ledger.slots[targetSecret(ledger).slot]?.keyId !== undefined;
}

function madeEvents(ledger: Ledger, held: readonly HeldSecret[]): readonly RotationEvent[] {
  return SLOTS.flatMap((slot): RotationEvent[] => {
    const generation = ledger.slots[slot]?.generation;
    const secret = held.find((one) => one.slot === slot && one.generation === generation);
    return secret === undefined
      ? []
      : [{ type: 'made', slot, generation: secret.generation, keyId: secret.keyId }];
  });
}

function newest(ledger: Ledger, held: readonly HeldSecret[]): HeldSecret | undefined {
  const { slot, generation } = targetSecret(ledger);
  return held.find((secret) => secret.slot === slot && secret.generation === generation);
}

function noLedger(stack: ProjectStack): InteropError {
  return new InteropError({
    kind: 'configuration',
    summary: `${basename(stack.file)} has no rotation ledger yet`,
    problems: [
      { where: 'calendar-interop:rotation', what: 'is missing', allowed: 'a ledger made by `rotation init`' },
    ],
    next: [
      `calendar-interop rotation init --stack ${stack.name}`,
      `calendar-interop rotation restore --stack ${stack.name}   # where the stack was up with one that is lost`,
    ],
  });
}

function changedMeanwhile(stack: ProjectStack): InteropError {
  return new InteropError({
    kind: 'failure',
    summary: `the ledger in ${basename(stack.file)} was changed by somebody else meanwhile`,
    problems: [{ where: stack.file, what: 'is not what this command has read; nothing was written over it' }],
    next: [`calendar-interop rotation status --stack ${stack.name}`],
  });
}
