/** What app management policies allow, and how people are told. */
import fc from 'fast-check';
import { InteropError } from '../../infra/errors.js';
import {
  durationDays,
  explainPolicyRefusal,
  judgeSecretPolicy,
  readSecretPolicy,
  requireAllowedLife,
} from '../../infra/identity/secret-policy.js';

const rule = (restrictionType: string, more: object = {}) => ({ restrictionType, state: 'enabled', ...more });
const tenant = (...passwordCredentials: ReturnType<typeof rule>[]) => ({
  displayName: 'Default',
  isEnabled: true,
  applicationRestrictions: { passwordCredentials },
});
const own = (...passwordCredentials: ReturnType<typeof rule>[]) => ({
  displayName: 'Own',
  isEnabled: true,
  restrictions: { passwordCredentials },
});
const LIFETIME = rule('passwordLifetime', { maxLifetime: 'P90D' });
const ADDITION = rule('passwordAddition');
const free = { checked: true, longestLifeDays: undefined, policy: undefined };

describe('judging', () => {
  test.each([
    ['no policy', undefined, [], undefined, free],
    ['a policy that is off', { ...tenant(ADDITION), isEnabled: false }, [], undefined, free],
    ['a rule that is off', tenant({ ...ADDITION, state: 'disabled' }), [], undefined, free],
    ['other rules', tenant(rule('symmetricKeyAddition')), [], undefined, free],
    ['a cap', tenant(LIFETIME), [], undefined, { ...free, longestLifeDays: 90, policy: 'Default' }],
    [
      'no secrets',
      tenant(LIFETIME, ADDITION),
      [],
      undefined,
      { ...free, longestLifeDays: 0, policy: 'Default' },
    ],
    [
      'its own cap',
      tenant(LIFETIME),
      [own(rule('passwordLifetime', { maxLifetime: 'P365D' }))],
      undefined,
      { ...free, longestLifeDays: 365, policy: 'Own' },
    ],
    ['its own way out', tenant(ADDITION), [own({ ...ADDITION, state: 'disabled' })], undefined, free],
    [
      'a policy of its own that is off',
      tenant(LIFETIME),
      [{ ...own(), isEnabled: false }],
      undefined,
      { ...free, longestLifeDays: 90, policy: 'Default' },
    ],
    [
      'a rule for younger ones',
      tenant({ ...ADDITION, ...{ restrictForAppsCreatedAfterDateTime: '2027-01-01T00:00:00Z' } }),
      [],
      '2026-01-01T00:00:00Z',
      free,
    ],
    [
      'a rule for its age',
      tenant({ ...ADDITION, ...{ restrictForAppsCreatedAfterDateTime: '2025-01-01T00:00:00Z' } }),
      [],
      '2026-01-01T00:00:00Z',
      { ...free, longestLifeDays: 0, policy: 'Default' },
    ],
    [
      'a rule for those to come',
      tenant({ ...ADDITION, ...{ restrictForAppsCreatedAfterDateTime: '2025-01-01T00:00:00Z' } }),
      [],
      undefined,
      { ...free, longestLifeDays: 0, policy: 'Default' },
    ],
  ] as const)('%s', (_, policy, policies, created, expected) => {
    expect(judgeSecretPolicy(policy, policies, created)).toEqual(expected);
  });

  test.each([
    ['P90D', 90],
    ['P1DT23H', 1],
    ['PT36H', 1],
    ['P2W', 14],
    ['P1Y', 365],
    ['P6M', 168],
    ['PT59M', 0],
    ['P', undefined],
    ['PT', undefined],
    ['90', undefined],
    ['', undefined],
    ['-P1D', undefined],
  ])('%s is so many days', (text, days) => {
    expect(durationDays(text)).toBe(days);
  });

  test('whatever is allowed is not longer than the duration', () => {
    const part = fc.nat(2_000);
    fc.assert(
      fc.property(part, part, part, (days, hours, seconds) => {
        const allowed = durationDays(`P${days}DT${hours}H${seconds}S`) ?? Number.NaN;
        const exact = days + hours / 24 + seconds / 86_400;
        expect(allowed).toBeLessThanOrEqual(exact);
        expect(allowed).toBeGreaterThan(exact - 1);
      }),
    );
  });
});

describe('reading', () => {
  const registration = { id: 'object', createdDateTime: '2026-01-01T00:00:00Z' };

  test('without the right to it is no failure', async () => {
    const denied = async () => {
      throw new InteropError({
        kind: 'authentication',
        summary: 'no right',
        problems: [{ what: 'Policy.Read.All' }],
      });
    };
    const graph = { getTenantAppManagementPolicy: denied, listAppManagementPolicies: async () => [] };
    expect(await readSecretPolicy(graph, registration)).toEqual({
      checked: false,
      why: 'no right: Policy.Read.All',
    });
  });

  test('asks for no policy of a registration that is not there', async () => {
    const listAppManagementPolicies = jest.fn();
    const graph = { getTenantAppManagementPolicy: async () => tenant(LIFETIME), listAppManagementPolicies };
    expect(await readSecretPolicy(graph, undefined)).toMatchObject({ longestLifeDays: 90 });
    expect(listAppManagementPolicies).not.toHaveBeenCalled();
  });

  test('ends when it is cancelled', async () => {
    const cancelled = async () => {
      throw new InteropError({ kind: 'cancelled', summary: 'cancelled' });
    };
    const graph = { getTenantAppManagementPolicy: cancelled, listAppManagementPolicies: async () => [] };
    await expect(readSecretPolicy(graph, registration)).rejects.toThrow('cancelled');
  });
});

describe('telling', () => {
  const failure = (action: () => unknown): InteropError => {
    try {
      action();
    } catch (error) {
      if (error instanceof InteropError) return error;
    }
    throw new Error('nothing was thrown');
  };
  const capped = { checked: true, longestLifeDays: 90, policy: 'Default' } as const;

  test('a life that is too long comes with the longest that is allowed, and its command', () => {
    const error = failure(() => requireAllowedLife(capped, 180, 'prod'));
    expect(error).toMatchObject({ kind: 'policy', exitCode: 5 });
    expect(error.message).toContain('found 180 days; allowed: at most 90 days');
    expect(error.next[0]).toBe(
      'pulumi config set --path calendar-interop:secret.lifetimeDays 90 --stack prod',
    );
  });

  test('secrets that are forbidden come with the way out', () => {
    const error = failure(() => requireAllowedLife({ ...capped, longestLifeDays: 0 }, 1, 'prod'));
    expect(error.message).toMatch(
      /forbids client secrets[\s\S]*policy of its own[\s\S]*next: ask an administrator/,
    );
  });

  test('what is allowed, or was not checked, passes', () => {
    expect(() => requireAllowedLife(capped, 90, 'prod')).not.toThrow();
    expect(() => requireAllowedLife({ checked: false, why: 'no right' }, 9_999, 'prod')).not.toThrow();
    expect(() => requireAllowedLife({ ...capped, longestLifeDays: undefined }, 9_999, 'prod')).not.toThrow();
  });

  test("Graph's own refusal is explained alike, and nothing else is", () => {
    const said = (code: string) =>
      explainPolicyRefusal(`400 Bad Request with error: ${code}: whatever`, 'prod');
    expect(said('CredentialTypeNotAllowedAsPerAppPolicy')?.summary).toContain('forbids client secrets');
    expect(said('CredentialInvalidLifetimeAsPerAppPolicy')?.next[0]).toContain('secret.lifetimeDays <days>');
    expect(said('Request_BadRequest')).toBeUndefined();
  });
});
