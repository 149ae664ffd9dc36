/** Get-MailboxFolderStatistics and the cmdlets of folder permissions. */
import { anyOf, FLAG, IDENTITY, oneOf, SIZE, SWITCH, TEXT } from '../binding.js';
import { type Cmdlet, type CmdletRun, MAY_READ, MAY_WRITE_RECIPIENTS, NO_ROWS, placed } from '../cmdlet.js';
import {
  badArgument,
  badParameters,
  folderNotFound,
  invalidExternalUser,
  protectedFolder,
  specialUser,
  userAlreadyInPermissions,
  userNotInPermissions,
} from '../cmdlet-error.js';
import { CONTACTS } from '../groups.js';
import type { Folder, Grantee, Mailbox, PermissionEntry, Row } from '../model.js';
import { ACCESS_RIGHTS, canonicalRights, NOTIFIABLE, sameList } from '../rights.js';
import { mailboxNamed } from './find.js';

const SCOPES = ['All', 'Archive', 'Calendar', 'Contacts', 'Inbox', 'RecoverableItems', 'SentItems', 'Tasks'];
const FLAGS = ['None', 'Delegate', 'CanViewPrivateItems'];

/** Folder cmdlets go to the mailbox's own server: an anchor of another mailbox leads to one that does not know the folder. */
function checkAnchor(run: CmdletRun, mailbox: Mailbox, identity: string): void {
  if (run.anchor === undefined) return;
  const anchored = run.exchange.mailboxes.find(run.anchor);
  if (!anchored.some(({ user }) => user.id === mailbox.user.id)) throw folderNotFound(identity);
}

const getStatistics: Cmdlet = {
  parameters: {
    FolderScope: oneOf(...SCOPES),
    Identity: IDENTITY,
    ResultSize: SIZE,
    UseCustomRouting: SWITCH,
  },
  mandatory: ['Identity'],
  roles: MAY_READ,
  run: (run) => {
    const identity = run.parameters.required('Identity');
    const mailbox = mailboxNamed(run, identity);
    checkAnchor(run, mailbox, identity);
    renameIfAsked(run, mailbox);
    const scope = run.parameters.text('FolderScope') ?? 'All';
    const folders = run.exchange.mailboxes.folders(mailbox).filter((folder) => isWithin(folder, scope));
    return placed(
      folders.map((folder) => statisticsRow(mailbox, folder)),
      run.after,
    );
  },
};

/** Renames the default calendar, as its owner might just now. */
function renameIfAsked({ exchange: { faults, mailboxes }, name }: CmdletRun, mailbox: Mailbox): void {
  if (faults.take('calendarRename', name) === undefined) return;
  const calendar = mailboxes.folders(mailbox).find(({ key }) => key === 'calendar');
  if (calendar !== undefined) mailboxes.rename(mailbox, 'calendar', `${calendar.name} (2)`);
}

function isWithin(folder: Folder, scope: string): boolean {
  switch (scope) {
    case 'All':
      return true;
    case 'Calendar':
      return folder.isCalendar;
    case 'Inbox':
      return folder.type === 'Inbox';
    case 'RecoverableItems':
      return folder.isProtected;
    default:
      return false;
  }
}

function statisticsRow(mailbox: Mailbox, folder: Folder): Row {
  return {
    Name: folder.name,
    Identity: `${mailbox.name}${folder.path.replaceAll('/', '\\')}`,
    FolderPath: folder.path,
    FolderId: folder.id,
    FolderType: folder.type,
    ContainerClass: folder.isCalendar ? 'IPF.Appointment' : 'IPF.Note',
    ItemsInFolder: 0,
    FolderSize: '0 B (0 bytes)',
  };
}

interface Target {
  readonly identity: string;
  readonly mailbox: Mailbox;
  readonly folder: Folder;
}

/** The folder that an identity names: `<mailbox>:\<path>`, `<mailbox>:<folder id>`, or `<mailbox>` for the top one. */
function targetOf(run: CmdletRun): Target {
  const identity = run.parameters.required('Identity');
  const colon = identity.indexOf(':');
  const owner = colon < 0 ? identity : identity.slice(0, colon);
  const place = colon < 0 ? '' : identity.slice(colon + 1);
  if (owner.trim() === '') throw badArgument(`The folder identity '${identity}' names no mailbox.`);
  const mailbox = mailboxNamed(run, owner);
  checkAnchor(run, mailbox, identity);
  const { mailboxes, faults } = run.exchange;
  renameIfAsked(run, mailbox);
  if (place !== '' && faults.take('folderIdChange', run.name) !== undefined) {
    mailboxes.changeFolderId(mailbox, 'calendar');
  }
  const folder = mailboxes.folders(mailbox).find((candidate) => isNamed(candidate, place));
  if (folder === undefined) throw folderNotFound(identity);
  return { identity, mailbox, folder };
}

function isNamed(folder: Folder, place: string): boolean {
  if (place === '' || place === '\\') return folder.type === 'Root';
  if (!place.startsWith('\\')) return folder.id === place;
  return folder.path.replaceAll('/', '\\').toLowerCase() === place.toLowerCase();
}

/** What a grantee is shown as: the display name of an internal user, the address of an external one. */
function shownName(run: CmdletRun, grantee: Grantee): string {
  if (grantee.startsWith('internal:')) {
    const user = run.exchange.directory.users.get(grantee.slice('internal:'.length));
    // Whoever is deleted stays in the permissions, as an orphan.
    return user === undefined
      ? `NT User:${grantee.slice('internal:'.length)}`
      : String(user.properties.displayName);
  }
  return grantee.replace(/^(?:external|unknown):/, '');
}

/** Whom the parameter User means. @throws CmdletError for an address without a security principal. */
function granteeOf(run: CmdletRun, user: string): Grantee {
  const special = ['Default', 'Anonymous'].find((name) => name.toLowerCase() === user.toLowerCase());
  if (special !== undefined) return special;
  if (user.includes('@')) {
    const address = user.toLowerCase();
    const [mailbox] = run.exchange.mailboxes.find(user);
    if (mailbox !== undefined) return `internal:${mailbox.user.id}`;
    if (address === 'partner@fabrikam.com' && !isContact(address)) return `external:${address}`;
    throw invalidExternalUser(user);
  }
  // Of several with this name, the first: duplicate display names hit the wrong one.
  const [mailbox] = run.exchange.mailboxes.find(user);
  return mailbox === undefined ? `unknown:${user}` : `internal:${mailbox.user.id}`;
}

function isContact(address: string): boolean {
  return CONTACTS.some(({ smtp }) => smtp === address);
}

const getPermission: Cmdlet = {
  parameters: {
    GroupMailbox: SWITCH,
    Identity: IDENTITY,
    ResultSize: SIZE,
    SkipCount: { kind: 'integer' },
    User: TEXT,
    UseCustomRouting: SWITCH,
  },
  mandatory: ['Identity'],
  roles: MAY_READ,
  run: (run) => {
    const target = targetOf(run);
    const entries = run.exchange.mailboxes.seenEntries(target.mailbox, target.folder);
    const user = run.parameters.text('User');
    const wanted = user === undefined ? undefined : granteeOf(run, user);
    const shown = Object.entries(entries).filter(([grantee]) => wanted === undefined || grantee === wanted);
    if (wanted !== undefined && shown.length === 0) throw userNotInPermissions(shownName(run, wanted));
    const skipped = shown.slice(run.parameters.number('SkipCount') ?? 0);
    return placed(
      skipped.map(([grantee, entry]) => permissionRow(run, target, grantee, entry)),
      run.after,
    );
  },
};

function permissionRow(
  run: CmdletRun,
  { identity, folder }: Target,
  grantee: Grantee,
  entry: PermissionEntry,
): Row {
  return {
    Identity: identity,
    FolderName: folder.name,
    User: shownName(run, grantee),
    'AccessRights@data.type': '#Collection(String)',
    AccessRights: entry.rights,
    SharingPermissionFlags: entry.flags.length === 0 ? null : entry.flags.join(', '),
    IsValid: true,
    ObjectState: 'New',
  };
}

const WRITE_PARAMETERS = {
  AccessRights: anyOf(ACCESS_RIGHTS),
  Identity: IDENTITY,
  SendNotificationToUser: FLAG,
  SharingPermissionFlags: anyOf(FLAGS),
  User: TEXT,
};

/** What a write asks for. */
function wantedEntry(run: CmdletRun, folder: Folder): PermissionEntry {
  const rights = canonicalRights(run.parameters.texts('AccessRights') ?? [], folder.isCalendar);
  const flags = (run.parameters.texts('SharingPermissionFlags') ?? []).filter((flag) => flag !== 'None');
  if (flags.length > 0 && !(folder.isCalendar && sameList(rights, ['Editor']))) {
    throw badArgument(
      'SharingPermissionFlags can only be set on calendar folders together with the access right Editor.',
    );
  }
  if (flags.includes('CanViewPrivateItems') && !flags.includes('Delegate')) {
    throw badArgument('CanViewPrivateItems can only be set together with Delegate.');
  }
  if (run.parameters.flag('SendNotificationToUser') === true && !NOTIFIABLE.includes(rights[0] ?? '')) {
    throw badArgument(
      `SendNotificationToUser can only be used with the access rights ${NOTIFIABLE.join(', ')}.`,
    );
  }
  return { rights, flags };
}

/**
 * SendNotificationToUser, even as false, drops delegates (MicrosoftDocs/office-docs-powershell Set-MailboxFolderPermission.md):
 * all of the folder's, which is the worst that the text can mean.
 */
function dropDelegates(run: CmdletRun, { mailbox, folder }: Target): void {
  if (!run.parameters.has('SendNotificationToUser')) return;
  for (const [grantee, entry] of Object.entries(folder.entries)) {
    if (entry.flags.length > 0)
      run.exchange.mailboxes.setEntry(mailbox, folder, grantee, { ...entry, flags: [] });
  }
}

const setPermission: Cmdlet = {
  parameters: WRITE_PARAMETERS,
  mandatory: ['Identity', 'User', 'AccessRights'],
  roles: MAY_WRITE_RECIPIENTS,
  run: (run) => {
    const target = targetOf(run);
    const { mailbox, folder, identity } = target;
    const wanted = wantedEntry(run, folder);
    const grantee = granteeOf(run, run.parameters.required('User'));
    if (folder.isProtected) throw protectedFolder(identity);
    const before = folder.entries[grantee];
    if (before === undefined) throw userNotInPermissions(shownName(run, grantee));
    dropDelegates(run, target);
    const keepsFlags =
      !run.parameters.has('SharingPermissionFlags') && !run.parameters.has('SendNotificationToUser');
    const flags = keepsFlags && sameList(wanted.rights, ['Editor']) ? before.flags : wanted.flags;
    if (sameList(before.rights, wanted.rights) && sameList(before.flags, flags)) {
      run.warn(`The command completed successfully but no permissions of '${identity}' have been modified.`);
      return NO_ROWS;
    }
    run.exchange.mailboxes.setEntry(mailbox, folder, grantee, { rights: wanted.rights, flags });
    return NO_ROWS;
  },
};

const addPermission: Cmdlet = {
  parameters: WRITE_PARAMETERS,
  mandatory: ['Identity', 'User', 'AccessRights'],
  roles: MAY_WRITE_RECIPIENTS,
  run: (run) => {
    const target = targetOf(run);
    const { mailbox, folder, identity } = target;
    const wanted = wantedEntry(run, folder);
    const grantee = granteeOf(run, run.parameters.required('User'));
    if (folder.isProtected) throw protectedFolder(identity);
    if (folder.entries[grantee] !== undefined) throw userAlreadyInPermissions(shownName(run, grantee));
    if (grantee.startsWith('unknown:')) throw userNotInPermissions(shownName(run, grantee));
    dropDelegates(run, target);
    run.exchange.mailboxes.setEntry(mailbox, folder, grantee, wanted);
    return placed([permissionRow(run, target, grantee, wanted)], run.after);
  },
};

const removePermission: Cmdlet = {
  parameters: {
    Force: SWITCH,
    Identity: IDENTITY,
    ResetDelegateUserCollection: SWITCH,
    SendNotificationToUser: FLAG,
    User: TEXT,
  },
  mandatory: ['Identity'],
  roles: MAY_WRITE_RECIPIENTS,
  asks: true,
  run: (run) => {
    const target = targetOf(run);
    const { mailbox, folder, identity } = target;
    const reset = run.parameters.flag('ResetDelegateUserCollection') === true;
    if (reset === run.parameters.has('User')) {
      throw badParameters('Parameter set cannot be resolved using the specified named parameters.');
    }
    if (folder.isProtected) throw protectedFolder(identity);
    if (reset) {
      for (const [grantee, entry] of Object.entries(folder.entries)) {
        if (entry.flags.length > 0)
          run.exchange.mailboxes.setEntry(mailbox, folder, grantee, { ...entry, flags: [] });
      }
      return NO_ROWS;
    }
    const grantee = granteeOf(run, run.parameters.required('User'));
    if (grantee === 'Default' || grantee === 'Anonymous') throw specialUser(grantee);
    if (folder.entries[grantee] === undefined) throw userNotInPermissions(shownName(run, grantee));
    dropDelegates(run, target);
    run.exchange.mailboxes.setEntry(mailbox, folder, grantee, undefined);
    return NO_ROWS;
  },
};

export const FOLDER_CMDLETS: Readonly<Record<string, Cmdlet>> = {
  'Add-MailboxFolderPermission': addPermission,
  'Get-MailboxFolderPermission': getPermission,
  'Get-MailboxFolderStatistics': getStatistics,
  'Remove-MailboxFolderPermission': removePermission,
  'Set-MailboxFolderPermission': setPermission,
};
