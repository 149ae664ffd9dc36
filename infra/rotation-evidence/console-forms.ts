/** The forms of Google's console that hold the secret, and which of them a logged event is about. Pure. */
import type { Endpoint } from '../endpoints/google-forms.js';
import type { FormEvent, LookUp } from './observations.js';

/** One form with the secret in it. An endpoint of the Legacy EWS type has one for each of its domains (google-forms.ts). */
export interface SecretForm {
  readonly endpoint: string;
  readonly domains: readonly string[];
  readonly roleAccounts: readonly string[];
  readonly url: string | undefined;
}

/** On-premises endpoints hold a password of their own. */
export function secretForms(endpoints: readonly Endpoint[]): readonly SecretForm[] {
  return endpoints.flatMap((endpoint) => {
    const { name, domains, roleAccounts, url } = endpoint;
    if (endpoint.type === 'onPremises') return [];
    if (endpoint.type === 'microsoft365-graph') return [{ endpoint: name, domains, roleAccounts, url }];
    return domains.map((domain) => ({
      endpoint: name,
      domains: [domain],
      roleAccounts: roleAccounts.filter((account) => same(domainOf(account), domain)),
      url,
    }));
  });
}

/**
 * The form that was saved, undefined where that is not certain. Google's event names the role account; the URL is the same for all
 * forms of Microsoft 365. A single form needs no name, but none of another one.
 */
export function formSaved(
  forms: readonly SecretForm[],
  { roleAccount }: Extract<FormEvent, { kind: 'saved' }>,
): SecretForm | undefined {
  if (roleAccount === undefined) return forms.length === 1 ? forms[0] : undefined;
  const named = forms.filter((form) => form.roleAccounts.some((account) => same(account, roleAccount)));
  return named.length === 1 ? named[0] : undefined;
}

/** The form through which Google looked somebody up: by the domain of the calendar. */
export function formUsed(forms: readonly SecretForm[], { calendar }: LookUp): SecretForm | undefined {
  if (calendar === undefined) return undefined;
  return forms.find((form) => form.domains.some((domain) => same(domain, domainOf(calendar))));
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
