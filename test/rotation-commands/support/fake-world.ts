/** A rotation command's world in memory: a project on disk, secrets that are made and removed as the ledger says, faults on demand. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { stringify } from 'yaml';
import { InteropError } from '../../../infra/errors.js';
import { toSave } from '../../../infra/identity/ledger-guard.js';
import { type JudgedEvidence, NO_EVIDENCE, type UseEvent } from '../../../infra/rotation/index.js';
import { initialLedger, type Ledger, SLOTS } from '../../../infra/rotation/ledger.js';
import type { CommandContext } from '../../../scripts/command-context.js';
import type { ForeignView } from '../../../scripts/rotation/foreign-secrets.js';
import { readRotation } from '../../../scripts/rotation/rotation.js';
import type {
  EvidenceRequest,
  RotationEngine,
  RotationTenant,
  RotationWorld,
  Vault,
} from '../../../scripts/rotation/rotation-world.js';
import type { HeldSecret } from '../../../scripts/secret-in-state.js';
import { Terminal } from '../../../scripts/terminal.js';

const DAY_MS = 86_400_000;
export const START = new Date('2030-01-01T00:00:00Z');

/** A moment at which a command is cut off. */
export type Moment = 'update' | 'secrets' | 'prove' | 'saveLedger';

export class FakeWorld implements RotationWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'rotation-commands-'));
  readonly file = join(this.folder, 'Pulumi.test.yaml');
  readonly context: CommandContext;
  time = START;
  opened = 0;
  proofs = 0;
  held: HeldSecret[] = [];
  saved: Ledger | undefined;
  seen: JudgedEvidence = NO_EVIDENCE;
  /** What verify and others have noted outside of the ledger. */
  ownUses: readonly UseEvent[] = [];
  /** Ledgers by which evidence was judged. */
  readonly judgedBy: Ledger[] = [];
  evidenceAsked = 0;
  foreign: ForeignView = { secrets: [], signInsNotChecked: undefined };
  /** What Entra's clock shows; undefined where nobody can ask. */
  entraTime: Date | undefined;
  /** The next time that this is reached, the command ends there. */
  cutAt: Moment | undefined;
  vault: { failing: boolean; copies: string[] } = { failing: false, copies: [] };
  ask: RotationWorld['ask'];
  #output = '';
  #keys = 0;

  constructor(config: Readonly<Record<string, unknown>> = {}) {
    writeFileSync(join(this.folder, 'Pulumi.yaml'), 'name: calendar-interop\nruntime: nodejs\n');
    const ledger = initialLedger({ now: START, lifetimeDays: 180 });
    const all = {
      'azuread:tenantId': '11111111-2222-3333-4444-555555555555',
      'calendar-interop:tenant': 'contoso.onmicrosoft.com',
      'calendar-interop:protocol': 'ews',
      'calendar-interop:endpoints': [
        { name: 'one', type: 'microsoft365-ews', domains: ['contoso.com'], roleAccounts: ['a@contoso.com'] },
        { name: 'two', type: 'microsoft365-ews', domains: ['contoso.org'], roleAccounts: ['a@contoso.org'] },
      ],
      'calendar-interop:rotation': ledger,
      ...config,
    };
    writeFileSync(
      this.file,
      `# ours\n${stringify({ config: all }, { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' })}`,
    );
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        this.#output += chunk.toString();
        done();
      },
    });
    const controller = new AbortController();
    this.context = {
      terminal: new Terminal({ stdout: stream, stderr: stream, json: false, color: false }),
      env: { XDG_CACHE_HOME: join(this.folder, 'cache'), GITHUB_ACTOR: 'ann' },
      cwd: this.folder,
      signal: controller.signal,
      cancellation: { signal: controller.signal, shield: (work) => work() },
      stack: 'test',
    };
  }

  /** Brings the stack up with the ledger in the file, and confirms that Google holds the first secret. */
  async steady(): Promise<void> {
    const { rotationConfirm } = await import('../../../scripts/commands/rotation-confirm.js');
    await (await this.open()).update(this.ledger(), 'up');
    await rotationConfirm(this.context, { endpoints: [], evidence: false, writeOnly: false }, this);
    this.opened = 0;
  }

  now(): Date {
    return this.time;
  }

  passDays(days: number): void {
    this.time = new Date(this.time.getTime() + days * DAY_MS);
  }

  ledger(): Ledger {
    return readRotation(this.context).ledger;
  }

  text(): string {
    return readFileSync(this.file, 'utf8');
  }

  output(): string {
    return this.#output;
  }

  names(): readonly string[] {
    return this.held.map(({ slot, generation }) => `${slot}${generation}`).sort();
  }

  async open(): Promise<RotationEngine> {
    this.opened += 1;
    return {
      savedLedger: async () => {
        const { saved } = this;
        return saved && { ...toSave(saved), read: () => saved };
      },
      update: async (ledger) => {
        this.saved = ledger;
        this.#reach('update');
        this.held = SLOTS.flatMap((slot) => this.#wanted(ledger, slot));
      },
      saveLedger: async () => {
        this.#reach('saveLedger');
        const ledger = this.ledger();
        this.saved = ledger;
      },
      ownUses: async () => this.ownUses,
      secrets: async () => {
        this.#reach('secrets');
        return this.held;
      },
      prove: async () => {
        this.#reach('prove');
        this.proofs += 1;
        return ['full_access_as_app'];
      },
      removeForeign: async () => undefined,
    };
  }

  async evidence({ ledger }: EvidenceRequest): Promise<JudgedEvidence> {
    this.evidenceAsked += 1;
    this.judgedBy.push(ledger);
    return this.seen;
  }

  tenant(): RotationTenant {
    return {
      secretPolicy: async () => ({ checked: true, longestLifeDays: undefined, policy: undefined }),
      foreignSecrets: async () => this.foreign,
      time: async () => this.entraTime,
    };
  }

  async openVault(): Promise<Vault> {
    return {
      has: async (keyId) => this.vault.copies.includes(keyId),
      put: async ({ keyId }) => {
        if (this.vault.failing) throw new InteropError({ kind: 'resource', summary: 'the vault is down' });
        this.vault.copies.push(keyId);
      },
    };
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #wanted(ledger: Ledger, slot: 'a' | 'b'): readonly HeldSecret[] {
    const wish = ledger.slots[slot];
    if (wish === undefined) return [];
    const known = this.held.find((one) => one.slot === slot && one.generation === wish.generation);
    if (known !== undefined) return [known];
    this.#keys += 1;
    const keyId = `00000000-0000-4000-8000-${String(this.#keys).padStart(12, '0')}`;
    return [
      { slot, generation: wish.generation, keyId, endDate: wish.endDate, value: `value ${this.#keys}` },
    ];
  }

  #reach(moment: Moment): void {
    if (this.cutAt !== moment) return;
    this.cutAt = undefined;
    throw new Error(`cut off at ${moment}`);
  }
}
