/** The tenant's policy on secrets, read before a secret is made. */
import type { StackConfig } from '../infra/config.js';
import { InteropError } from '../infra/errors.js';
import type { GraphClient } from '../infra/graph/client.js';
import { readSecretPolicy, requireAllowedLife, type SecretPolicy } from '../infra/identity/secret-policy.js';
import { type Ledger, SLOTS, type SlotName } from '../infra/rotation/ledger.js';
import { findRegistration } from './rotation/registration.js';
import type { Terminal } from './terminal.js';

/** Whose policy. */
export interface PolicyRequest {
  readonly stack: string;
  readonly config: Pick<StackConfig, 'registration' | 'secret'>;
  graph(): Promise<GraphClient>;
}

/**
 * What the tenant allows the stack's secrets.
 *
 * @throws InteropError of kind `cancelled`; what cannot be read is not checked
 */
export async function stackSecretPolicy({ stack, config, graph }: PolicyRequest): Promise<SecretPolicy> {
  try {
    const client = await graph();
    return await readSecretPolicy(client, await findRegistration(client, stack, config));
  } catch (error) {
    if (!(error instanceof InteropError) || error.kind === 'cancelled') throw error;
    return { checked: false, why: error.summary };
  }
}

/**
 * Refuses a first ledger whose secret the tenant would not allow. A policy that may not be read is told of once, and is no failure.
 *
 * @throws InteropError of kind `policy`
 */
export async function requireFirstSecretAllowed(request: PolicyRequest, terminal: Terminal): Promise<void> {
  const policy = await stackSecretPolicy(request);
  tellIfNotChecked(policy, terminal);
  requireAllowedLife(policy, request.config.secret.lifetimeDays, request.stack);
}

/**
 * Refuses a ledger with a secret that is to be made and that the tenant would not allow.
 *
 * @throws InteropError of kind `policy`
 */
export async function requireNewSecretsAllowed(
  request: PolicyRequest & { readonly ledger: Ledger; readonly now: Date },
  terminal: Terminal,
): Promise<void> {
  const { ledger, now, stack } = request;
  const slots = SLOTS.filter((slot) => isUnmade(ledger, slot));
  if (slots.length === 0) return;
  const policy = await stackSecretPolicy(request);
  tellIfNotChecked(policy, terminal);
  for (const slot of slots) {
    const days = Math.ceil((Date.parse(ledger.slots[slot]?.endDate ?? '') - now.getTime()) / DAY_MS);
    try {
      requireAllowedLife(policy, days, stack);
    } catch (error) {
      throw error instanceof InteropError ? withNewLedger(error, ledger, slot, stack) : error;
    }
  }
}

const DAY_MS = 86_400_000;

/** The key id is written into the ledger once the secret was made. */
function isUnmade(ledger: Ledger, slot: SlotName): boolean {
  const secret = ledger.slots[slot];
  return secret !== undefined && secret.keyId === undefined;
}

/** The ledger holds the end of the secret: besides the configuration it has to be made anew. */
function withNewLedger(error: InteropError, ledger: Ledger, slot: SlotName, stack: string): InteropError {
  const [setting, ...rest] = error.next;
  if (setting === undefined || !setting.startsWith('pulumi config set')) return error;
  const alone = SLOTS.every((other) => other === slot || ledger.slots[other] === undefined);
  const anew = alone
    ? [
        `pulumi config rm calendar-interop:rotation --stack ${stack}   # the ledger of a secret that was never made`,
      ]
    : [
        `calendar-interop rotation revoke ${slot} --now --stack ${stack}   # takes the secret back that was never made`,
      ];
  const { kind, summary, problems } = error;
  return new InteropError({ kind, summary, problems, next: [setting, ...anew, ...rest], cause: error });
}

function tellIfNotChecked(policy: SecretPolicy, terminal: Terminal): void {
  if (!policy.checked) terminal.line(`The tenant's policy on secrets was not checked: ${policy.why}.`, 'dim');
}
