/**
 * What the tenant's app management policies allow the registration's secrets
 * (learn.microsoft.com/graph/api/resources/applicationauthenticationmethodpolicy).
 */
import { InteropError } from '../errors.js';
import type {
  Application,
  AppManagementPolicy,
  GraphClient,
  TenantAppManagementPolicy,
} from '../graph/client.js';

const DAY_MS = 86_400_000;

/** What is allowed; `not checked` where the policies may not be read, which is no failure. */
export type SecretPolicy =
  | {
      readonly checked: true;
      /** The longest life of a secret in whole days, rounded down; 0 when there may be none, undefined when nothing caps it. */
      readonly longestLifeDays: number | undefined;
      /** The policy that says so. */
      readonly policy: string | undefined;
    }
  | { readonly checked: false; readonly why: string };

/**
 * Reads what is allowed.
 *
 * @param registration undefined when it is not there yet
 * @throws InteropError of kind `cancelled` only: what cannot be read is not checked
 */
export async function readSecretPolicy(
  graph: Pick<GraphClient, 'getTenantAppManagementPolicy' | 'listAppManagementPolicies'>,
  registration: Pick<Application, 'id' | 'createdDateTime'> | undefined,
): Promise<SecretPolicy> {
  try {
    const [tenant, own] = await Promise.all([
      graph.getTenantAppManagementPolicy(),
      registration === undefined ? [] : graph.listAppManagementPolicies(registration.id),
    ]);
    return judgeSecretPolicy(tenant, own, registration?.createdDateTime);
  } catch (error) {
    if (!(error instanceof InteropError) || error.kind === 'cancelled') throw error;
    return { checked: false, why: [error.summary, ...error.problems.map(({ what }) => what)].join(': ') };
  }
}

interface Rule {
  readonly policy: string;
  readonly restrictionType: string;
  readonly state?: string | null | undefined;
  readonly maxLifetime?: string | null | undefined;
  readonly restrictForAppsCreatedAfterDateTime?: string | null | undefined;
}

/**
 * What two kinds of policies come to. Pure.
 *
 * UNCONFIRMED: how they go together. A restriction that the registration's own policy names replaces the tenant's of its kind, as the
 * overview says that the own one goes first. A duration that cannot be read counts as none.
 *
 * @param createdDateTime of the registration; undefined counts as now
 */
export function judgeSecretPolicy(
  tenant: TenantAppManagementPolicy | undefined,
  own: readonly AppManagementPolicy[],
  createdDateTime?: string | null,
): SecretPolicy {
  const rules = [
    ...own
      .filter(({ isEnabled }) => isEnabled === true)
      .flatMap((policy) => rulesOf(policy, policy.restrictions)),
    ...(tenant?.isEnabled === true ? rulesOf(tenant, tenant.applicationRestrictions) : []),
  ];
  const inForce = (type: string) => {
    const rule = rules.find(({ restrictionType }) => restrictionType === type);
    return rule !== undefined && applies(rule, createdDateTime) ? rule : undefined;
  };
  const addition = inForce('passwordAddition');
  if (addition !== undefined) return { checked: true, longestLifeDays: 0, policy: addition.policy };
  const lifetime = inForce('passwordLifetime');
  const longest = durationDays(lifetime?.maxLifetime ?? '');
  if (longest === undefined) return { checked: true, longestLifeDays: undefined, policy: undefined };
  return { checked: true, longestLifeDays: longest, policy: lifetime?.policy };
}

function rulesOf(
  { displayName }: { readonly displayName?: string | null | undefined },
  restrictions: AppManagementPolicy['restrictions'],
): readonly Rule[] {
  const policy = displayName ?? 'the policy';
  return (restrictions?.passwordCredentials ?? []).map((rule) => ({ ...rule, policy }));
}

/** A rule counts unless it is disabled, for registrations that are not older than its date. */
function applies(
  { state, restrictForAppsCreatedAfterDateTime }: Rule,
  createdDateTime: string | null | undefined,
) {
  if (state === 'disabled') return false;
  const created = Date.parse(createdDateTime ?? '');
  const from = Date.parse(restrictForAppsCreatedAfterDateTime ?? '');
  return !(created < from);
}

const DURATION =
  /^P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
/** Years and months as short as they can be: a secret that lives shorter is allowed, too. */
const UNIT_MS = [365 * DAY_MS, 28 * DAY_MS, 7 * DAY_MS, DAY_MS, 3_600_000, 60_000, 1_000];

/** Whole days of an ISO 8601 duration, rounded down; undefined for what is none. */
export function durationDays(text: string): number | undefined {
  const parts = DURATION.exec(text)?.slice(1);
  if (parts === undefined) return undefined;
  const milliseconds = parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (UNIT_MS[index] ?? 0), 0);
  return Math.floor(milliseconds / DAY_MS);
}

/**
 * @param lifetimeDays that the stack wants for its secrets
 * @throws InteropError of kind `policy` when the tenant does not allow a secret of that life, with the longest one that it does
 */
export function requireAllowedLife(policy: SecretPolicy, lifetimeDays: number, stack: string): void {
  if (!policy.checked || policy.longestLifeDays === undefined || lifetimeDays <= policy.longestLifeDays)
    return;
  if (policy.longestLifeDays < 1) throw forbiddenSecrets(policy.policy);
  throw tooLong({ ...policy, found: `${lifetimeDays} days` }, stack);
}

function tooLong(
  refused: {
    readonly longestLifeDays?: number | undefined;
    readonly policy?: string | undefined;
    readonly found?: string | undefined;
  },
  stack: string,
): InteropError {
  const { longestLifeDays, policy, found } = refused;
  return new InteropError({
    kind: 'policy',
    summary: "the tenant's app management policy does not allow a secret to live that long",
    problems: [
      {
        where: 'calendar-interop:secret.lifetimeDays',
        what: `is more than ${named(policy)} allows`,
        ...(found === undefined ? {} : { found }),
        allowed: longestLifeDays === undefined ? 'fewer days' : `at most ${longestLifeDays} days`,
      },
    ],
    next: [
      `pulumi config set --path calendar-interop:secret.lifetimeDays ${longestLifeDays ?? '<days>'} --stack ${stack}`,
      `calendar-interop up --stack ${stack}`,
    ],
  });
}

function forbiddenSecrets(policy: string | undefined): InteropError {
  return new InteropError({
    kind: 'policy',
    summary: "the tenant's app management policy forbids client secrets",
    problems: [
      {
        where: named(policy),
        what: 'restricts passwordAddition; Google signs in with a client secret and nothing else',
        allowed: 'a policy of its own for this registration that leaves out passwordAddition',
      },
    ],
    next: [
      'ask an administrator for an app management policy for this registration: learn.microsoft.com/graph/api/appmanagementpolicy-post-appliesto',
    ],
  });
}

function named(policy: string | undefined): string {
  return policy === undefined ? "the tenant's policy" : `the policy ${JSON.stringify(policy)}`;
}

/**
 * Explains a refusal of addPassword that came all the same: the policies could not be read, or were changed in between. The codes are
 * Graph's, seen in OfficeDev/microsoft-365-agents-toolkit issue 10998.
 *
 * @param text whatever an engine or a provider said
 * @returns undefined when it is no refusal of that kind
 */
export function explainPolicyRefusal(text: string, stack: string): InteropError | undefined {
  if (text.includes('CredentialTypeNotAllowedAsPerAppPolicy')) return forbiddenSecrets(undefined);
  return text.includes('CredentialInvalidLifetimeAsPerAppPolicy') ? tooLong({}, stack) : undefined;
}
