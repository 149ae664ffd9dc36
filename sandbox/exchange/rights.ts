/** Rights on mailbox folders (MicrosoftDocs/office-docs-powershell Set-MailboxFolderPermission.md, AccessRights). */
import { badArgument } from './cmdlet-error.js';

export const SINGLE_RIGHTS = [
  'CreateItems',
  'CreateSubfolders',
  'DeleteAllItems',
  'DeleteOwnedItems',
  'EditAllItems',
  'EditOwnedItems',
  'FolderContact',
  'FolderOwner',
  'FolderVisible',
  'ReadItems',
] as const;

/** Roles that are sets of rights. */
const ROLE_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  Author: ['CreateItems', 'DeleteOwnedItems', 'EditOwnedItems', 'FolderVisible', 'ReadItems'],
  Contributor: ['CreateItems', 'FolderVisible'],
  Editor: [
    'CreateItems',
    'DeleteAllItems',
    'DeleteOwnedItems',
    'EditAllItems',
    'EditOwnedItems',
    'FolderVisible',
    'ReadItems',
  ],
  NonEditingAuthor: ['CreateItems', 'DeleteOwnedItems', 'FolderVisible', 'ReadItems'],
  None: [],
  Owner: [...SINGLE_RIGHTS],
  PublishingAuthor: [
    'CreateItems',
    'CreateSubfolders',
    'DeleteOwnedItems',
    'EditOwnedItems',
    'FolderVisible',
    'ReadItems',
  ],
  PublishingEditor: [
    'CreateItems',
    'CreateSubfolders',
    'DeleteAllItems',
    'DeleteOwnedItems',
    'EditAllItems',
    'EditOwnedItems',
    'FolderVisible',
    'ReadItems',
  ],
  Reviewer: ['FolderVisible', 'ReadItems'],
};

/** On calendars only. */
export const CALENDAR_ROLES: readonly string[] = ['AvailabilityOnly', 'LimitedDetails'];

/** What the parameter AccessRights takes. */
export const ACCESS_RIGHTS: readonly string[] = [
  ...SINGLE_RIGHTS,
  ...Object.keys(ROLE_RIGHTS),
  ...CALENDAR_ROLES,
];

/** Rights with which SendNotificationToUser is permitted. */
export const NOTIFIABLE: readonly string[] = ['AvailabilityOnly', 'LimitedDetails', 'Reviewer', 'Editor'];

/**
 * Rights as Exchange shows them: one role, or a sorted list of single rights that are no role together.
 *
 * @throws CmdletError for a role beside anything else, and for a calendar's role on a folder of another kind.
 */
export function canonicalRights(values: readonly string[], isCalendar: boolean): readonly string[] {
  const wanted = [...new Set(values)];
  const [only] = wanted;
  if (only === undefined) throw badArgument('The AccessRights parameter requires at least one value.');
  const roles = wanted.filter((right) => !isSingle(right));
  if (roles.length > 0 && wanted.length > 1) {
    throw badArgument('A role and other access rights cannot be combined in AccessRights.');
  }
  // UNCONFIRMED: this text.
  if (!isCalendar && CALENDAR_ROLES.includes(only)) {
    throw badArgument(`The access right '${only}' can only be set on calendar folders.`);
  }
  if (roles.length > 0) return [only];
  const sorted = wanted.sort();
  const role = Object.entries(ROLE_RIGHTS).find(([, rights]) => sameList(rights, sorted));
  return role === undefined ? sorted : [role[0]];
}

/** The single rights that rights as Exchange shows them amount to. A calendar's own roles are none of these. */
export function rightsIn(rights: readonly string[]): readonly string[] {
  return rights.flatMap((right) => ROLE_RIGHTS[right] ?? [right]);
}

function isSingle(right: string): boolean {
  return (SINGLE_RIGHTS as readonly string[]).includes(right);
}

export function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}
