/**
 * What a person enters in Google's Admin console, endpoint by endpoint, in the order of the form.
 *
 * Google offers no API for this form (support.google.com/a/answer/7437483; cisagov/ScubaGoggles baselines/calendar.md for
 * the Graph form). The labels of the "Legacy EWS" form are UNCONFIRMED: they follow the guide's wording.
 */

/** What stands for a secret that is not shown. */
export const MASKED_SECRET = '(hidden)';

export const GOOGLE_CONSOLE_PATH =
  'Google Admin console > Apps > Google Workspace > Calendar > Calendar Interop management > Exchange availability in Calendar';

/** An endpoint as the stack's configuration declares it. */
export interface Endpoint {
  readonly name: string;
  readonly type: 'microsoft365-graph' | 'microsoft365-ews' | 'onPremises';
  readonly domains: readonly string[];
  readonly roleAccounts: readonly string[];
  readonly url?: string | undefined;
}

/** The values that the Entra side provides. `secret` is shown as given: pass {@link MASKED_SECRET} to hide it. */
export interface RegistrationValues {
  readonly tenantId: string;
  readonly clientId: string;
  readonly tokenEndpoint: string;
  readonly ewsUrl: string;
  readonly secret: string;
}

/** One entry of Google's form. */
export interface GoogleForm {
  readonly endpoint: string;
  readonly formType: string;
  readonly fields: readonly { readonly label: string; readonly value: string }[];
}

/**
 * The forms to fill in for one endpoint, most often one. The Legacy EWS form has no field for a domain, since Google takes it
 * from the role account: there each domain needs an entry of its own with the role accounts in it.
 */
export function googleForms(endpoint: Endpoint, values: RegistrationValues): readonly GoogleForm[] {
  switch (endpoint.type) {
    case 'microsoft365-graph':
      return [
        form(endpoint, 'Microsoft 365 (Graph API)', [
          ['Exchange domain names', endpoint.domains.join(', ')],
          ['Exchange role accounts', endpoint.roleAccounts.join(', ')],
          ['Tenant ID', values.tenantId],
          ['Application (client) ID', values.clientId],
          ['Client secret', values.secret],
        ]),
      ];
    case 'microsoft365-ews':
      return endpoint.domains.map((domain) =>
        form(endpoint, 'Microsoft 365 (Legacy EWS)', [
          ['Exchange Web Services URL', endpoint.url ?? values.ewsUrl],
          ['Exchange role accounts', accountsIn(domain, endpoint.roleAccounts).join(', ')],
          ['Token endpoint URL', values.tokenEndpoint],
          ['Application (client) ID', values.clientId],
          ['Client secret', values.secret],
        ]),
      );
    case 'onPremises':
      return [
        form(endpoint, 'On-premises Exchange', [
          ['Exchange Web Services URL', endpoint.url ?? ''],
          ['Exchange role accounts', endpoint.roleAccounts.join(', ')],
          ['Password', 'the password that all role accounts share'],
        ]),
      ];
  }
}

function form(
  endpoint: Endpoint,
  formType: string,
  fields: readonly (readonly [string, string])[],
): GoogleForm {
  return { endpoint: endpoint.name, formType, fields: fields.map(([label, value]) => ({ label, value })) };
}

function accountsIn(domain: string, accounts: readonly string[]): readonly string[] {
  return accounts.filter((account) => account.toLowerCase().endsWith(`@${domain.toLowerCase()}`));
}
