/** Exchange's own answer to what the application may act on. It tells of roles only, not of consents in Entra. */
import { InteropError } from '../../errors.js';
import { sleep } from '../transport/clock.js';
import { findOne, run, type Work } from '../work.js';
import type { ApplicationScopeWish, FoundApplicationScope, ScopeProof } from './model.js';
import { rolesFor } from './naming.js';

/** How long Exchange may show what was before the write. */
export interface ProofTiming {
  readonly patienceMs: number;
  readonly everyMs: number;
}

export const PROOF_TIMING: ProofTiming = { patienceMs: 120_000, everyMs: 5_000 };

/**
 * Proves that one role mailbox is within reach and one other mailbox is not.
 *
 * @throws InteropError of kind `resource` when Exchange says otherwise, with the roles that it names.
 */
export async function proveScope(
  work: Work,
  wish: ApplicationScopeWish,
  found: FoundApplicationScope,
  timing: ProofTiming,
): Promise<ScopeProof> {
  const inside = found.mailboxes[0]?.address;
  if (inside === undefined) throw new Error('a scope without mailboxes');
  const roles = rolesFor(wish);
  work.status(`asking Exchange whether ${inside} is within reach`);
  await until(work, timing, async () => {
    const granted = (await rolesWithin(work, wish, inside)).map(({ role }) => role.toLowerCase());
    const missing = roles.filter((role) => !granted.includes(role.toLowerCase()));
    return missing.length === 0 ? undefined : notInside(inside, missing);
  });
  const outside = await someoneElse(work, wish, found);
  if (outside === null) return { inside, outside };
  work.status(`asking Exchange whether ${outside} is out of reach`);
  await until(work, timing, async () => {
    const granted = await rolesWithin(work, wish, outside);
    return granted.length === 0 ? undefined : notOutside(outside, granted);
  });
  return { inside, outside };
}

interface GrantedRole {
  readonly role: string;
  readonly scope: string;
}

async function rolesWithin(
  work: Work,
  wish: ApplicationScopeWish,
  mailbox: string,
): Promise<readonly GrantedRole[]> {
  const { rows } = await run(work, {
    cmdlet: 'Test-ServicePrincipalAuthorization',
    parameters: { Identity: wish.servicePrincipalId, Resource: mailbox },
    anchor: mailbox,
  });
  return rows
    .filter(({ InScope }) => String(InScope).toLowerCase() === 'true')
    .map(({ RoleName, ScopeType, AllowedResourceScope }) => ({
      role: RoleName,
      scope: AllowedResourceScope || ScopeType || 'unknown scope',
    }));
}

async function until(
  work: Work,
  timing: ProofTiming,
  look: () => Promise<InteropError | undefined>,
): Promise<void> {
  const end = work.clock.now() + timing.patienceMs;
  for (;;) {
    const failure = await look();
    if (failure === undefined) return;
    if (work.clock.now() >= end) throw failure;
    await sleep(work.clock, timing.everyMs, work.signal);
  }
}

/** Any mailbox that is not within the scope: the first one that Exchange lists. */
async function someoneElse(
  work: Work,
  wish: ApplicationScopeWish,
  found: FoundApplicationScope,
): Promise<string | null> {
  const own = new Set(found.mailboxes.map(({ guid }) => guid));
  if (wish.outside !== undefined) {
    const row = await findOne(work, {
      cmdlet: 'Get-Mailbox',
      parameters: { Identity: wish.outside },
      anchor: wish.outside,
    });
    if (row !== undefined && !own.has(row.Guid.toLowerCase())) return row.PrimarySmtpAddress;
  }
  const mailboxes = work.port.stream({
    cmdlet: 'Get-Mailbox',
    parameters: { RecipientTypeDetails: ['UserMailbox'] },
    signal: work.signal,
  });
  for await (const { Guid, PrimarySmtpAddress } of mailboxes) {
    if (!own.has(Guid.toLowerCase())) return PrimarySmtpAddress;
  }
  return null;
}

function notInside(mailbox: string, missing: readonly string[]): InteropError {
  return new InteropError({
    kind: 'resource',
    summary: `Exchange does not let the application act on ${mailbox}`,
    problems: missing.map((role) => ({ where: mailbox, what: `is not within ${role}` })),
    next: ['calendar-interop up again: Exchange may take a while to see new roles'],
  });
}

function notOutside(mailbox: string, granted: readonly GrantedRole[]): InteropError {
  return new InteropError({
    kind: 'resource',
    summary: 'the application reaches mailboxes that are no role mailboxes',
    problems: granted.map(({ role, scope }) => ({ where: mailbox, what: `is within ${role} (${scope})` })),
    next: [
      'remove the role assignment that reaches further, which this stack did not make, or set calendar-interop:access to tenant',
    ],
  });
}
