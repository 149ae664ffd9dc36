/** From what is found to what is to do. Pure. */
import { InteropError } from '../../errors.js';
import { anyOf, type Equality, means } from '../opath.js';
import type {
  ApplicationScopePlan,
  ApplicationScopeWish,
  ConsentFound,
  FoundApplicationScope,
  FoundAssignment,
} from './model.js';
import { assignmentName, defeatsScope, isOurs, rolesFor, scopeName } from './naming.js';

/** Longest filter that is sent; Exchange's own limit is UNCONFIRMED. */
const FILTER_LENGTH = 4_000;

/**
 * What `apply` will do, in words for a preview as well.
 *
 * @throws InteropError of kind `policy` beside a consent that this stack does not own; `resource` for a pointer to another object;
 * `configuration` for what Exchange cannot limit.
 */
export function planApplicationScope(
  found: FoundApplicationScope,
  wish: ApplicationScopeWish,
): ApplicationScopePlan {
  const roles = rolesFor(wish);
  const consents = wish.consents.filter(defeatsScope);
  const foreign = consents.filter(({ owned }) => !owned);
  if (foreign.length > 0) throw besideConsent(foreign, wish);
  requirePointer(found, wish);
  const name = scopeName(wish);
  const equalities = equalitiesOf(found);
  const filter = filterOf(equalities, wish);
  const scope =
    found.scope === undefined ? 'make' : means(found.scope.filter, equalities) ? 'keep' : 'change';
  const wanted = roles.map((role) => ({ name: assignmentName(name, role), role }));
  const ours = found.assignments.filter((assignment) => isOurs(name, assignment.name));
  const right = ours.filter((assignment) => wanted.some((one) => isSame(one, assignment, name)));
  const makeAssignments = wanted.filter((one) => !right.some((assignment) => isSame(one, assignment, name)));
  const removeAssignments = ours.filter((assignment) => !right.includes(assignment)).map((one) => one.name);
  const phase = consents.length > 0 ? 'consentBeingRemoved' : 'limited';
  const makePointer = found.pointer === undefined;
  const addresses = found.mailboxes.map(({ address }) => address).join(', ');
  return {
    phase,
    makePointer,
    scope,
    filter,
    makeAssignments,
    removeAssignments,
    changes: [
      ...(makePointer ? [`tell Exchange of the enterprise application ${wish.servicePrincipalId}`] : []),
      ...(scope === 'make' ? [`make the management scope ${name} of ${addresses}`] : []),
      ...(scope === 'change' ? [`change the management scope ${name} to ${addresses}`] : []),
      ...makeAssignments.map(({ role }) => `give the application the role ${role} within ${name}`),
      ...removeAssignments.map((assignment) => `take back the role assignment ${assignment}`),
    ],
    warnings: [...phaseWarning(consents), ...widerWarnings(found, name)],
  };
}

/** By user principal name, which Exchange takes in scopes; a renamed mailbox shows as a difference on the next run. */
function equalitiesOf({ mailboxes }: FoundApplicationScope): readonly Equality[] {
  return mailboxes.map(({ userPrincipalName }) => ({
    property: 'UserPrincipalName',
    value: userPrincipalName,
  }));
}

function filterOf(equalities: readonly Equality[], wish: ApplicationScopeWish): string {
  const where = 'calendar-interop:roleMailboxes';
  const problem = (what: string, found: string, allowed: string, next: string) =>
    new InteropError({
      kind: 'configuration',
      summary: 'the application cannot be limited to these role mailboxes',
      problems: [{ where, what, found, allowed }],
      next: [next],
    });
  if (equalities.length === 0) {
    throw problem(
      'names none',
      'an empty list',
      'at least one',
      `add one to ${where}, or set calendar-interop:access to tenant`,
    );
  }
  const filter = anyOf(equalities);
  if (filter.length <= FILTER_LENGTH) return filter;
  throw problem(
    'are too many for one scope',
    `${wish.mailboxes.length} mailboxes, a filter of ${filter.length} characters`,
    `${FILTER_LENGTH} characters`,
    'use fewer role mailboxes, or set calendar-interop:access to tenant',
  );
}

function isSame(
  wanted: { readonly name: string; readonly role: string },
  found: FoundAssignment,
  scope: string,
): boolean {
  const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
  return same(wanted.name, found.name) && same(wanted.role, found.role) && same(scope, found.scope ?? '');
}

/** Exchange must point to the enterprise application; the registration's object id is the usual mistake. */
function requirePointer({ pointer }: FoundApplicationScope, wish: ApplicationScopeWish): void {
  if (pointer === undefined || pointer.objectId.toLowerCase() === wish.servicePrincipalId.toLowerCase())
    return;
  throw new InteropError({
    kind: 'resource',
    summary: 'Exchange knows this application by another object',
    problems: [
      {
        where: `service principal ${wish.clientId}`,
        what: 'points to an object that is not the enterprise application of today',
        found: pointer.objectId,
        allowed: wish.servicePrincipalId,
      },
    ],
    next: [
      `in Exchange PowerShell, where nobody else relies on it: Remove-ServicePrincipal -Identity ${pointer.objectId}`,
      'then calendar-interop up',
    ],
  });
}

/** The order keeps look-ups going: the scope is there before the consent goes. */
function besideConsent(foreign: readonly ConsentFound[], wish: ApplicationScopeWish): InteropError {
  return new InteropError({
    kind: 'policy',
    summary:
      'access: roleMailboxes would limit nothing beside a consent for all mailboxes that this stack does not own',
    problems: foreign.map(({ permission, api, assignmentId }) => ({
      where: `application ${wish.clientId}`,
      what: `${permission} of ${api === 'exchangeOnline' ? 'Office 365 Exchange Online' : 'Microsoft Graph'} is consented to (assignment ${assignmentId}); grants add up, so it reaches every mailbox`,
    })),
    next: [
      'calendar-interop up with calendar-interop:access: tenant, which takes the consent into this stack; look-ups go on',
      'calendar-interop up with calendar-interop:access: roleMailboxes, which makes the scope and proves it',
      ...foreign.map(
        ({ url, assignmentId }) =>
          `last, since a consent that was there before this stack outlives it: az rest --method DELETE --url ${url ?? `<Microsoft Graph>/v1.0/servicePrincipals/${wish.servicePrincipalId}/appRoleAssignments/${assignmentId}`}`,
      ),
      'then calendar-interop up: from now on the scope alone counts',
      'where somebody else needs the consent: use a registration of its own for Calendar Interop (no calendar-interop:registration.adopt)',
      'do not remove the consent first: look-ups would fail until the scope is there and Exchange has taken it up, which takes up to 2 hours',
    ],
  });
}

function phaseWarning(owned: readonly ConsentFound[]): readonly string[] {
  if (owned.length === 0) return [];
  const names = owned.map(({ permission }) => permission).join(' and ');
  return [
    `phase: the scope is made first, then this stack's consent to ${names} is removed; until then the application reaches every mailbox, and Exchange may remember it for up to 2 hours after`,
  ];
}

/** Assignments of others are never touched, but what they grant adds to ours. */
function widerWarnings({ assignments }: FoundApplicationScope, scope: string): readonly string[] {
  return assignments
    .filter(({ name }) => !isOurs(scope, name))
    .map(
      ({ name, role, scope: other }) =>
        `another role assignment of this application stays and adds to it: ${name} (${role}, ${other === null ? 'no scope of recipients by filter' : `scope ${other}`})`,
    );
}
