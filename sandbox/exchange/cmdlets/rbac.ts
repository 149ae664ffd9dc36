/** Service principals, management scopes, role assignments, role groups. */
import { type Bound, GUID, IDENTITY, type ParameterKind, SIZE, SWITCH, TEXT } from '../binding.js';
import {
  type Cmdlet,
  type CmdletRun,
  MAY_READ_ORGANIZATION,
  MAY_WRITE_ORGANIZATION,
  NO_ROWS,
  placed,
  warnUnchanged,
} from '../cmdlet.js';
import { badArgument, badParameters } from '../cmdlet-error.js';
import type { Row } from '../model.js';
import { distinguishedName } from '../names.js';
import type { Authorization, ExchangeServicePrincipal, ManagementScope, RoleAssignment } from '../rbac.js';
import { mailboxNamed } from './find.js';

function principalRow({ guid, appId, objectId, displayName }: ExchangeServicePrincipal): Row {
  return {
    AppId: appId,
    ObjectId: objectId,
    DisplayName: displayName,
    Identity: guid,
    Guid: guid,
    Name: objectId,
  };
}

function scopeRow({ guid, name, filter }: ManagementScope): Row {
  return {
    Name: name,
    Identity: name,
    Guid: guid,
    'Guid@data.type': 'System.Guid',
    DistinguishedName: distinguishedName(name),
    RecipientFilter: filter,
    RecipientRoot: null,
    ScopeRestrictionType: 'RecipientScope',
    Exclusive: false,
  };
}

function assignmentRow(run: CmdletRun, { guid, name, role, assignee, scope, group }: RoleAssignment): Row {
  const principal = run.exchange.rbac.principals.find(({ objectId }) => objectId === assignee);
  const isScoped = scope !== undefined || group !== undefined;
  return {
    Name: name,
    Identity: name,
    Guid: guid,
    'Guid@data.type': 'System.Guid',
    Role: role,
    RoleAssignee: assignee,
    RoleAssigneeName: principal?.displayName ?? assignee,
    RoleAssigneeType: 'ServicePrincipal',
    App: assignee,
    CustomResourceScope: scope ?? null,
    RecipientGroupScope: group ?? null,
    RecipientWriteScope: isScoped ? 'CustomRecipientScope' : 'Organization',
    Enabled: true,
  };
}

function authorizationRow({ assignment, granted, scopeType, inScope }: Authorization): Row {
  return {
    RoleName: assignment.role,
    GrantedPermissions: granted,
    AllowedResourceScope: assignment.scope ?? assignment.group ?? 'Organization',
    ScopeType: scopeType,
    InScope: inScope === undefined ? 'Not Run' : inScope ? 'True' : 'False',
  };
}

const IDENTITY_ONLY = { Identity: IDENTITY, ResultSize: SIZE };

function reader(rows: (run: CmdletRun, identity: string | undefined) => readonly Row[]): Cmdlet {
  return {
    parameters: IDENTITY_ONLY,
    roles: MAY_READ_ORGANIZATION,
    run: (run) => placed(rows(run, run.parameters.text('Identity')), run.after),
  };
}

function writer(
  parameters: Readonly<Record<string, ParameterKind>>,
  mandatory: readonly string[],
  write: (run: CmdletRun, parameters: Bound) => readonly Row[],
): Cmdlet {
  return {
    parameters,
    mandatory,
    roles: MAY_WRITE_ORGANIZATION,
    run: (run) => placed(write(run, run.parameters), run.after),
  };
}

function remover(remove: (run: CmdletRun, identity: string) => void): Cmdlet {
  return {
    parameters: { Force: SWITCH, Identity: TEXT },
    mandatory: ['Identity'],
    roles: MAY_WRITE_ORGANIZATION,
    asks: true,
    run: (run) => {
      remove(run, run.parameters.required('Identity'));
      return NO_ROWS;
    },
  };
}

const setScope = (run: CmdletRun, parameters: Bound): readonly Row[] => {
  const { rbac } = run.exchange;
  const scope = rbac.scope(parameters.required('Identity'));
  if (!rbac.changeScope(scope, parameters.required('RecipientRestrictionFilter')))
    warnUnchanged(run, scope.name);
  return [];
};

const newAssignment = (run: CmdletRun, parameters: Bound): readonly Row[] => {
  const { rbac, groups } = run.exchange;
  const scopeName = parameters.text('CustomResourceScope');
  const groupName = parameters.text('RecipientGroupScope');
  if (scopeName !== undefined && groupName !== undefined) {
    throw badParameters('Parameter set cannot be resolved using the specified named parameters.');
  }
  const principal = rbac.principal(parameters.required('App'));
  const role = parameters.required('Role');
  const assignment = rbac.addAssignment({
    name: parameters.text('Name') ?? `${role}-${principal.objectId}`.slice(0, 64),
    role,
    assignee: principal.objectId,
    scope: scopeName === undefined ? undefined : rbac.scope(scopeName).name,
    group: groupName === undefined ? undefined : distinguishedName(groups.named(groupName).name),
  });
  return [assignmentRow(run, assignment)];
};

const getAssignments: Cmdlet = {
  parameters: { ...IDENTITY_ONLY, GetEffectiveUsers: SWITCH, Role: TEXT, RoleAssignee: TEXT },
  roles: MAY_READ_ORGANIZATION,
  run: (run) => {
    const { rbac } = run.exchange;
    const identity = run.parameters.text('Identity');
    const assigneeName = run.parameters.text('RoleAssignee');
    if (identity !== undefined && assigneeName !== undefined) {
      throw badParameters('Parameter set cannot be resolved using the specified named parameters.');
    }
    const role = run.parameters.text('Role')?.toLowerCase();
    const assignee = assigneeName === undefined ? undefined : rbac.principal(assigneeName).objectId;
    const candidates = identity === undefined ? rbac.assignments : [rbac.assignment(identity)];
    const found = candidates.filter(
      (candidate) =>
        (assignee === undefined || candidate.assignee === assignee) &&
        (role === undefined || candidate.role.toLowerCase() === role),
    );
    return placed(
      found.map((assignment) => assignmentRow(run, assignment)),
      run.after,
    );
  },
};

const testAuthorization: Cmdlet = {
  parameters: { Identity: TEXT, Resource: TEXT },
  mandatory: ['Identity'],
  roles: MAY_READ_ORGANIZATION,
  run: (run) => {
    const { rbac } = run.exchange;
    const principal = rbac.principal(run.parameters.required('Identity'));
    const resource = run.parameters.text('Resource');
    const mailbox = resource === undefined ? undefined : mailboxNamed(run, resource);
    return placed(rbac.authorizations(principal.objectId, mailbox).map(authorizationRow), run.after);
  },
};

function roleGroupMember(isMember: boolean) {
  return (run: CmdletRun, parameters: Bound): readonly Row[] => {
    const { rbac } = run.exchange;
    const member = rbac.principal(parameters.required('Member'));
    rbac.setRoleGroupMember(rbac.roleGroup(parameters.required('Identity')), member, isMember);
    return [];
  };
}

const SCOPE_NAME = 64;

export const RBAC_CMDLETS: Readonly<Record<string, Cmdlet>> = {
  'Add-RoleGroupMember': writer(
    { Identity: TEXT, Member: TEXT },
    ['Identity', 'Member'],
    roleGroupMember(true),
  ),
  'Get-ManagementRoleAssignment': getAssignments,
  'Get-ManagementScope': reader((run, identity) => {
    const { rbac } = run.exchange;
    return (identity === undefined ? rbac.scopes : [rbac.scope(identity)]).map(scopeRow);
  }),
  'Get-RoleGroupMember': {
    ...reader(({ exchange: { rbac } }, identity) =>
      rbac.membersOf(rbac.roleGroup(identity ?? '')).map((member) => ({
        Name: member.displayName,
        Identity: member.guid,
        ExternalDirectoryObjectId: member.objectId,
        RecipientType: 'ServicePrincipal',
      })),
    ),
    mandatory: ['Identity'],
  },
  'Get-ServicePrincipal': reader((run, identity) => {
    const { rbac } = run.exchange;
    return (identity === undefined ? rbac.principals : [rbac.principal(identity)]).map(principalRow);
  }),
  'New-ManagementRoleAssignment': writer(
    { App: TEXT, CustomResourceScope: TEXT, Name: TEXT, RecipientGroupScope: TEXT, Role: TEXT },
    ['App', 'Role'],
    newAssignment,
  ),
  'New-ManagementScope': writer(
    { Name: TEXT, RecipientRestrictionFilter: TEXT },
    ['Name', 'RecipientRestrictionFilter'],
    ({ exchange: { rbac } }, parameters) => {
      const name = parameters.required('Name');
      if (name.length > SCOPE_NAME)
        throw badArgument(`The property Name is longer than ${SCOPE_NAME} characters.`);
      return [scopeRow(rbac.addScope(name, parameters.required('RecipientRestrictionFilter')))];
    },
  ),
  'New-ServicePrincipal': writer(
    { AppId: GUID, DisplayName: TEXT, ObjectId: GUID },
    ['AppId', 'ObjectId'],
    ({ exchange: { rbac } }, parameters) => {
      const objectId = parameters.required('ObjectId');
      const name = parameters.text('DisplayName') ?? objectId;
      return [principalRow(rbac.addPrincipal(parameters.required('AppId'), objectId, name))];
    },
  ),
  'Remove-ManagementRoleAssignment': remover(({ exchange: { rbac } }, identity) =>
    rbac.removeAssignment(rbac.assignment(identity)),
  ),
  'Remove-ManagementScope': remover(({ exchange: { rbac } }, identity) =>
    rbac.removeScope(rbac.scope(identity)),
  ),
  'Remove-RoleGroupMember': {
    ...writer({ Identity: TEXT, Member: TEXT }, ['Identity', 'Member'], roleGroupMember(false)),
    asks: true,
  },
  'Remove-ServicePrincipal': remover(({ exchange: { rbac } }, identity) =>
    rbac.removePrincipal(rbac.principal(identity)),
  ),
  'Set-ManagementScope': writer(
    { Identity: TEXT, RecipientRestrictionFilter: TEXT },
    ['Identity', 'RecipientRestrictionFilter'],
    setScope,
  ),
  'Test-ServicePrincipalAuthorization': testAuthorization,
};
