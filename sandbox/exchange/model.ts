/** What Exchange holds of a mailbox: the seed says how it was at the start, a change says what is different since. */
import type { User } from '../entra/model.js';
import type { JsonObject } from '../json.js';

export type RecipientKind = 'UserMailbox' | 'SharedMailbox' | 'RoomMailbox' | 'EquipmentMailbox';

/**
 * Whom a permission is for: `Default`, `Anonymous`, `internal:<object id>`, `external:<smtp>` or `unknown:<name>` (an orphan
 * that keeps its name).
 */
export type Grantee = string;

export interface PermissionEntry {
  readonly rights: readonly string[];
  /** `Delegate`, `CanViewPrivateItems`; empty for none. */
  readonly flags: readonly string[];
}

/** Folders are told apart by a key that survives a change of name or id. */
export interface FolderSeed {
  readonly key: string;
  readonly name: string;
  /** Key of the folder around it; absent for the top one. */
  readonly parent?: string;
  /** As Get-MailboxFolderStatistics shows it. */
  readonly type: string;
  readonly isCalendar: boolean;
  /** Its permissions cannot be changed. */
  readonly isProtected?: boolean;
  readonly entries: Readonly<Record<Grantee, PermissionEntry>>;
}

export interface CalendarProcessing {
  readonly AutomateProcessing: string;
  readonly ProcessExternalMeetingMessages: boolean;
  readonly AllBookInPolicy: boolean;
  readonly AllowConflicts: boolean;
  readonly AddOrganizerToSubject: boolean;
  readonly DeleteComments: boolean;
  readonly DeleteSubject: boolean;
  readonly RemovePrivateProperty: boolean;
  readonly BookingWindowInDays: number;
}

/** Attributes that are a tenant's own to use. */
export const CUSTOM_ATTRIBUTES = Array.from({ length: 15 }, (_, index) => `CustomAttribute${index + 1}`);
export type CustomAttributes = Readonly<Record<string, string>>;

/** Properties that cmdlets set. */
export interface MailboxProperties {
  readonly kind: RecipientKind;
  readonly hidden: boolean;
  /** Those that have a value, in the order of {@link CUSTOM_ATTRIBUTES}. */
  readonly customAttributes: CustomAttributes;
  /** Null: not set. */
  readonly ewsEnabled: boolean | null;
  readonly processing: CalendarProcessing;
}

/** A mailbox as it is made; depends on the seed alone. */
export interface MailboxSeed {
  readonly properties: MailboxProperties;
  readonly folders: readonly FolderSeed[];
}

/** What is different from the seed. Kept interned: sweeps leave few distinct ones behind, whatever the tenant's size. */
export interface MailboxChange {
  /** The name that New-Mailbox gave; such a mailbox needs no licence for now. Others are named by their object id. */
  readonly name?: string;
  readonly properties?: Partial<MailboxProperties>;
  /** Null takes an entry away. By key of the folder, then by grantee. */
  readonly entries?: Readonly<Record<string, Readonly<Record<Grantee, PermissionEntry | null>>>>;
  /** New names of folders. */
  readonly names?: Readonly<Record<string, string>>;
  /** How often a folder's id has changed. */
  readonly idChanges?: Readonly<Record<string, number>>;
}

export interface Folder {
  readonly key: string;
  readonly name: string;
  /** `/Calendar/Holidays` */
  readonly path: string;
  /** Opaque, base64. */
  readonly id: string;
  readonly type: string;
  readonly isCalendar: boolean;
  readonly isProtected: boolean;
  readonly entries: Readonly<Record<Grantee, PermissionEntry>>;
}

/** A mailbox as it is now. */
export interface Mailbox {
  readonly user: User;
  /** The mailbox's own id, not the user's. */
  readonly guid: string;
  readonly name: string;
  readonly primarySmtpAddress: string;
  readonly properties: MailboxProperties;
}

export type Row = JsonObject;
