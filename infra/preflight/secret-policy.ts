/** The tenant's policy on secrets against the life that the stack wishes for its own. Pure. */
import type { StackConfig } from '../config.js';
import type { SecretPolicy } from '../identity/secret-policy.js';
import { type Check, fault, fine, notChecked } from './checks.js';

export function secretPolicyChecks(
  config: Pick<StackConfig, 'secret' | 'protocol'>,
  policy: SecretPolicy,
): readonly Check[] {
  const id = 'policy.secrets';
  // Only endpoints in Microsoft 365 hold a secret.
  if (config.protocol === undefined) return [];
  if (!policy.checked) {
    return [notChecked(id, "the tenant's policy on secrets", { found: policy.why })];
  }
  const { longestLifeDays, policy: name } = policy;
  const { lifetimeDays } = config.secret;
  if (longestLifeDays === undefined || longestLifeDays >= lifetimeDays) {
    const longest = longestLifeDays === undefined ? 'no limit' : `at most ${longestLifeDays} days`;
    return [fine(id, `the tenant allows secrets of ${lifetimeDays} days`, longest)];
  }
  if (longestLifeDays === 0) {
    return [
      fault(id, 'the tenant forbids new secrets', {
        found: `the policy ${name ?? ''}`.trim(),
        allowed: 'a secret: Google signs in with one',
        next: 'exempt the registration by an app management policy of its own, then run calendar-interop preflight',
      }),
    ];
  }
  return [
    fault(id, 'the tenant does not allow secrets that live so long', {
      found: `${lifetimeDays} days`,
      allowed: `at most ${longestLifeDays} days (${name ?? 'the policy'})`,
      next: `set calendar-interop:secret, lifetimeDays to ${longestLifeDays}`,
    }),
  ];
}
