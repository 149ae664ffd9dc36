/**
 * The closed list of cmdlets that this product runs, with their parameters and rows.
 *
 * Parameters are checked before anything leaves the process: an identity is never empty, since Exchange answers a Get- cmdlet
 * without identity with everything (MicrosoftDocs/office-docs-powershell). Of rows only what is used is kept.
 * Sources: MicrosoftDocs/office-docs-powershell exchange/exchange-ps/ExchangePowerShell/<cmdlet>.md.
 */
import { z } from 'zod';

/** Text with something in it. PowerShell takes no NUL and no lone surrogates, and neither is part of any name in Exchange. */
const text = z
  .string()
  .min(1)
  .refine((value) => value.trim() !== '', 'is blank')
  .refine((value) => !value.includes('\0') && value.isWellFormed(), 'is not well-formed text');
const identity = text.max(1024);
const guid = z.guid();
const unlimited = z.literal('Unlimited');
const flag = z.boolean();

/** Rights on a folder: roles and single rights as Exchange names them. Others may come in answers. */
export const SETTABLE_CALENDAR_RIGHTS = ['None', 'AvailabilityOnly', 'LimitedDetails'] as const;

const mailboxRow = z.object({
  Guid: guid,
  ExternalDirectoryObjectId: z.string().nullish(),
  UserPrincipalName: z.string().nullish(),
  PrimarySmtpAddress: z.string(),
  DisplayName: z.string().nullish(),
  RecipientTypeDetails: z.string(),
  HiddenFromAddressListsEnabled: z.boolean().nullish(),
});

const scopeRow = z.object({
  Name: z.string(),
  Guid: z.string().nullish(),
  RecipientFilter: z.string().nullish(),
});

const roleAssignmentRow = z.object({
  Name: z.string(),
  Identity: z.string(),
  Role: z.string(),
  RoleAssignee: z.string().nullish(),
  RoleAssigneeName: z.string().nullish(),
  App: z.string().nullish(),
  CustomResourceScope: z.string().nullish(),
  RecipientWriteScope: z.string().nullish(),
});

const servicePrincipalRow = z.object({
  AppId: z.string(),
  ObjectId: z.string(),
  DisplayName: z.string().nullish(),
  Identity: z.string(),
});

/** Description of one cmdlet. */
interface Definition {
  readonly effect: 'read' | 'write';
  /**
   * Whether the call may be sent again when nobody knows if it took effect: reads, and writes of absolute values. After a lost
   * answer of any other, whoever called has to look first.
   */
  readonly repeatable: boolean;
  readonly parameters: z.ZodType;
  readonly row: z.ZodType;
}

const nothing = z.object({});

export const CMDLETS = {
  'Get-Mailbox': {
    effect: 'read',
    repeatable: true,
    // One mailbox, or a list that is asked for as one: an identity that somebody lacks must not become a list of everybody.
    parameters: z
      .strictObject({
        Identity: identity.optional(),
        RecipientTypeDetails: z.array(text).min(1).optional(),
        Filter: text.max(2000).optional(),
        ResultSize: unlimited.optional(),
      })
      .refine(
        ({ Identity, ...list }) =>
          (Identity === undefined) === Object.values(list).some((value) => value !== undefined),
        'takes either an Identity or what says that a list is wanted: RecipientTypeDetails, Filter, ResultSize',
      ),
    row: mailboxRow,
  },
  'Get-MailboxFolderStatistics': {
    effect: 'read',
    repeatable: true,
    parameters: z.strictObject({ Identity: identity, FolderScope: z.literal('Calendar') }),
    row: z.object({ Name: z.string(), FolderPath: z.string(), FolderId: z.string(), FolderType: z.string() }),
  },
  'Get-MailboxFolderPermission': {
    effect: 'read',
    repeatable: true,
    parameters: z.strictObject({ Identity: identity, User: text.optional() }),
    row: z.object({
      Identity: z.string().nullish(),
      FolderName: z.string().nullish(),
      User: z.string(),
      AccessRights: z.array(z.string()),
      SharingPermissionFlags: z.string().nullish(),
    }),
  },
  'Set-MailboxFolderPermission': {
    effect: 'write',
    repeatable: true,
    // No SendNotificationToUser: passing it, even false, drops delegates.
    parameters: z.strictObject({
      Identity: identity,
      User: z.literal('Default'),
      AccessRights: z.array(z.enum(SETTABLE_CALENDAR_RIGHTS)).length(1),
    }),
    row: nothing,
  },
  'Get-DistributionGroupMember': {
    effect: 'read',
    repeatable: true,
    parameters: z.strictObject({ Identity: identity, ResultSize: unlimited.optional() }),
    row: z.object({
      Guid: z.string().nullish(),
      ExternalDirectoryObjectId: z.string().nullish(),
      PrimarySmtpAddress: z.string().nullish(),
      RecipientType: z.string().nullish(),
      RecipientTypeDetails: z.string().nullish(),
    }),
  },
  'Get-AcceptedDomain': {
    effect: 'read',
    repeatable: true,
    parameters: z.strictObject({}),
    row: z.object({
      DomainName: z.string(),
      DomainType: z.string().nullish(),
      Default: z.boolean().nullish(),
      InitialDomain: z.boolean().nullish(),
    }),
  },
  'New-Mailbox': {
    effect: 'write',
    repeatable: false,
    // The password is protected by the transport; only the PowerShell transport takes one.
    parameters: z.strictObject({
      Name: text.max(64),
      DisplayName: text.max(256).optional(),
      Alias: text.max(64).optional(),
      MicrosoftOnlineServicesID: text.max(256),
      PrimarySmtpAddress: text.max(256).optional(),
      Password: z.string().min(8).max(256),
      ResetPasswordOnNextLogon: flag.optional(),
    }),
    row: mailboxRow,
  },
  'Set-Mailbox': {
    effect: 'write',
    repeatable: true,
    parameters: z.strictObject({ Identity: identity, HiddenFromAddressListsEnabled: flag }),
    row: nothing,
  },
  'Remove-Mailbox': {
    effect: 'write',
    repeatable: false,
    parameters: z.strictObject({ Identity: identity, Confirm: z.literal(false) }),
    row: nothing,
  },
  'Get-CalendarProcessing': {
    effect: 'read',
    repeatable: true,
    parameters: z.strictObject({ Identity: identity }),
    row: z.object({
      Identity: z.string().nullish(),
      AutomateProcessing: z.string(),
      ProcessExternalMeetingMessages: z.boolean().nullish(),
      AllBookInPolicy: z.boolean().nullish(),
      AddOrganizerToSubject: z.boolean().nullish(),
      DeleteSubject: z.boolean().nullish(),
    }),
  },
  'Set-CalendarProcessing': {
    effect: 'write',
    repeatable: true,
    parameters: z.strictObject({
      Identity: identity,
      AutomateProcessing: z.enum(['None', 'AutoUpdate', 'AutoAccept']).optional(),
      ProcessExternalMeetingMessages: flag.optional(),
    }),
    row: nothing,
  },
  'Get-OrganizationConfig': {
    effect: 'read',
    repeatable: true,
    // Without the switch the answer has no allow list, which looks like an empty one.
    parameters: z.strictObject({ RetrieveEwsOperationAccessPolicy: z.literal(true) }),
    row: z.object({
      EwsEnabled: z.boolean().nullish(),
      EwsAllowedAppIDs: z.union([z.string(), z.array(z.string())]).nullish(),
      EwsApplicationAccessPolicy: z.string().nullish(),
      EwsAllowList: z.array(z.string()).nullish(),
      EwsBlockList: z.array(z.string()).nullish(),
    }),
  },
  'Set-OrganizationConfig': {
    effect: 'write',
    // The whole list is written: a repeated write would undo what somebody else added in between.
    repeatable: false,
    parameters: z.strictObject({
      EwsEnabled: flag.nullable().optional(),
      // Entries of others are handed back as they were found, even where they are no ids.
      EwsAllowedAppIDs: text
        .regex(/^[^,\p{C}]+(,[^,\p{C}]+)*$/u)
        .nullable()
        .optional(),
    }),
    row: nothing,
  },
  'Get-CASMailbox': {
    effect: 'read',
    repeatable: true,
    parameters: z.strictObject({ Identity: identity }),
    row: z.object({
      EwsEnabled: z.boolean().nullish(),
      EwsApplicationAccessPolicy: z.string().nullish(),
      EwsAllowList: z.array(z.string()).nullish(),
      EwsBlockList: z.array(z.string()).nullish(),
    }),
  },
  'Set-CASMailbox': {
    effect: 'write',
    repeatable: true,
    parameters: z.strictObject({ Identity: identity, EwsEnabled: flag.nullable() }),
    row: nothing,
  },
  'Get-ServicePrincipal': {
    effect: 'read',
    repeatable: true,
    parameters: z.strictObject({ Identity: identity }),
    row: servicePrincipalRow,
  },
  'New-ServicePrincipal': {
    effect: 'write',
    repeatable: false,
    parameters: z.strictObject({ AppId: guid, ObjectId: guid, DisplayName: text.max(256).optional() }),
    row: servicePrincipalRow,
  },
  'Remove-ServicePrincipal': {
    effect: 'write',
    repeatable: false,
    parameters: z.strictObject({ Identity: identity, Confirm: z.literal(false) }),
    row: nothing,
  },
  'Get-ManagementScope': {
    effect: 'read',
    repeatable: true,
    parameters: z.strictObject({ Identity: identity }),
    row: scopeRow,
  },
  'New-ManagementScope': {
    effect: 'write',
    repeatable: false,
    parameters: z.strictObject({ Name: text.max(64), RecipientRestrictionFilter: text.max(4000) }),
    row: scopeRow,
  },
  'Set-ManagementScope': {
    effect: 'write',
    repeatable: true,
    parameters: z.strictObject({ Identity: identity, RecipientRestrictionFilter: text.max(4000) }),
    row: nothing,
  },
  'Remove-ManagementScope': {
    effect: 'write',
    repeatable: false,
    parameters: z.strictObject({ Identity: identity, Confirm: z.literal(false) }),
    row: nothing,
  },
  'Get-ManagementRoleAssignment': {
    effect: 'read',
    repeatable: true,
    parameters: z
      .strictObject({ RoleAssignee: identity.optional(), Identity: identity.optional() })
      .refine(
        ({ RoleAssignee, Identity }) => (RoleAssignee === undefined) !== (Identity === undefined),
        'takes exactly one of RoleAssignee and Identity',
      ),
    row: roleAssignmentRow,
  },
  'New-ManagementRoleAssignment': {
    effect: 'write',
    repeatable: false,
    parameters: z.strictObject({
      Name: text.max(64),
      App: guid,
      Role: z.string().regex(/^Application [A-Za-z.]+$/),
      CustomResourceScope: text.max(64),
    }),
    row: roleAssignmentRow,
  },
  'Remove-ManagementRoleAssignment': {
    effect: 'write',
    repeatable: false,
    parameters: z.strictObject({ Identity: identity, Confirm: z.literal(false) }),
    row: nothing,
  },
  'Test-ServicePrincipalAuthorization': {
    effect: 'read',
    repeatable: true,
    parameters: z.strictObject({ Identity: identity, Resource: identity.optional() }),
    row: z.object({
      RoleName: z.string(),
      GrantedPermissions: z.string().nullish(),
      AllowedResourceScope: z.string().nullish(),
      ScopeType: z.string().nullish(),
      InScope: z.union([z.string(), z.boolean()]),
    }),
  },
} as const satisfies Record<string, Definition>;

export type CmdletName = keyof typeof CMDLETS;
export type CmdletParameters<N extends CmdletName> = z.input<(typeof CMDLETS)[N]['parameters']>;
export type CmdletRow<N extends CmdletName> = z.output<(typeof CMDLETS)[N]['row']>;
