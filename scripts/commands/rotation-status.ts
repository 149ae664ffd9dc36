/** `rotation status`: where the rotation stands and what is due. Reads the stack's file, and asks Entra for foreign secrets: no engine. */
import { SOMETHING_DUE } from '../../infra/errors.js';
import { describeSecret, dueOf, rotationPolicy, secretOf, timelineOf } from '../../infra/rotation/index.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { foreignAsJson, showForeign } from '../rotation/foreign-secrets.js';
import { readRotation } from '../rotation/rotation.js';
import type { RotationWorld } from '../rotation/rotation-world.js';
import { legendText, timelineText } from '../rotation/timeline-text.js';
import { showDue, standingAsJson } from './rotation-shared.js';

/** Phases in words. */
const PHASE_WORDS = {
  unconfirmed: 'Google is not yet known to hold the secret',
  steady: 'one secret, which Google holds',
  staged: 'a new secret is made and waits to be pasted at Google',
  partlyConfirmed: 'the new secret is pasted in some of the forms at Google',
  switched: 'Google holds the new secret; the old one can go',
  revoking: 'a secret is being revoked',
} as const;

export interface StatusFlags {
  /** Read the stack's file only, and ask nobody. */
  readonly offline: boolean;
}

/**
 * Where nobody can sign in, foreign secrets are left out.
 *
 * @returns exit code 10 when something is due, 0 otherwise
 */
export async function rotationStatus(
  context: CommandContext,
  { offline }: StatusFlags,
  world: Pick<RotationWorld, 'now' | 'tenant'>,
): Promise<CommandResult> {
  const { stack, config, ledger } = readRotation(context);
  const { terminal } = context;
  const policy = rotationPolicy(config);
  const at = world.now();
  const timeline = timelineOf(ledger, policy, at);
  terminal.prose(`Stack ${stack.name} · ${timeline.phase}: ${PHASE_WORDS[timeline.phase]}`, 'strong');
  const lines = timelineText(timeline, terminal.columns);
  for (const line of lines) terminal.line(line);
  const legend = legendText(lines);
  if (legend !== undefined) terminal.line(legend, 'dim');
  for (const endpoint of policy.endpoints) {
    const evidence = Object.hasOwn(ledger.confirmed, endpoint) ? ledger.confirmed[endpoint] : undefined;
    const holds =
      evidence === undefined
        ? 'not confirmed'
        : `holds ${describeSecret(secretOf(evidence))} since ${evidence.at.slice(0, 10)} (${evidence.how === 'hand' ? `said by ${evidence.by ?? 'somebody'}` : (evidence.seen ?? 'seen')})`;
    terminal.prose(`  endpoint ${endpoint}: ${holds}`);
  }
  const report = dueOf(ledger, policy, at);
  if (report.clockBehind !== undefined)
    terminal.warn(
      `this machine's clock is behind the ledger, whose last event was at ${report.clockBehind.toISOString()}`,
    );
  const foreign = offline
    ? undefined
    : await world.tenant({ context, stack, config }).foreignSecrets({ ledger, inState: [] });
  if (foreign !== undefined) showForeign(terminal, foreign, at, stack.name);
  showDue(terminal, report, stack.name);
  const secrets = timeline.secrets.map(({ name, role, keyId, start, end, lead, daysLeft, ageDays }) => ({
    name,
    role,
    keyId: keyId ?? null,
    start: start?.toISOString() ?? null,
    end: end.toISOString(),
    lead: lead?.toISOString() ?? null,
    daysLeft,
    ageDays: ageDays ?? null,
  }));
  return {
    exitCode: report.due.length > 0 ? SOMETHING_DUE : 0,
    json: {
      ...standingAsJson(ledger, policy, at, stack.name),
      secrets,
      ...(foreign === undefined ? {} : { foreignSecrets: foreignAsJson(foreign) }),
    },
  };
}
