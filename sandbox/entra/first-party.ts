/**
 * Microsoft's own applications as they show in every tenant, with the app roles that matter here.
 *
 * Ids are those of Microsoft's permissions reference (microsoftgraph/microsoft-graph-docs-contrib
 * concepts/permissions-reference.md) and, for Exchange Online, of MicrosoftDocs/office-developer-exchange-docs.
 */
import type { AppRole, FirstPartyApplication } from './model.js';

export const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';
export const EXCHANGE_APP_ID = '00000002-0000-0ff1-ce00-000000000000';
export const KEY_VAULT_APP_ID = 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093';
/** What tokens for vaults are asked for, without a slash at its end (learn.microsoft.com/azure/key-vault/general/rest-error-codes). */
export const KEY_VAULT_RESOURCE = 'https://vault.azure.net';
/** The tenant in which Microsoft keeps its applications. */
const MICROSOFT_TENANT_ID = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a';

const GRAPH_ROLES = {
  'AppRoleAssignment.ReadWrite.All': [
    '06b708a9-e830-4db3-a914-8e69da51d44f',
    'Manage app permission grants and app role assignments',
  ],
  'Application.Read.All': ['9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30', 'Read all applications'],
  'Application.ReadWrite.All': ['1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9', 'Read and write all applications'],
  'Application.ReadWrite.OwnedBy': [
    '18a4783c-866b-4cc7-a460-3d5e5662c884',
    'Manage apps that this app creates or owns',
  ],
  'AuditLog.Read.All': ['b0afded3-3588-46d8-8b3d-9842eff778da', 'Read all audit log data'],
  'Calendars.Read': ['798ee544-9d2d-430c-a058-570e29e34338', 'Read calendars in all mailboxes'],
  'Calendars.ReadBasic.All': [
    '8ba4a692-bc31-4128-9094-475872af8a53',
    'Read basic details of calendars in all mailboxes',
  ],
  'Calendars.ReadWrite': [
    'ef54d2bf-783f-4e0f-bca1-3210c0444d99',
    'Read and write calendars in all mailboxes',
  ],
  'Directory.Read.All': ['7ab1d382-f21e-4acd-a863-ba3e13f7da61', 'Read directory data'],
  'Directory.ReadWrite.All': ['19dbc75e-c2e2-444c-a770-ec69d8559fc7', 'Read and write directory data'],
  'Domain.Read.All': ['dbb9058a-0e50-45d7-ae91-66909b5d4664', 'Read domains'],
  'Group.Read.All': ['5b567255-7703-4780-807c-7be8301ae99b', 'Read all groups'],
  'Group.ReadWrite.All': ['62a82d76-70ea-41e2-9197-370581804d09', 'Read and write all groups'],
  'GroupMember.Read.All': ['98830695-27a2-44f7-8c18-0c3ebc9698f6', 'Read all group memberships'],
  'GroupMember.ReadWrite.All': [
    'dbaae8cf-10b5-4b86-a4a1-f871c94c6695',
    'Read and write all group memberships',
  ],
  'LicenseAssignment.Read.All': ['e2f98668-2877-4f38-a2f4-8202e0717aa1', 'Read all license assignments'],
  'LicenseAssignment.ReadWrite.All': [
    '5facf0c1-8979-4e95-abcf-ff3d079771c0',
    'Manage all license assignments',
  ],
  'MailboxSettings.Read': ['40f97065-369a-49f4-947c-6a255697ae91', 'Read all user mailbox settings'],
  'MailboxSettings.ReadWrite': [
    '6931bccd-447a-43d1-b442-00a195474933',
    'Read and write all user mailbox settings',
  ],
  'Organization.Read.All': ['498476ce-e0fe-48b0-b801-37ba7e2685c6', 'Read organization information'],
  'Place.Read.All': ['913b9306-0ce1-42b8-9137-6a7df690a760', 'Read all company places'],
  'Policy.ReadWrite.ApplicationConfiguration': [
    'be74164b-cff1-491c-8741-e671cb536e13',
    "Read and write your organization's application configuration policies",
  ],
  'Policy.Read.All': ['246dd0d5-5bd0-4def-940b-0421030a5b68', "Read your organization's policies"],
  'Reports.Read.All': ['230c1aed-a721-4c5d-9cb4-a90514e508ef', 'Read all usage reports'],
  'RoleManagement.Read.Directory': [
    '483bed4a-2ad3-4361-a73b-c83ccdbdc53c',
    'Read all directory RBAC settings',
  ],
  'RoleManagement.ReadWrite.Directory': [
    '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8',
    'Read and write all directory RBAC settings',
  ],
  'User.Read.All': ['df021288-bdef-4463-88db-98f22de89214', "Read all users' full profiles"],
  'User.ReadWrite.All': ['741f803b-c850-494e-b5df-cde7c675a1ca', "Read and write all users' full profiles"],
} as const;

const EXCHANGE_ROLES = {
  full_access_as_app: [
    'dc890d15-9560-4a4c-9b7f-a736ec74ec40',
    'Use Exchange Web Services with full access to all mailboxes',
  ],
  // The published admin API's role; its id is UNCONFIRMED, look it up by value.
  'Exchange.ManageAsAppV2': ['5a3c1e0e-6f7d-4c57-9a2b-8d1f0e6b7c42', 'Manage Exchange As Application V2'],
  'Exchange.ManageAsApp': ['dc50a0fb-09a3-484d-be87-e023b12c6440', 'Manage Exchange As Application'],
} as const;

/** The value of an application permission of Microsoft Graph that the sandbox knows. */
export type GraphRole = keyof typeof GRAPH_ROLES;
export type ExchangeRole = keyof typeof EXCHANGE_ROLES;

export const GRAPH_ROLE_VALUES = Object.keys(GRAPH_ROLES) as readonly GraphRole[];

/** The applications whose service principals every tenant has, by their app id. */
export const FIRST_PARTY: Readonly<Record<string, FirstPartyApplication>> = {
  [GRAPH_APP_ID]: {
    displayName: 'Microsoft Graph',
    ownerTenantId: MICROSOFT_TENANT_ID,
    servicePrincipalNames: [GRAPH_APP_ID, 'https://graph.microsoft.com'],
    appRoles: rolesOf(GRAPH_ROLES),
  },
  [EXCHANGE_APP_ID]: {
    displayName: 'Office 365 Exchange Online',
    ownerTenantId: MICROSOFT_TENANT_ID,
    servicePrincipalNames: [EXCHANGE_APP_ID, 'https://outlook.office365.com', 'https://outlook.office.com'],
    appRoles: rolesOf(EXCHANGE_ROLES),
  },
  // Who may do what in a vault is decided there.
  [KEY_VAULT_APP_ID]: {
    displayName: 'Azure Key Vault',
    ownerTenantId: MICROSOFT_TENANT_ID,
    servicePrincipalNames: [KEY_VAULT_APP_ID, KEY_VAULT_RESOURCE],
    appRoles: [],
  },
};

function rolesOf(roles: Readonly<Record<string, readonly [id: string, displayName: string]>>): AppRole[] {
  return Object.entries(roles).map(([value, [id, displayName]]) => ({ id, value, displayName }));
}
