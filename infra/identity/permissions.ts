/**
 * Which application permissions the stack needs, on which API, and which of them Entra may consent to.
 *
 * Pure: the component in interop-application.ts turns the answer into resources.
 */

/** Client ids of Microsoft's own APIs, the same in every tenant (terraform-provider-azuread, application_published_app_ids). */
export const API_CLIENT_IDS = {
  exchangeOnline: '00000002-0000-0ff1-ce00-000000000000',
  microsoftGraph: '00000003-0000-0000-c000-000000000000',
} as const;

export type Api = keyof typeof API_CLIENT_IDS;

/** The Exchange permission that Google's guide asks for (support.google.com/a/answer/7437483). */
export const EWS_PERMISSION = 'full_access_as_app';

/** Application permissions by their value, for one API. */
export interface ApiPermissions {
  readonly api: Api;
  readonly permissions: readonly string[];
}

/** What decides the permissions; see the stack's configuration for the meaning of each. */
export interface PermissionWishes {
  readonly protocol: 'ews' | 'graph' | 'both' | undefined;
  readonly access: 'tenant' | 'roleMailboxes';
  readonly graphPermissions: readonly string[];
}

/**
 * Graph permissions that Exchange's RBAC for Applications can limit to some mailboxes; the others exist in Entra only
 * (learn.microsoft.com/exchange/permissions-exo/application-rbac, "Supported application roles").
 */
const EXCHANGE_SCOPED = /^(Calendars|Contacts|Mail|MailboxSettings|MailboxFolder|MailboxItem)\./;

/**
 * The permissions to declare and to consent to in Entra.
 *
 * With `access: roleMailboxes` whatever Exchange can limit is left out: a grant in Entra is for the whole tenant and adds
 * to the one in Exchange, and a permission that is merely declared is one click on "Grant admin consent" away from it.
 * Without a protocol (only on-premises endpoints) there is nothing to consent to.
 */
export function entraPermissions(wishes: PermissionWishes): readonly ApiPermissions[] {
  const limited = wishes.access === 'roleMailboxes';
  const ews = wishes.protocol === 'ews' || wishes.protocol === 'both';
  const graph = wishes.protocol === 'graph' || wishes.protocol === 'both';
  const wanted: ApiPermissions[] = [
    { api: 'exchangeOnline', permissions: ews && !limited ? [EWS_PERMISSION] : [] },
    {
      api: 'microsoftGraph',
      permissions: graph
        ? unique(wishes.graphPermissions).filter((name) => !(limited && EXCHANGE_SCOPED.test(name)))
        : [],
    },
  ];
  return wanted.filter((entry) => entry.permissions.length > 0);
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
