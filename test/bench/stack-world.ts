/** The simulation's world for real: a stack on the engine, an emulated tenant, and a Google that signs in with what was pasted. */
import { join } from 'node:path';
import { serialize } from 'node:v8';
import {
  type JudgedEvidence,
  planRun,
  type RotationEvent,
  type RotationPolicy,
} from '../../infra/rotation/index.js';
import {
  formatInstant,
  initialLedger,
  type Ledger,
  type SlotName,
  secretName,
} from '../../infra/rotation/ledger.js';
import { writeLedger } from '../../scripts/stack-file.js';
import { ledgerIn, type Moment, stopAt } from '../support/interruption.js';
import { PastedSecret } from '../support/pasted-secret.js';
import { makeProject, startProcess, type TestProject } from '../support/project.js';
import { registrationIn } from '../support/registration.js';
import type { CutOff } from '../support/rotation-commands.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import type { RotationWorld, SecretKey, StepEnd } from './rotation-world.js';
import {
  type ClockMoves,
  doOnStack,
  firstUp,
  type StackCommand,
  type StackTaskEnd,
} from './stack-commands.js';

export interface StackWorldCounts {
  /** Stacks opened on the engine, by runs of the scheduler and in all. */
  readonly engines: number;
  readonly enginesOfRuns: number;
  /** Runs on which nothing was due, and those of them that opened a stack. */
  readonly idleRuns: number;
  readonly enginesOfIdleRuns: number;
  /** Commands that were really killed. */
  readonly killed: number;
  readonly signIns: number;
  /** What failed without being refused. */
  readonly failures: readonly string[];
}

export interface StackWorldOptions {
  readonly seed: number;
  readonly policy: RotationPolicy;
  readonly start: number;
}

const SCRIPT = join(process.cwd(), 'dist', 'test', 'bench', 'stack-command.js');
const DAY = 86_400_000;
/** The pipeline's own sign-in is none that is rotated here: it outlives the years. */
const DEPLOYER_SECRET_DAYS = 4 * 365;
/** How long reads do not show what was made, for a command that is killed meanwhile. */
const REPLICATION_MS = 60_000;

export class StackWorld implements RotationWorld {
  readonly policy: RotationPolicy;
  readonly #sandbox: TestSandbox;
  readonly #project: TestProject;
  readonly #env: Readonly<Record<string, string>>;
  readonly #values = new Map<SecretKey, string>();
  /** Whether a secret signed in when it was tried last, and when that was. */
  readonly #tried = new Map<SecretKey, { readonly at: number; readonly works: boolean }>();
  #moves: ClockMoves = [];
  #time: number;
  #clientId = '';
  #objectId = '';
  #counts = { engines: 0, enginesOfRuns: 0, idleRuns: 0, enginesOfIdleRuns: 0, killed: 0, signIns: 0 };
  readonly #failures: string[] = [];

  /** Makes the tenant and the stack, and brings it up with the first secret. */
  static async start({ seed, policy, start }: StackWorldOptions): Promise<StackWorld> {
    // What was there before is seen from the first day on.
    const sandbox = await startTestSandbox({ seed, clock: new Date(start - 60_000) });
    const project = await makeProject({ info: sandbox.sandbox.info });
    const deployer = await deployerSecret(sandbox, start + DEPLOYER_SECRET_DAYS * DAY);
    const env = { ...project.env, ARM_CLIENT_SECRET: deployer };
    const world = new StackWorld({ policy, sandbox, project, env, time: start });
    try {
      await world.#begin();
      return world;
    } catch (error) {
      await world.dispose();
      throw error;
    }
  }

  private constructor(parts: {
    readonly policy: RotationPolicy;
    readonly sandbox: TestSandbox;
    readonly project: TestProject;
    readonly env: Readonly<Record<string, string>>;
    readonly time: number;
  }) {
    this.policy = parts.policy;
    this.#sandbox = parts.sandbox;
    this.#project = parts.project;
    this.#env = parts.env;
    this.#time = parts.time;
  }

  get counts(): StackWorldCounts {
    return { ...this.#counts, failures: this.#failures };
  }

  async dispose(): Promise<void> {
    await this.#project.dispose();
    await this.#sandbox.dispose();
  }

  async #begin(): Promise<void> {
    const { lifetimeDays, leadDays, endpoints } = this.policy;
    await this.#project.configure({
      'calendar-interop:secret': { lifetimeDays, leadDays },
      'calendar-interop:endpoints': endpoints.map((name) => ({
        name,
        type: 'microsoft365-ews',
        domains: [`${name}.example`],
        roleAccounts: [`interop@${name}.example`],
      })),
    });
    await this.setTime(this.#time);
    this.writeLedger(initialLedger({ now: new Date(this.#time), lifetimeDays }));
    await firstUp(this.#project.folder, this.#env);
    const { id, appId } = await registrationIn(this.#sandbox);
    this.#clientId = appId;
    this.#objectId = id;
  }

  async setTime(time: number): Promise<void> {
    this.#time = time;
    await this.#sandbox.control({ clock: { set: new Date(time).toISOString() } });
    const real = Date.now();
    this.#moves = [...this.#moves, { from: real, ahead: time - real }];
  }

  readLedger(): Ledger {
    return ledgerIn(this.#project);
  }

  writeLedger(ledger: Ledger): void {
    writeLedger(this.#project.stackFile, ledger);
  }

  /** `restore` reads the state's by itself. */
  ledgerOfState(): Ledger {
    return this.readLedger();
  }

  async carryOut(event: RotationEvent, now: Date, cutOff?: CutOff): Promise<StepEnd> {
    return (await this.#do({ kind: 'event', event }, now, cutOff)).end;
  }

  async finish(now: Date, cutOff?: CutOff): Promise<StepEnd> {
    return (await this.#do({ kind: 'finish' }, now, cutOff)).end;
  }

  /** The command `rotation run`. */
  async run(evidence: JudgedEvidence, now: Date, cutOff?: CutOff): Promise<StepEnd> {
    const { steps, blocked } = planRun(this.readLedger(), this.policy, evidence, now);
    const idle = steps.length === 0 && blocked.length === 0;
    // A run on a day without work has nothing to be killed at.
    const { end, engines } = await this.#do({ kind: 'run', evidence }, now, idle ? undefined : cutOff);
    this.#counts.enginesOfRuns += engines;
    if (idle) {
      this.#counts.idleRuns += 1;
      this.#counts.enginesOfIdleRuns += engines;
    }
    return end;
  }

  async secretToPaste(): Promise<SecretKey | undefined> {
    const { slots, pending } = this.readLedger();
    const slot: SlotName = (slots.a?.generation ?? 0) > (slots.b?.generation ?? 0) ? 'a' : 'b';
    const secret = slots[slot];
    if (pending !== undefined || secret?.keyId === undefined) return undefined;
    if (!this.#values.has(secret.keyId)) {
      const value = await this.#project.secretNamed(secretName(slot, secret.generation));
      this.#values.set(secret.keyId, value);
    }
    return (await this.#works(secret.keyId)) ? secret.keyId : undefined;
  }

  async makeByHand(days: number): Promise<SecretKey> {
    const endDateTime = formatInstant(new Date(this.#time + days * DAY));
    const { status, body } = await this.#sandbox.graph<{ keyId: string; secretText: string }>(
      'POST',
      `/applications/${this.#objectId}/addPassword`,
      { body: { passwordCredential: { displayName: 'made by hand', endDateTime } } },
    );
    if (status !== 200) throw new Error(`no secret was made by hand: ${JSON.stringify(body)}`);
    this.#values.set(body.keyId, body.secretText);
    return body.keyId;
  }

  /** What works at the end has worked all the while: a secret that is over or gone does not come back. */
  async failing(secret: SecretKey, from: number, to: number): Promise<number> {
    if (to <= from) return 0;
    const known = this.#tried.get(secret);
    const works = known?.at === to ? known.works : await this.#works(secret);
    return works ? 0 : to - from;
  }

  async #works(secret: SecretKey): Promise<boolean> {
    const google = new PastedSecret(this.#sandbox);
    google.paste(this.#clientId, this.#values.get(secret) ?? '');
    this.#counts.signIns += 1;
    const works = await google.works();
    this.#tried.set(secret, { at: this.#time, works });
    return works;
  }

  async #do(command: StackCommand, now: Date, cutOff: CutOff): Promise<StackTaskEnd> {
    const { folder, stackFile } = this.#project;
    const task = { folder, env: this.#env, stackFile, command, now, moves: this.#moves };
    const done = cutOff === undefined ? await doOnStack(task) : await this.#killed(task, cutOff);
    this.#counts.engines += done.engines;
    if (done.failure !== undefined) this.#failures.push(done.failure);
    return done;
  }

  async #killed(
    task: Parameters<typeof doOnStack>[0],
    cutOff: Exclude<CutOff, undefined>,
  ): Promise<StackTaskEnd> {
    const argument = serialize(task).toString('base64');
    const start = () => startProcess(SCRIPT, [argument], task.folder, task.env);
    const moment = await this.#moment(cutOff);
    await this.#sandbox.control({ faults: [`replicationDelay=${REPLICATION_MS}`] });
    const end = await stopAt({ sandbox: this.#sandbox, project: this.#project }, start, moment);
    await this.#sandbox.control({ clearFaults: true });
    if (end.signal === null && end.code === 0) return JSON.parse(end.stdout) as StackTaskEnd;
    if (end.signal === null) throw new Error(`a command failed: ${end.stderr}`);
    this.#counts.killed += 1;
    return { end: 'cut off', engines: 1 };
  }

  /** Which of the moments a command is killed at. */
  async #moment(cutOff: Exclude<CutOff, undefined>): Promise<Moment> {
    const { revision } = this.readLedger();
    if (cutOff === 'after writing' || cutOff === 0) return { ledger: (ledger) => ledger.revision > revision };
    if (cutOff < 3)
      return { request: ['POST /applications/*/addPassword', 'POST /applications/*/removePassword'] };
    if (cutOff < 5) {
      const before = await this.#keyIds();
      return { tenant: async () => (await this.#keyIds()) !== before };
    }
    return { ledger: (ledger) => ledger.revision > revision && ledger.pending === undefined };
  }

  async #keyIds(): Promise<string> {
    const { applications } = (await this.#sandbox.state()) as {
      applications: { id: string; passwords: { keyId: string }[] }[];
    };
    const ours = applications.find(({ id }) => id === this.#objectId);
    return JSON.stringify(ours?.passwords.map(({ keyId }) => keyId));
  }
}

/** A new secret of the client that the pipeline signs in with. */
async function deployerSecret(sandbox: TestSandbox, end: number): Promise<string> {
  const client = sandbox.sandbox.info.clients.find(({ name }) => name === 'deployer');
  const { body } = await sandbox.graph<{ secretText?: string }>(
    'POST',
    `/applications(appId='${client?.clientId}')/addPassword`,
    {
      body: {
        passwordCredential: { displayName: 'pipeline', endDateTime: formatInstant(new Date(end)) },
      },
    },
  );
  if (body.secretText === undefined) throw new Error(`no secret was made: ${JSON.stringify(body)}`);
  return body.secretText;
}
