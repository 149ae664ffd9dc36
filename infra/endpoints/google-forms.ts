/**
 * What a person enters in Google's Admin console, endpoint by endpoint, in the order of the form.
 *
 * Google offers no API for this form (support.google.com/a/answer/7437483; cisagov/ScubaGoggles baselines/calendar.md for
 * the Graph form). The labels of the "Legacy EWS" form are UNCONFIRMED: they follow the guide's wording.
 */

/** Where the form is: the page of the same name (Zoho's help on Interop names the address). */
export const GOOGLE_CONSOLE_URL = 'https://admin.google.com/ac/apps/calendar/settings/interop';

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

/** How Google's form takes one field. `secret` is the client secret; `told` is no value but words on what to enter. */
export type FieldKind = 'value' | 'secret' | 'told';

export interface FormField {
  readonly label: string;
  readonly value: string;
  readonly kind: FieldKind;
}

/** One entry of Google's form. */
export interface GoogleForm {
  readonly endpoint: string;
  /** What to choose as "Endpoint type". */
  readonly formType: string;
  /** The one domain of the entry, where the form has no field for it. */
  readonly domain?: string;
  readonly fields: readonly FormField[];
  /** What keeps the form from being filled in. */
  readonly problem?: string;
}

/**
 * The forms to fill in for one endpoint as its `type` has it, most often one. The Legacy EWS form has no field for a domain, since
 * Google takes it from the role account: there each domain needs an entry of its own with the role accounts in it.
 */
export function googleForms(endpoint: Endpoint, values: RegistrationValues): readonly GoogleForm[] {
  switch (endpoint.type) {
    case 'microsoft365-graph':
      return [graphForm(endpoint, values)];
    case 'microsoft365-ews':
      return endpoint.domains.map((domain) => legacyForm(endpoint, domain, values));
    case 'onPremises':
      return [onPremisesForm(endpoint)];
  }
}

/**
 * With `protocol: both` an endpoint in Microsoft 365 is being moved from one form to the other: this is the one that Google does not
 * hold yet. Others have none.
 */
export function otherForms(endpoint: Endpoint, values: RegistrationValues): readonly GoogleForm[] {
  switch (endpoint.type) {
    case 'microsoft365-graph':
      return googleForms({ ...endpoint, type: 'microsoft365-ews' }, values);
    case 'microsoft365-ews':
      return googleForms({ ...endpoint, type: 'microsoft365-graph' }, values);
    case 'onPremises':
      return [];
  }
}

function graphForm(endpoint: Endpoint, values: RegistrationValues): GoogleForm {
  return {
    endpoint: endpoint.name,
    formType: 'Microsoft 365 (Graph API)',
    fields: [
      value('Exchange domain names', endpoint.domains.join(', ')),
      value('Exchange role accounts', endpoint.roleAccounts.join(', ')),
      value('Tenant ID', values.tenantId),
      value('Application (client) ID', values.clientId),
      { label: 'Client secret', value: values.secret, kind: 'secret' },
    ],
  };
}

function legacyForm(endpoint: Endpoint, domain: string, values: RegistrationValues): GoogleForm {
  const accounts = accountsIn(domain, endpoint.roleAccounts);
  return {
    endpoint: endpoint.name,
    formType: 'Microsoft 365 (Legacy EWS)',
    domain,
    fields: [
      value('Exchange Web Services URL', endpoint.url ?? values.ewsUrl),
      value('Exchange role accounts', accounts.join(', ')),
      value('Token endpoint URL', values.tokenEndpoint),
      value('Application (client) ID', values.clientId),
      { label: 'Client secret', value: values.secret, kind: 'secret' },
    ],
    ...(accounts.length > 0
      ? {}
      : { problem: `needs a role account in ${domain}: this form takes the domain from it` }),
  };
}

function onPremisesForm(endpoint: Endpoint): GoogleForm {
  const password = 'the password that all role accounts share';
  return {
    endpoint: endpoint.name,
    formType: 'On-premises Exchange',
    fields: [
      value('Exchange Web Services URL', endpoint.url ?? ''),
      value('Exchange role accounts', endpoint.roleAccounts.join(', ')),
      { label: 'Password', value: password, kind: 'told' },
      { label: 'Password, once more', value: 'the same', kind: 'told' },
    ],
  };
}

function value(label: string, text: string): FormField {
  return { label, value: text, kind: 'value' };
}

function accountsIn(domain: string, accounts: readonly string[]): readonly string[] {
  return accounts.filter((account) => account.toLowerCase().endsWith(`@${domain.toLowerCase()}`));
}
