/** How a sandbox is started, and what is wrong with a start that is refused. */

/** What the sandbox shall be. Everything that can differ between two runs is named here. */
export interface SandboxOptions {
  /** Port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** Ids, secrets and names of the tenant depend on it alone. */
  readonly seed: number;
  /** Users with a mailbox, besides interop@contoso.com. */
  readonly mailboxes: number;
  /** Milliseconds to wait before each answer. */
  readonly latencyMs: number;
  /** What the sandbox's clock shows at the start; it then runs on with real time. */
  readonly clock?: Date | undefined;
  /** `NAME=VALUE`, see faults.ts. */
  readonly faults: readonly string[];
  /** An existing folder: the certificate of the sandbox's authority is written there as ca.pem. */
  readonly folder: string;
}

/** An application that may sign in, as `sandbox --json` tells of it. */
export interface SandboxClient {
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  /** Values of the app roles that it was granted, over all resources. */
  readonly roles: readonly string[];
}

/** Where the sandbox is and who may sign in: exactly what `sandbox --json` prints. URLs have no trailing slash. */
export interface SandboxInfo {
  readonly authority: string;
  readonly metadataHost: string;
  readonly graph: string;
  readonly exchange: string;
  readonly ews: string;
  /** An Exchange Server beside the tenant: EWS with the name and the password of the role account. */
  readonly onPremises: { readonly ews: string; readonly account: string; readonly password: string };
  readonly tenantId: string;
  readonly domain: string;
  readonly caFile: string;
  readonly clients: readonly SandboxClient[];
}

/** An option or a control command that the sandbox refuses. `option` is its name on the command line or in the JSON. */
export class SandboxOptionError extends Error {
  override readonly name = 'SandboxOptionError';

  constructor(
    readonly option: string,
    readonly what: string,
    readonly found: string,
    readonly allowed: string,
  ) {
    super(`${option}: ${what} (found ${found}; allowed: ${allowed})`);
  }
}

const LIMITS = {
  port: [0, 65_535],
  seed: [0, Number.MAX_SAFE_INTEGER],
  mailboxes: [0, 1_000_000],
  latencyMs: [0, 600_000],
} as const;

/** @throws SandboxOptionError for a number that is none or out of its range, or a clock that shows no time. */
export function checkOptions(options: SandboxOptions): void {
  for (const [name, [least, most]] of Object.entries(LIMITS)) {
    checkInteger(name, options[name as keyof typeof LIMITS], least, most);
  }
  if (options.clock !== undefined && Number.isNaN(options.clock.getTime())) {
    throw new SandboxOptionError('clock', 'is no time', 'an invalid date', 'an ISO 8601 time');
  }
}

/** @throws SandboxOptionError unless `value` is an integer from `least` to `most`. */
export function checkInteger(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new SandboxOptionError(name, 'is out of range', String(value), `an integer from ${least} to ${most}`);
}
