/**
 * App management policies: whether applications may be given secrets, and for how long
 * (learn.microsoft.com/graph/api/resources/applicationauthenticationmethodpolicy).
 */
import { isJsonObject, type JsonObject, objectsOf, textOf } from '../json.js';
import type { Application } from './model.js';

/** A policy for single applications, in Graph's form. */
export interface AppManagementPolicy {
  readonly id: string;
  readonly properties: JsonObject;
}

/** The one policy that every tenant has, switched off at first. */
export const DEFAULT_POLICY_ID = '00000000-0000-0000-0000-000000000000';

const OFF: JsonObject = {
  displayName: 'Default app management tenant policy',
  description: 'Default tenant policy that enforces app management restrictions on applications.',
  isEnabled: false,
  applicationRestrictions: { passwordCredentials: [], keyCredentials: [] },
  servicePrincipalRestrictions: { passwordCredentials: [], keyCredentials: [] },
};

/** What a policy forbids; the id is for the refusal. */
export type PolicyRefusal =
  | { readonly kind: 'addition'; readonly policyId: string }
  | { readonly kind: 'lifetime'; readonly policyId: string };

export class AppManagementPolicies {
  /** The tenant's default policy, in Graph's form. */
  tenant: JsonObject = OFF;
  readonly own = new Map<string, AppManagementPolicy>();
  /** Ids of own policies by the object id of the application; Graph takes one for each. */
  readonly assigned = new Map<string, string>();

  of(application: Pick<Application, 'id'>): AppManagementPolicy | undefined {
    return this.own.get(this.assigned.get(application.id) ?? '');
  }

  /**
   * Why an application may not be given a secret of this life; undefined when it may.
   *
   * UNCONFIRMED: how the two policies go together; here a kind of restriction that the application's own policy names replaces the
   * tenant's of the same kind.
   */
  refusal(
    application: Pick<Application, 'id' | 'createdAt'>,
    secret: { readonly start: number; readonly end: number },
  ): PolicyRefusal | undefined {
    const addition = this.#restriction(application, 'passwordAddition');
    if (addition !== undefined) return { kind: 'addition', policyId: addition.policyId };
    const lifetime = this.#restriction(application, 'passwordLifetime');
    const longest = durationOf(textOf(lifetime?.rule.maxLifetime) ?? '');
    if (lifetime === undefined || longest === undefined || secret.end - secret.start <= longest)
      return undefined;
    return { kind: 'lifetime', policyId: lifetime.policyId };
  }

  #restriction(application: Pick<Application, 'id' | 'createdAt'>, type: string) {
    const own = this.of(application);
    const levels = [
      ...(own?.properties.isEnabled === true
        ? [{ policyId: own.id, restrictions: own.properties.restrictions }]
        : []),
      ...(this.tenant.isEnabled === true
        ? [{ policyId: DEFAULT_POLICY_ID, restrictions: this.tenant.applicationRestrictions }]
        : []),
    ];
    for (const { policyId, restrictions } of levels) {
      const rules = isJsonObject(restrictions) ? objectsOf(restrictions.passwordCredentials) : [];
      const rule = rules.find((candidate) => candidate.restrictionType === type);
      if (rule !== undefined) return applies(rule, application) ? { policyId, rule } : undefined;
    }
    return undefined;
  }
}

/** Rules count unless they are disabled, and for applications of their date and younger ones. */
function applies(rule: JsonObject, { createdAt }: Pick<Application, 'createdAt'>): boolean {
  const from = Date.parse(textOf(rule.restrictForAppsCreatedAfterDateTime) ?? '');
  return rule.state !== 'disabled' && !(createdAt < from);
}

const DURATION = /^P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?$/;

/** Milliseconds of an ISO 8601 duration of days and smaller; undefined for anything else. */
export function durationOf(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null || text.endsWith('P') || text.endsWith('T')) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
