/** Names of what a stack makes in Exchange: by them a run knows its own again, and touches nothing else. */
import { createHash } from 'node:crypto';
import { InteropError } from '../../errors.js';
import type { ApplicationScopeWish } from './model.js';

/** MicrosoftDocs/office-docs-powershell, New-ManagementScope and New-ManagementRoleAssignment: 64 characters. */
const NAME_LENGTH = 64;

/** `Calendar Interop 1a2b3c4d5e`, with a digest of stack and application. */
export function scopeName({ owner, clientId }: Pick<ApplicationScopeWish, 'owner' | 'clientId'>): string {
  const digest = createHash('sha256').update(`${owner}\n${clientId.toLowerCase()}`).digest('hex');
  return `Calendar Interop ${digest.slice(0, 10)}`;
}

/** The scope's name with the role: one assignment per role. */
export function assignmentName(scope: string, role: string): string {
  return `${scope} ${role.replace(/^Application /, '')}`.slice(0, NAME_LENGTH);
}

/** Whether a name is one that {@link assignmentName} makes for this scope. */
export function isOurs(scope: string, name: string): boolean {
  return name.toLowerCase().startsWith(`${scope.toLowerCase()} `);
}

/** Roles of RBAC for Applications by the Graph permission that each stands for (learn.microsoft.com/exchange/permissions-exo/application-rbac). */
const GRAPH_ROLES = new Set([
  'Mail.Read',
  'Mail.ReadBasic',
  'Mail.ReadWrite',
  'Mail.Send',
  'MailboxSettings.Read',
  'MailboxSettings.ReadWrite',
  'Calendars.Read',
  'Calendars.ReadWrite',
  'Contacts.Read',
  'Contacts.ReadWrite',
]);
const EWS_ROLE = 'Application EWS.AccessAsApp';

/** Permissions that are about mailboxes: those that have no role cannot be limited. */
const MAILBOX_PERMISSION = /^(Calendars|Contacts|Mail|MailboxSettings|MailboxFolder|MailboxItem)\./;

/**
 * The roles that the protocol needs.
 *
 * @throws InteropError of kind `configuration` for a permission on mailboxes that Exchange cannot limit, and where none is left.
 */
export function rolesFor({ protocol, graphPermissions }: ApplicationScopeWish): readonly string[] {
  const roles = protocol === 'graph' ? [] : [EWS_ROLE];
  if (protocol === 'ews') return roles;
  const wanted = [...new Set(graphPermissions)].filter((permission) => MAILBOX_PERMISSION.test(permission));
  const unlimited = wanted.filter((permission) => !GRAPH_ROLES.has(permission));
  if (unlimited.length > 0 || wanted.length === 0) throw noRole(unlimited);
  return [...roles, ...wanted.map((permission) => `Application ${permission}`)];
}

function noRole(permissions: readonly string[]): InteropError {
  const where = 'calendar-interop:registration.graphPermissions';
  return new InteropError({
    kind: 'configuration',
    summary: 'access: roleMailboxes does not go with these Graph permissions',
    problems:
      permissions.length === 0
        ? [
            {
              where,
              what: 'holds no permission on calendars to limit',
              allowed: 'Calendars.Read or Calendars.ReadWrite',
            },
          ]
        : permissions.map((permission) => ({
            where,
            what: 'has no role in Exchange, so it cannot be limited to some mailboxes',
            found: permission,
            allowed: [...GRAPH_ROLES].join(', '),
          })),
    next: [
      'set calendar-interop:registration.graphPermissions to [Calendars.Read], or calendar-interop:access to tenant',
    ],
  });
}

/** Whether a consent reaches every mailbox, so that a limit beside it means nothing: grants add up. */
export function defeatsScope({
  api,
  permission,
}: {
  readonly api: string;
  readonly permission: string;
}): boolean {
  return (
    (api === 'exchangeOnline' && permission === 'full_access_as_app') || MAILBOX_PERMISSION.test(permission)
  );
}
