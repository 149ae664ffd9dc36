/**
 * Entra's error codes in plain words (learn.microsoft.com/entra/identity-platform/reference-error-codes).
 *
 * Pure: a code in, what it means and what to do out.
 */

/** What a code means. */
export interface EntraFault {
  readonly means: string;
  readonly next: readonly string[];
}

const NEW_SECRET =
  'az ad app credential reset --append --id <client id>   # then set the new value, not its key id';
const LOG_IN = 'az login --tenant <tenant id>';

/** The codes that matter when an application, or the Azure CLI, signs in. */
const FAULTS: Readonly<Record<string, EntraFault>> = {
  '50034': { means: 'the user does not exist in this tenant', next: [LOG_IN] },
  '50076': { means: 'the tenant wants a second factor from this user', next: [LOG_IN] },
  '50079': { means: 'the user must first register a second factor', next: [LOG_IN] },
  '50173': { means: "the user's sign-in was revoked, by a new password for example", next: [LOG_IN] },
  '53003': {
    means: 'a Conditional Access policy forbids it',
    next: ['ask who runs Conditional Access to let this principal in from here'],
  },
  '65002': {
    means: 'the Azure CLI may not ask for tokens of this API: Microsoft has not preauthorised it',
    next: ['sign in as an application: export ARM_CLIENT_ID=… ARM_CLIENT_SECRET=…'],
  },
  '70021': {
    means: 'no federated credential of the application matches the token',
    next: ['az ad app federated-credential list --id <client id>   # compare issuer, subject and audience'],
  },
  '70043': { means: 'the sign-in of the Azure CLI is too old for the tenant', next: [LOG_IN] },
  '90002': {
    means: 'there is no such tenant in this cloud',
    next: [
      'az account show --query tenantId   # then set azuread:tenantId; for another cloud azuread:environment',
    ],
  },
  '500011': {
    means: 'the API is unknown in this tenant: its service principal is missing',
    next: ['check the tenant, and that it has a Microsoft 365 subscription'],
  },
  '700016': {
    means: 'the tenant has no application with this client id',
    next: ['az ad app show --id <client id>   # wrong id, wrong tenant, or made only seconds ago'],
  },
  '700024': {
    means:
      "the assertion's time is over or has not come: the clock of this machine is wrong, or the token is old",
    next: ['timedatectl status   # or fetch a fresh token'],
  },
  '700027': {
    means: 'the certificate is not one of those that the application has',
    next: ['az ad app credential list --cert --id <client id>'],
  },
  '700082': { means: 'the sign-in of the Azure CLI has expired', next: [LOG_IN] },
  '700211': {
    means: 'no federated credential of the application has the issuer of the token',
    next: ['az ad app federated-credential list --id <client id>   # compare the issuer'],
  },
  '700212': {
    means: 'no federated credential of the application has the audience of the token',
    next: [
      'az ad app federated-credential list --id <client id>   # the audience is api://AzureADTokenExchange',
    ],
  },
  '700213': {
    means: 'no federated credential of the application has the subject of the token',
    next: [
      'az ad app federated-credential list --id <client id>   # compare the subject: repository, branch, environment',
    ],
  },
  '900021': {
    means: 'this is not a tenant that applications can sign in to',
    next: ['set azuread:tenantId'],
  },
  '900023': { means: 'this is neither the id nor a domain of a tenant', next: ['set azuread:tenantId'] },
  '7000112': {
    means: 'the application is disabled in the tenant',
    next: ['enable it in Entra, or use another one'],
  },
  '7000215': {
    means: 'the secret is not one of those that the application has',
    next: [NEW_SECRET],
  },
  '7000222': { means: 'the secret has expired', next: [NEW_SECRET] },
  '7000229': {
    means: 'the application has no service principal in this tenant',
    next: ['az ad sp create --id <client id>'],
  },
};

/** Codes that a fresh registration or a fresh secret gives until it is known everywhere. */
export const REPLICATION_CODES: ReadonlySet<string> = new Set(['700016', '7000215', '7000229']);

/** The first Entra code in a text such as `invalid_client: AADSTS7000215: Invalid client secret …`, without its prefix. */
export function entraCode(text: string): string | undefined {
  return /AADSTS(\d{4,8})/.exec(text)?.[1];
}

/** What a code means; a general answer for one that is not in the table. */
export function entraFault(code: string): EntraFault {
  const known = Object.hasOwn(FAULTS, code) ? FAULTS[code] : undefined;
  return (
    known ?? {
      means: 'Entra does not allow it',
      next: [`open https://login.microsoftonline.com/error?code=${code}`],
    }
  );
}

/** Entra's own sentence: the first line, without its trace ids and time. */
export function entraSentence(text: string): string {
  const from = text.indexOf('AADSTS');
  const line = (from < 0 ? text : text.slice(from)).split(/\r?\n/)[0] ?? '';
  return line
    .replace(/\s*(- )?(Trace ID|Correlation ID|Timestamp):.*$/, '')
    .trim()
    .slice(0, 400);
}
