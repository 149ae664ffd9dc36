/** Names of places in Exchange's directory. */

export const DOMAIN_PARTITION = 'DC=EURPR08A01,DC=PROD,DC=OUTLOOK,DC=COM';
export const INITIAL_DOMAIN = 'contoso.onmicrosoft.com';

/** The distinguished name of a recipient. */
export function distinguishedName(name: string): string {
  const escaped = name.replaceAll(/[\\,+"<>;=#]/g, (letter) => `\\${letter}`);
  return `CN=${escaped},OU=${INITIAL_DOMAIN},OU=Microsoft Exchange Hosted Organizations,${DOMAIN_PARTITION}`;
}
