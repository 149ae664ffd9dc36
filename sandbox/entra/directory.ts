/** The tenant's directory: all objects, how they refer to each other, and what is seen of them at a given time. */
import { objectsOf, textOf, textsOf } from '../json.js';
import type { SeededRandom } from '../random.js';
import { AppManagementPolicies } from './app-management-policies.js';
import { Licences } from './licences.js';
import type {
  Application,
  AppRoleAssignment,
  DeletedObject,
  DirectoryObject,
  Domain,
  Group,
  RoleAssignment,
  RoleDefinition,
  ServicePrincipal,
  Stored,
} from './model.js';
import type { UserTable } from './seeded-users.js';
import { type ReportFault, type ReportTime, SignInLog } from './sign-in-log.js';
import { all, MapTable } from './table.js';

export interface Tenant {
  readonly id: string;
  readonly displayName: string;
  readonly domains: readonly Domain[];
}

/** What the directory asks of its surroundings. */
export interface DirectoryTime extends ReportTime {
  /** Milliseconds until reads see what was created. */
  replicationDelay(): number;
  /** What is wrong with the next report of sign-ins. */
  takeReportFault(): ReportFault | undefined;
}

export class Directory {
  readonly applications = new MapTable<Application>();
  readonly servicePrincipals = new MapTable<ServicePrincipal>();
  readonly assignments = new MapTable<AppRoleAssignment>();
  readonly groups = new MapTable<Group>();
  readonly roleAssignments = new MapTable<RoleAssignment>();
  readonly deleted = new Map<string, DeletedObject>();
  readonly licences = new Licences(this);
  readonly appPolicies = new AppManagementPolicies();
  readonly signIns: SignInLog;
  readonly #time: DirectoryTime;

  constructor(
    readonly tenant: Tenant,
    readonly users: UserTable,
    readonly roleDefinitions: readonly RoleDefinition[],
    readonly random: SeededRandom,
    time: DirectoryTime,
  ) {
    this.#time = time;
    this.signIns = new SignInLog(time);
  }

  takeReportFault(): ReportFault | undefined {
    return this.#time.takeReportFault();
  }

  now(): number {
    return this.#time.now();
  }

  /** Whether reads see it by now. */
  sees(object: { readonly visibleAt: number }): boolean {
    return object.visibleAt <= this.#time.now();
  }

  /** The times of something that is created now. */
  stamp(): Pick<Stored, 'createdAt' | 'visibleAt'> {
    const createdAt = this.#time.now();
    return { createdAt, visibleAt: createdAt + this.#time.replicationDelay() };
  }

  applicationByAppId(appId: string): Application | undefined {
    return first(this.applications, (application) => application.appId === appId.toLowerCase());
  }

  principalByAppId(appId: string): ServicePrincipal | undefined {
    return first(this.servicePrincipals, (principal) => principal.appId === appId.toLowerCase());
  }

  /** The service principal that a token's audience or scope names: by app id or by one of its URIs. */
  principalByName(name: string): ServicePrincipal | undefined {
    return first(this.servicePrincipals, (principal) => this.namesOf(principal).includes(name));
  }

  /** App id and identifier URIs. */
  namesOf(principal: ServicePrincipal): readonly string[] {
    if (principal.firstParty !== undefined) return principal.firstParty.servicePrincipalNames;
    const application = this.applicationByAppId(principal.appId);
    return [principal.appId, ...textsOf(application?.properties.identifierUris)];
  }

  /** The name shown: that of the application. */
  nameOf(principal: ServicePrincipal): string {
    const application = this.applicationByAppId(principal.appId);
    return principal.firstParty?.displayName ?? textOf(application?.properties.displayName) ?? '';
  }

  /** Ids and values of the enabled app roles that applications may be granted. */
  appRolesOf(principal: ServicePrincipal): readonly { readonly id: string; readonly value: string }[] {
    if (principal.firstParty !== undefined) return principal.firstParty.appRoles;
    const application = this.applicationByAppId(principal.appId);
    return objectsOf(application?.properties.appRoles)
      .filter((role) => role.isEnabled === true && textsOf(role.allowedMemberTypes).includes('Application'))
      .map((role) => ({ id: String(role.id), value: String(role.value ?? '') }));
  }

  /** Values of the app roles of a resource that a principal holds, as its tokens list them. */
  grantedRoles(principalId: string, resource: ServicePrincipal): readonly string[] {
    const values = new Map(this.appRolesOf(resource).map((role) => [role.id, role.value]));
    return [...all(this.assignments)]
      .filter(
        (grant) => grant.principalId === principalId && grant.resourceId === resource.id && this.sees(grant),
      )
      .map((grant) => values.get(grant.appRoleId) ?? '')
      .filter((value) => value !== '');
  }

  /** Directory roles that a principal holds, by the id of their template. */
  rolesOf(principalId: string): readonly string[] {
    return [...all(this.roleAssignments)]
      .filter((grant) => grant.principalId === principalId && this.sees(grant))
      .map((grant) => grant.roleDefinitionId);
  }

  /** Any object that is not deleted, whether reads see it or not. */
  find(id: string): DirectoryObject | undefined {
    return (
      this.applications.get(id) ?? this.servicePrincipals.get(id) ?? this.users.get(id) ?? this.groups.get(id)
    );
  }

  /** Writes back a changed object. */
  put(object: DirectoryObject): void {
    switch (object.kind) {
      case 'application':
        this.applications.put(object);
        return;
      case 'servicePrincipal':
        this.servicePrincipals.put(object);
        return;
      case 'user':
        this.users.put(object);
        return;
      case 'group':
        this.groups.put(object);
        return;
    }
  }

  /**
   * Moves an object to the deleted items. What refers to it goes: assignments, ownerships, memberships; with an application its
   * service principal.
   */
  softDelete(object: DirectoryObject): void {
    if (object.kind === 'application') {
      const principal = this.principalByAppId(object.appId);
      if (principal !== undefined) this.softDelete(principal);
    }
    this.applications.delete(object.id);
    this.servicePrincipals.delete(object.id);
    this.users.delete(object.id);
    this.groups.delete(object.id);
    this.deleted.set(object.id, { object, deletedAt: this.#time.now() });
    this.#forget(object.id);
  }

  /** Takes an object out of the deleted items, back or for good. */
  takeDeleted(id: string): DirectoryObject | undefined {
    const found = this.deleted.get(id)?.object;
    this.deleted.delete(id);
    return found;
  }

  #forget(id: string): void {
    for (const grant of [...all(this.assignments)]) {
      if (grant.principalId === id || grant.resourceId === id) this.assignments.delete(grant.id);
    }
    for (const grant of [...all(this.roleAssignments)]) {
      if (grant.principalId === id) this.roleAssignments.delete(grant.id);
    }
    const without = (ids: readonly string[]) => ids.filter((other) => other !== id);
    for (const owned of [...all(this.applications)]) {
      if (owned.owners.includes(id)) this.applications.put({ ...owned, owners: without(owned.owners) });
    }
    for (const owned of [...all(this.servicePrincipals)]) {
      if (owned.owners.includes(id)) this.servicePrincipals.put({ ...owned, owners: without(owned.owners) });
    }
    for (const group of [...all(this.groups)]) {
      if (group.owners.includes(id) || group.members.includes(id)) {
        this.groups.put({ ...group, owners: without(group.owners), members: without(group.members) });
      }
    }
  }
}

function first<T extends Stored>(table: MapTable<T>, matches: (object: T) => boolean): T | undefined {
  for (const object of all(table)) if (matches(object)) return object;
  return undefined;
}
