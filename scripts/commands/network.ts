/** `network`: Google's address ranges in the forms that firewalls take, and a look at a host of one's own. Writes nothing. */
import { GOOGLE_RANGES, rangesIn } from '../../infra/endpoints/address-ranges.js';
import type { RangeForm } from '../../infra/endpoints/range-forms.js';
import { FAULT_FOUND } from '../../infra/errors.js';
import { readTrust } from '../../infra/graph/trust.js';
import type { HostStep } from '../../infra/preflight/host-check.js';
import type { CommandContext, CommandResult } from '../command-context.js';
import { CHECK_SIGNS } from './check-signs.js';

export async function network(
  context: CommandContext,
  flags: { readonly form: RangeForm; readonly check: string | undefined },
): Promise<CommandResult> {
  if (flags.check !== undefined) return await check(context, flags.check);
  const text = rangesIn(flags.form);
  context.terminal.line(text);
  return { exitCode: 0, json: { ranges: GOOGLE_RANGES, port: 443, format: flags.form, text } };
}

async function check({ terminal, env, signal }: CommandContext, host: string): Promise<CommandResult> {
  const [{ checkHost, hostUrl, UNKNOWABLE }, { internet }] = await Promise.all([
    import('../../infra/preflight/host-check.js'),
    import('../../infra/verify/surroundings.js'),
  ]);
  const url = hostUrl(host);
  const steps = await checkHost(url, internet({ trust: readTrust(env), env, signal }));
  terminal.heading(url.href);
  for (const step of steps) print(terminal, step);
  terminal.heading('Not to be known from here');
  for (const words of UNKNOWABLE) terminal.line(`  – ${words}`);
  const failed = steps.some(({ state }) => state === 'fault');
  return {
    exitCode: failed ? FAULT_FOUND : 0,
    json: { url: url.href, verdict: failed ? 'fault' : 'ok', steps, unknowable: UNKNOWABLE },
  };
}

function print(terminal: CommandContext['terminal'], { state, what, found, next }: HostStep): void {
  const [sign, tone] = CHECK_SIGNS[state];
  terminal.line(`  ${terminal.paint(sign, tone)} ${what}${found === undefined ? '' : `: ${found}`}`);
  if (state !== 'ok' && next !== undefined) terminal.line(`      ${terminal.paint('next:', 'good')} ${next}`);
}
