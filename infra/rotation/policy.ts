/**
 * What decides about a rotation besides the ledger: the stack's wishes, and what the tenant allows.
 */

export interface RotationPolicy {
  /** How long a new secret shall live. */
  readonly lifetimeDays: number;
  /** How many days before a secret's end its rotation is due. */
  readonly leadDays: number;
  /**
   * Days without a sign-in after which evidence calls a secret silent. How late Microsoft's sign-in reports are is UNCONFIRMED:
   * this is to be longer.
   */
  readonly quietDays: number;
  /** The longest life that the tenant's policy allows a new secret, in whole days; 0 when it forbids secrets, absent when it was not read. */
  readonly longestLifeDays?: number | undefined;
  /** Names of the endpoints whose form at Google holds the secret. On-premises ones hold a password instead and do not count. */
  readonly endpoints: readonly string[];
}

/** The parts of the stack's configuration that make a policy. */
export interface RotationConfig {
  readonly secret: { readonly lifetimeDays: number; readonly leadDays: number; readonly quietDays: number };
  readonly endpoints: readonly { readonly name: string; readonly type: string }[];
}

/** The policy of a stack; `longestLifeDays` where the tenant's policy was read. */
export function rotationPolicy(config: RotationConfig, longestLifeDays?: number): RotationPolicy {
  return {
    lifetimeDays: config.secret.lifetimeDays,
    leadDays: config.secret.leadDays,
    quietDays: config.secret.quietDays,
    longestLifeDays,
    endpoints: config.endpoints.filter(({ type }) => type !== 'onPremises').map(({ name }) => name),
  };
}
