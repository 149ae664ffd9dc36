/** What the rotation commands need of the world: the present, the stack on the engine, evidence. Tests put others in their place. */
import type { KeyVaultConfig, StackConfig } from '../../infra/config.js';
import type { KnownSecrets } from '../../infra/identity/foreign-secrets.js';
import type { SecretPolicy } from '../../infra/identity/secret-policy.js';
import type { JudgedEvidence, UseEvent } from '../../infra/rotation/index.js';
import type { Ledger } from '../../infra/rotation/ledger.js';
import type { CommandContext } from '../command-context.js';
import type { LedgerInState } from '../ledger-in-state.js';
import type { ProjectStack } from '../project.js';
import type { Ask } from '../question.js';
import type { HeldSecret } from '../secret-in-state.js';
import type { ForeignView } from './foreign-secrets.js';

/** A stack that is open for what a rotation does to it. */
export interface RotationEngine {
  /** The ledger that the stack was last brought up with; undefined before the first time. */
  savedLedger(): Promise<LedgerInState | undefined>;
  /** Makes the tenant as the ledger in the stack's file says, after putting an interrupted run right. */
  update(ledger: Ledger, command: string): Promise<void>;
  /** Takes the ledger in the stack's file into the state, and touches nothing else. */
  saveLedger(command: string): Promise<void>;
  /** Our own uses of the ledger's secrets since their proofs, which are noted outside of the ledger. */
  ownUses(ledger: Ledger): Promise<readonly UseEvent[]>;
  /** The secrets in the state. */
  secrets(): Promise<readonly HeldSecret[]>;
  /**
   * Takes a token with a secret as Google will, waiting while Entra does not know it everywhere.
   *
   * @returns the roles in the token
   * @throws InteropError of kind `authentication`
   */
  prove(secret: HeldSecret): Promise<readonly string[]>;
  /** Removes a secret that lies in no slot from the registration; one that is gone already is no failure. */
  removeForeign(keyId: string): Promise<void>;
}

/** Where the configuration wants a copy of each secret. */
export interface Vault {
  /** Whether it holds the copy of the secret with this key id; the value is not read. */
  has(keyId: string): Promise<boolean>;
  /** Adds a version; older ones stay. */
  put(secret: HeldSecret): Promise<void>;
}

/** Whose tenant. */
export interface TenantRequest {
  readonly context: CommandContext;
  readonly stack: ProjectStack;
  readonly config: StackConfig;
}

/** What Entra tells of the stack's registration. What cannot be read is not checked, which is no failure. */
export interface RotationTenant {
  /** What the tenant's policy allows a new secret. */
  secretPolicy(): Promise<SecretPolicy>;
  /** Secrets of the registration, as it is now, that somebody else made. */
  foreignSecrets(known: KnownSecrets): Promise<ForeignView>;
  /** The time by Entra's clock; undefined where nobody could ask. */
  time(): Promise<Date | undefined>;
}

/** What evidence is collected about. */
export interface EvidenceRequest extends TenantRequest {
  readonly ledger: Ledger;
  readonly now: Date;
}

export interface RotationWorld {
  now(): Date;
  /**
   * @param ledger `saved`: the one in the state counts, whatever the file holds
   * @throws InteropError as openStack
   */
  open(context: CommandContext, ledger: 'write' | 'saved'): Promise<RotationEngine>;
  /** What Microsoft's and Google's logs amount to. Sources that cannot be read leave something out; they do not fail. */
  evidence(request: EvidenceRequest): Promise<JudgedEvidence>;
  /** The tenant behind the stack; nobody is asked before one of its functions is called. */
  tenant(request: TenantRequest): RotationTenant;
  /** @throws InteropError; so do the vault's own functions */
  openVault(context: CommandContext, keyVault: KeyVaultConfig): Promise<Vault>;
  /** Asks a person a question of yes or no; undefined where nobody can be asked. */
  readonly ask?: Ask | undefined;
}
