/** The published Admin API v2.0: six endpoints with the cmdlets and parameters of each (learn.microsoft.com exchange/reference/admin-api-endpoints-*). */
import type { JsonObject } from '../json.js';

const ENDPOINTS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  OrganizationConfig: { 'Get-OrganizationConfig': [] },
  AcceptedDomain: { 'Get-AcceptedDomain': ['Identity', 'ResultSize'] },
  Mailbox: { 'Get-Mailbox': ['Identity', 'ResultSize', 'IncludeGrantSendOnBehalfToWithDisplayNames'] },
  MailboxFolderPermission: {
    'Get-MailboxFolderPermission': ['Identity', 'ResultSize'],
    'Add-MailboxFolderPermission': ['Identity', 'User', 'AccessRights'],
    'Set-MailboxFolderPermission': ['Identity', 'User', 'AccessRights'],
    'Remove-MailboxFolderPermission': ['Identity', 'User', 'Confirm'],
  },
  DistributionGroupMember: { 'Get-DistributionGroupMember': ['Identity', 'ResultSize'] },
};

export function isEndpoint(name: string): boolean {
  return Object.hasOwn(ENDPOINTS, name);
}

/** What is wrong with a cmdlet or its parameters at an endpoint; undefined: nothing. UNCONFIRMED: Exchange's own words. */
export function checkEndpoint(endpoint: string, cmdlet: string, parameters: JsonObject): string | undefined {
  const permitted = ENDPOINTS[endpoint]?.[cmdlet];
  if (permitted === undefined) return `The endpoint ${endpoint} does not run ${cmdlet}.`;
  const unknown = Object.keys(parameters).find((name) => !name.includes('@') && !permitted.includes(name));
  return unknown === undefined
    ? undefined
    : `The endpoint ${endpoint} does not take the parameter ${unknown}.`;
}
