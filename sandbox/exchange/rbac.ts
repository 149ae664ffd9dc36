/**
 * Who may do what in Exchange: role groups (for cmdlets), and RBAC for Applications (service principals, management scopes, role
 * assignments: for access to mailboxes).
 */
import type { Directory } from '../entra/directory.js';
import {
  alreadyExists,
  ambiguous,
  badArgument,
  badTransformation,
  notFound,
  refused,
} from './cmdlet-error.js';
import type { Groups } from './groups.js';
import { CUSTOM_ATTRIBUTES, type Mailbox } from './model.js';
import { distinguishedName } from './names.js';
import { type Filter, formatOpath, matchesOpath, OpathError, parseOpath } from './opath.js';

/** Exchange's pointer to a service principal of the directory. */
export interface ExchangeServicePrincipal {
  readonly guid: string;
  readonly appId: string;
  readonly objectId: string;
  readonly displayName: string;
}

export interface ManagementScope {
  readonly guid: string;
  readonly name: string;
  /** Normalized. */
  readonly filter: string;
}

export interface RoleAssignment {
  readonly guid: string;
  readonly name: string;
  readonly role: string;
  /** Object id of the service principal. */
  readonly assignee: string;
  /** Name of the scope; undefined: the whole organisation. */
  readonly scope: string | undefined;
  /** Distinguished name of a group whose direct members are in scope. */
  readonly group: string | undefined;
}

/** Application roles and what each of them grants. */
export const APPLICATION_ROLES: Readonly<Record<string, string>> = {
  'Application Mail.Read': 'Mail.Read',
  'Application Mail.ReadBasic': 'Mail.ReadBasic',
  'Application Mail.ReadWrite': 'Mail.ReadWrite',
  'Application Mail.Send': 'Mail.Send',
  'Application MailboxSettings.Read': 'MailboxSettings.Read',
  'Application MailboxSettings.ReadWrite': 'MailboxSettings.ReadWrite',
  'Application Calendars.Read': 'Calendars.Read',
  'Application Calendars.ReadWrite': 'Calendars.ReadWrite',
  'Application Contacts.Read': 'Contacts.Read',
  'Application Contacts.ReadWrite': 'Contacts.ReadWrite',
  'Application Mail Full Access': 'Mail.ReadWrite, Mail.Send',
  'Application Exchange Full Access':
    'Mail.ReadWrite, Mail.Send, MailboxSettings.ReadWrite, Calendars.ReadWrite, Contacts.ReadWrite',
  'Application EWS.AccessAsApp': 'EWS.AccessAsApp',
};

/** Role groups that the sandbox knows; members are object ids of service principals. */
export const ROLE_GROUPS = [
  'Organization Management',
  'Recipient Management',
  'View-Only Organization Management',
] as const;
export type RoleGroup = (typeof ROLE_GROUPS)[number];

/** What an assignment lets a service principal do, and whether a mailbox is within. */
export interface Authorization {
  readonly assignment: RoleAssignment;
  readonly granted: string;
  readonly scopeType: 'CustomRecipientScope' | 'Organization';
  /** Undefined: no mailbox was asked about. */
  readonly inScope: boolean | undefined;
}

export class Rbac {
  readonly #directory: Directory;
  readonly #groups: Groups;
  readonly #principals = new Map<string, ExchangeServicePrincipal>();
  readonly #scopes = new Map<string, ManagementScope>();
  readonly #assignments = new Map<string, RoleAssignment>();
  readonly #roleGroups = new Map<RoleGroup, Set<string>>(ROLE_GROUPS.map((name) => [name, new Set()]));

  constructor(directory: Directory, groups: Groups) {
    this.#directory = directory;
    this.#groups = groups;
  }

  get principals(): readonly ExchangeServicePrincipal[] {
    return [...this.#principals.values()];
  }

  get scopes(): readonly ManagementScope[] {
    return [...this.#scopes.values()];
  }

  get assignments(): readonly RoleAssignment[] {
    return [...this.#assignments.values()];
  }

  /** By object id, app id, Exchange's id or display name. @throws CmdletError if there is none or more than one. */
  principal(identity: string): ExchangeServicePrincipal {
    return one(
      identity,
      this.principals.filter((principal) => Object.values(principal).some((value) => same(value, identity))),
    );
  }

  scope(identity: string): ManagementScope {
    return one(
      identity,
      this.scopes.filter(({ guid, name }) => same(guid, identity) || same(name, identity)),
    );
  }

  assignment(identity: string): RoleAssignment {
    return one(
      identity,
      this.assignments.filter(({ guid, name }) => same(guid, identity) || same(name, identity)),
    );
  }

  /**
   * @throws CmdletError where it exists, and where the directory has no enterprise application with this object id and app id
   * (UNCONFIRMED that Exchange checks; the object id of the registration is the usual mistake).
   */
  addPrincipal(appId: string, objectId: string, displayName: string): ExchangeServicePrincipal {
    const found = this.#directory.servicePrincipals.get(objectId);
    if (found === undefined || !this.#directory.sees(found) || found.appId !== appId)
      throw notFound(objectId);
    if (this.principals.some((known) => known.objectId === objectId || known.appId === appId)) {
      throw alreadyExists(distinguishedName(objectId));
    }
    const principal = {
      guid: this.#directory.random.nextUuid('exchange service principal'),
      appId,
      objectId,
      displayName,
    };
    this.#principals.set(objectId, principal);
    return principal;
  }

  /** Its assignments and memberships go with it. */
  removePrincipal({ objectId }: ExchangeServicePrincipal): void {
    this.#principals.delete(objectId);
    for (const [key, { assignee }] of this.#assignments)
      if (assignee === objectId) this.#assignments.delete(key);
    for (const members of this.#roleGroups.values()) members.delete(objectId);
  }

  addScope(name: string, filter: string): ManagementScope {
    if (this.#scopes.has(name.toLowerCase())) throw alreadyExists(distinguishedName(name));
    const scope = {
      guid: this.#directory.random.nextUuid('management scope'),
      name,
      filter: normalized(filter),
    };
    this.#scopes.set(name.toLowerCase(), scope);
    return scope;
  }

  /** False where the filter was the same already. */
  changeScope(scope: ManagementScope, filter: string): boolean {
    const changed = { ...scope, filter: normalized(filter) };
    this.#scopes.set(scope.name.toLowerCase(), changed);
    return changed.filter !== scope.filter;
  }

  /** @throws CmdletError while an assignment uses it. */
  removeScope(scope: ManagementScope): void {
    const user = this.assignments.find((assignment) => assignment.scope === scope.name);
    if (user !== undefined) {
      throw refused(
        `The scope '${scope.name}' can't be removed because the role assignment '${user.name}' uses it.`,
      );
    }
    this.#scopes.delete(scope.name.toLowerCase());
  }

  addAssignment(assignment: Omit<RoleAssignment, 'guid'>): RoleAssignment {
    if (this.#assignments.has(assignment.name.toLowerCase()))
      throw alreadyExists(distinguishedName(assignment.name));
    if (!Object.hasOwn(APPLICATION_ROLES, assignment.role)) throw notFound(assignment.role);
    const added = { ...assignment, guid: this.#directory.random.nextUuid('management role assignment') };
    this.#assignments.set(assignment.name.toLowerCase(), added);
    return added;
  }

  removeAssignment({ name }: RoleAssignment): void {
    this.#assignments.delete(name.toLowerCase());
  }

  /** What RBAC lets a service principal do, as Test-ServicePrincipalAuthorization tells; consents in Entra are not in it. */
  authorizations(objectId: string, mailbox: Mailbox | undefined): readonly Authorization[] {
    return this.assignments
      .filter(({ assignee }) => assignee === objectId)
      .map((assignment) => ({
        assignment,
        granted: APPLICATION_ROLES[assignment.role] ?? '',
        scopeType:
          assignment.scope === undefined && assignment.group === undefined
            ? 'Organization'
            : 'CustomRecipientScope',
        inScope: mailbox === undefined ? undefined : this.#isInScope(assignment, mailbox),
      }));
  }

  #isInScope(assignment: RoleAssignment, mailbox: Mailbox): boolean {
    if (assignment.group !== undefined) return this.#groups.isMember(assignment.group, mailbox);
    if (assignment.scope === undefined) return true;
    const scope = this.#scopes.get(assignment.scope.toLowerCase());
    return scope !== undefined && this.matches(parseOpath(scope.filter), mailbox);
  }

  /** Whether a mailbox is within a filter. */
  matches(filter: Filter, mailbox: Mailbox): boolean {
    const memberOf = (value: string) => this.#groups.isMember(value, mailbox);
    return matchesOpath(withMembership(filter, memberOf), (property) => propertyOf(mailbox, property));
  }

  roleGroupsOf(objectId: string): readonly RoleGroup[] {
    return ROLE_GROUPS.filter((name) => this.#roleGroups.get(name)?.has(objectId) === true);
  }

  roleGroup(identity: string): RoleGroup {
    const found = ROLE_GROUPS.find((name) => same(name, identity));
    if (found === undefined) throw notFound(identity);
    return found;
  }

  membersOf(group: RoleGroup): readonly ExchangeServicePrincipal[] {
    return this.principals.filter(({ objectId }) => this.#roleGroups.get(group)?.has(objectId));
  }

  setRoleGroupMember(group: RoleGroup, { objectId }: ExchangeServicePrincipal, isMember: boolean): void {
    const members = this.#roleGroups.get(group);
    if (members?.has(objectId) === isMember) {
      throw isMember
        ? alreadyExists(objectId)
        : badArgument(`'${objectId}' isn't a member of the group '${group}'.`);
    }
    if (isMember) members?.add(objectId);
    else members?.delete(objectId);
  }

  describe(): Readonly<Record<string, unknown>> {
    const roleGroups = [...this.#roleGroups].map(([name, members]) => [name, [...members].sort()]);
    return {
      servicePrincipals: withoutGuids(this.principals),
      managementScopes: withoutGuids(this.scopes),
      managementRoleAssignments: withoutGuids(this.assignments),
      roleGroups: Object.fromEntries(roleGroups),
    };
  }
}

/** Ids are new when something is made again; tests compare what it is. */
function withoutGuids(objects: readonly { readonly guid: string }[]): readonly object[] {
  return objects.map(({ guid: _, ...rest }) => rest);
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.trim().toLowerCase();
}

function one<T>(identity: string, found: readonly T[]): T {
  const [only] = found;
  if (only === undefined) throw notFound(identity);
  if (found.length > 1) throw ambiguous(identity);
  return only;
}

/** @throws CmdletError unless the text is a filter. */
export function readFilter(filter: string): Filter {
  try {
    return parseOpath(filter);
  } catch (error) {
    if (error instanceof OpathError) throw badTransformation(error.message);
    throw error;
  }
}

function normalized(filter: string): string {
  return formatOpath(readFilter(filter));
}

/** A filter in which each question about membership is answered: a property that is there or not. */
function withMembership(filter: Filter, isMember: (group: string) => boolean): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return {
        ...filter,
        left: withMembership(filter.left, isMember),
        right: withMembership(filter.right, isMember),
      };
    case 'not':
      return { ...filter, inner: withMembership(filter.inner, isMember) };
    default:
      if (filter.property !== 'MemberOfGroup') return filter;
      return {
        ...filter,
        property: '#',
        operator: isNegative(filter) ? 'ne' : 'eq',
        value: isMember(String(filter.value)),
      };
  }
}

function isNegative(filter: Extract<Filter, { kind: 'compare' }>): boolean {
  return filter.operator === 'ne' || filter.operator === 'notlike';
}

function propertyOf({ user, guid, name, primarySmtpAddress, properties }: Mailbox, property: string) {
  if (CUSTOM_ATTRIBUTES.includes(property)) {
    const value = properties.customAttributes[property];
    return value === undefined ? [] : [value];
  }
  switch (property) {
    case '#':
      return [true];
    case 'Alias':
      return [String(user.properties.mailNickname ?? '')];
    case 'DisplayName':
      return [String(user.properties.displayName ?? '')];
    case 'DistinguishedName':
      return [distinguishedName(name)];
    case 'EmailAddresses':
      return [`SMTP:${primarySmtpAddress}`, primarySmtpAddress];
    case 'ExternalDirectoryObjectId':
      return [user.id];
    case 'Guid':
      return [guid];
    case 'HiddenFromAddressListsEnabled':
      return [properties.hidden];
    case 'Name':
      return [name];
    case 'PrimarySmtpAddress':
      return [primarySmtpAddress];
    case 'RecipientType':
      return ['UserMailbox'];
    case 'RecipientTypeDetails':
      return [properties.kind];
    default:
      return [String(user.properties.userPrincipalName ?? '')];
  }
}
