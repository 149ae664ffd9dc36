/**
 * Every fault that `verify` can name: one table, from which docs/diagnosis.md is printed.
 *
 * A code is stable: pipelines and tickets refer to it. Sources: Google's own messages E1 to E8 are those of
 * support.google.com/a/answer/7445063; Entra's codes are those of learn.microsoft.com/entra/identity-platform/reference-error-codes;
 * EWS codes those of MicrosoftDocs/office-developer-exchange-docs docs/web-service-reference/responsecode.md.
 */
import { EWS_BLOCKING_FROM, EWS_OFF_FROM } from '../exchange/ews-access/retirement.js';

/** The steps of a look-up in their order: each one is only tried when those before it hold. */
export const STAGES = {
  values: 'what was pasted',
  name: 'name resolution',
  tcp: 'connection',
  tls: 'certificate',
  http: 'HTTP',
  token: 'token',
  consent: 'consent',
  access: 'access to EWS',
  role: 'role account',
  scope: 'reach of the application',
  mailbox: 'mailbox',
  calendar: 'calendar permission',
  google: "Google's side",
} as const;

export type Stage = keyof typeof STAGES;

/** Google's messages for what an administrator or a user sees (support.google.com/a/answer/7445063). */
export const GOOGLE_MESSAGES = {
  E1: 'Connection error',
  E2: 'EWS communication error',
  E3: 'EWS response error',
  E4: 'Exchange username is not an email address',
  E5: 'Host not found',
  E6: 'Interop is not set up',
  E7: 'Invalid attendee',
  E8: 'Malformed Exchange URL',
} as const;

export interface Leaf {
  readonly stage: Stage;
  /** `fault`: look-ups fail, or reach further than they shall. `note`: they work, and somebody should know. */
  readonly grave: 'fault' | 'note';
  readonly what: string;
  readonly google?: keyof typeof GOOGLE_MESSAGES;
  /** Commands or clicks, best first; `{name}` stands for a fact of the finding. */
  readonly mend: readonly string[];
  /** What nobody has confirmed about it. */
  readonly unconfirmed?: string;
}

const CONSOLE = 'Google Admin console > Apps > Google Workspace > Calendar > Calendar Interop management';
const RIGHTS = 'calendar-interop visibility plan --stack {stack}   # then visibility apply';
const SHOW_LIST =
  'Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy | Format-List EwsEnabled, EwsAllowedAppIDs';
const TO_GRAPH =
  'set calendar-interop:protocol to both and the endpoints to microsoft365-graph, then calendar-interop up --stack {stack} and handoff';
const LICENCE =
  'Microsoft 365 admin center > Users > {address} > Licenses and apps: one with Exchange Online (Plan 1 or 2)';
const NEW_SECRET =
  'calendar-interop handoff --stack {stack}   # paste the current secret into every endpoint that it lists';

export const LEAVES = {
  'CI-URL-MALFORMED': {
    stage: 'values',
    grave: 'fault',
    google: 'E8',
    what: 'the EWS URL is none: it has to be https://<host>/ews/exchange.asmx',
    mend: [
      `${CONSOLE}: correct the URL`,
      'Get-WebServicesVirtualDirectory | Select Name, ExternalUrl   # on-premises: the URL to use',
    ],
  },
  'CI-URL-NOT-HTTPS': {
    stage: 'values',
    grave: 'fault',
    google: 'E2',
    what: 'the EWS URL does not begin with https',
    mend: [`${CONSOLE}: begin the URL with https://`],
  },
  'CI-TOKEN-URL-WRONG': {
    stage: 'values',
    grave: 'fault',
    what: 'the token endpoint is not one of a single tenant, or not one of version 2',
    mend: [
      `${CONSOLE}: paste https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token with the domain or id of the tenant`,
    ],
  },
  'CI-ROLE-NOT-ADDRESS': {
    stage: 'values',
    grave: 'fault',
    google: 'E4',
    what: 'a role account is not an email address',
    mend: [`${CONSOLE}: enter the primary SMTP address of the role account`],
  },
  'CI-NAME-UNKNOWN': {
    stage: 'name',
    grave: 'fault',
    google: 'E5',
    what: 'there is no host of this name',
    mend: ['nslookup {host}   # then correct the URL, or publish the name in the public DNS'],
  },
  'CI-NAME-NO-ANSWER': {
    stage: 'name',
    grave: 'fault',
    what: 'the name could not be looked up from here: no name server answered',
    mend: ['nslookup {host}   # is this machine allowed to ask a name server?'],
  },
  'CI-TCP-REFUSED': {
    stage: 'tcp',
    grave: 'fault',
    google: 'E1',
    what: 'nothing listens on this port of the host',
    mend: ['nc -vz {host} {port}   # correct host and port, or start the service'],
  },
  'CI-TCP-SILENT': {
    stage: 'tcp',
    grave: 'fault',
    google: 'E1',
    what: 'the host cannot be reached, or a firewall swallows the connection',
    mend: [
      'nc -vz {host} {port}   # from outside; allow TCP 443 from the address ranges in Google answer 7437483',
    ],
  },
  'CI-TLS-NONE': {
    stage: 'tls',
    grave: 'fault',
    google: 'E1',
    what: 'the server does not speak TLS there',
    mend: ['openssl s_client -connect {host}:{port} -servername {host}   # is it the right port?'],
  },
  'CI-TLS-HOST-NAME': {
    stage: 'tls',
    grave: 'fault',
    google: 'E1',
    what: 'the certificate is for other host names',
    mend: ['get a certificate for {host}, or put a name of the certificate into the URL'],
  },
  'CI-TLS-EXPIRED': {
    stage: 'tls',
    grave: 'fault',
    google: 'E1',
    what: 'the certificate has expired',
    mend: ['renew the certificate of {host}'],
  },
  'CI-TLS-NOT-YET-VALID': {
    stage: 'tls',
    grave: 'fault',
    google: 'E1',
    what: 'the certificate is not valid yet',
    mend: [
      'timedatectl status   # is the clock of this machine right? else replace the certificate of {host}',
    ],
  },
  'CI-TLS-SELF-SIGNED': {
    stage: 'tls',
    grave: 'fault',
    google: 'E1',
    what: 'the certificate is signed by itself',
    mend: ['get a certificate for {host} from a public authority'],
  },
  'CI-TLS-UNTRUSTED': {
    stage: 'tls',
    grave: 'fault',
    google: 'E1',
    what: 'the certificate does not lead to a public authority: another authority signed it, or the server leaves out certificates in between',
    mend: [
      'openssl s_client -showcerts -connect {host}:{port} -servername {host}   # install the whole chain of a public authority',
    ],
  },
  'CI-TLS-ONLY-HERE': {
    stage: 'tls',
    grave: 'fault',
    google: 'E1',
    what: 'the certificate is trusted only here, by a file of certificate authorities; Google trusts public authorities only',
    mend: ['get a certificate for {host} from a public authority'],
  },
  'CI-TLS-INSPECTED': {
    stage: 'tls',
    grave: 'note',
    what: 'the certificate is trusted only here, by a file of certificate authorities: somebody between here and Microsoft opens the connection',
    mend: ['run verify from a network without TLS inspection, for evidence about the real server'],
  },
  'CI-TLS-EXPIRES-SOON': {
    stage: 'tls',
    grave: 'note',
    what: 'the certificate expires soon',
    mend: ['renew the certificate of {host}'],
  },
  'CI-HTTP-SILENT': {
    stage: 'http',
    grave: 'fault',
    google: 'E1',
    what: 'the server takes the request and does not answer in time',
    mend: ['curl -v {url}   # is the server overloaded, or a proxy in between?'],
  },
  'CI-HTTP-CUT-OFF': {
    stage: 'http',
    grave: 'fault',
    google: 'E3',
    what: 'the answer breaks off',
    mend: ['curl -v {url}   # look at what stands between here and the server'],
  },
  'CI-HTTP-TOO-LARGE': {
    stage: 'http',
    grave: 'fault',
    google: 'E3',
    what: 'the answer is larger than any answer to a look-up',
    mend: ['correct the URL: it leads to something else'],
  },
  'CI-HTTP-REDIRECT': {
    stage: 'http',
    grave: 'fault',
    google: 'E3',
    what: 'the URL leads elsewhere: the server redirects',
    mend: [`${CONSOLE}: enter the URL that answers itself, {location}`],
  },
  'CI-HTTP-NOT-FOUND': {
    stage: 'http',
    grave: 'fault',
    google: 'E3',
    what: 'the server has nothing at this path',
    mend: [`${CONSOLE}: correct the URL; the path is /ews/exchange.asmx`],
  },
  'CI-HTTP-REFUSED': {
    stage: 'http',
    grave: 'fault',
    google: 'E3',
    what: 'the server refuses the request for no reason that EWS would name',
    mend: ['curl -v {url}   # is there a reverse proxy or a firewall that refuses?'],
  },
  'CI-HTTP-SERVER-ERROR': {
    stage: 'http',
    grave: 'fault',
    google: 'E3',
    what: 'the server fails',
    mend: ['run verify again in some minutes; then look at the health of the service'],
  },
  'CI-HTTP-NOT-EWS': {
    stage: 'http',
    grave: 'fault',
    google: 'E3',
    what: 'something answers that is not Exchange, such as a web page',
    mend: [`${CONSOLE}: correct the URL`, 'curl -v {url}   # a sign-in page of a proxy in between?'],
  },
  'CI-XML-BROKEN': {
    stage: 'http',
    grave: 'fault',
    google: 'E3',
    what: 'the answer is not well-formed XML, or uses what no answer of EWS uses',
    mend: ['curl -v {url}   # look at what changes answers on their way'],
  },
  'CI-XML-NOT-EWS': {
    stage: 'http',
    grave: 'fault',
    google: 'E3',
    what: 'the answer is XML, but none of EWS: its names are of other namespaces',
    mend: [`${CONSOLE}: correct the URL: it leads to another web service`],
  },
  'CI-TOKEN-UNREACHABLE': {
    stage: 'token',
    grave: 'fault',
    what: 'the token endpoint cannot be reached',
    mend: ['curl -v {url}   # name, firewall, certificate'],
  },
  'CI-TOKEN-NOT-ENTRA': {
    stage: 'token',
    grave: 'fault',
    what: 'what answers at the token endpoint is not Entra',
    mend: [`${CONSOLE}: correct the token endpoint URL`],
  },
  'CI-TOKEN-BUSY': {
    stage: 'token',
    grave: 'fault',
    what: 'Entra is busy and asks to come back later, again and again',
    mend: ['run verify again in some minutes'],
  },
  'CI-TOKEN-TENANT': {
    stage: 'token',
    grave: 'fault',
    what: 'there is no such tenant in this cloud (AADSTS90002, 900021, 900023)',
    mend: [`${CONSOLE}: correct the tenant in the token endpoint URL (or the Tenant ID)`],
  },
  'CI-TOKEN-CLIENT-UNKNOWN': {
    stage: 'token',
    grave: 'fault',
    what: 'the tenant has no application of this client id (AADSTS700016)',
    mend: [
      'calendar-interop drift --stack {stack}   # was the registration deleted?',
      `${CONSOLE}: correct the Application (client) ID`,
    ],
  },
  'CI-TOKEN-NO-PRINCIPAL': {
    stage: 'token',
    grave: 'fault',
    what: 'the application has no service principal in the tenant (AADSTS7000229)',
    mend: ['calendar-interop up --refresh --stack {stack}', 'az ad sp create --id {clientId}'],
  },
  'CI-TOKEN-DISABLED': {
    stage: 'token',
    grave: 'fault',
    what: 'the application is disabled in the tenant (AADSTS7000112)',
    mend: [
      'Entra admin center > Enterprise applications > {clientId} > Properties: Enabled for users to sign in: Yes',
    ],
  },
  'CI-TOKEN-SECRET-WRONG': {
    stage: 'token',
    grave: 'fault',
    what: 'the secret is not one of those that the application has (AADSTS7000215)',
    mend: [NEW_SECRET, "paste the secret's value, not its id"],
  },
  'CI-TOKEN-SECRET-EXPIRED': {
    stage: 'token',
    grave: 'fault',
    what: 'the secret has expired (AADSTS7000222)',
    mend: [
      'calendar-interop rotation status --stack {stack}   # then rotation stage, and paste the new secret',
    ],
  },
  'CI-TOKEN-API-UNKNOWN': {
    stage: 'token',
    grave: 'fault',
    what: 'the tenant does not know the API: it has no Exchange Online, or no Graph (AADSTS500011)',
    mend: ['check the tenant, and that it has a subscription with Exchange Online'],
  },
  'CI-TOKEN-POLICY': {
    stage: 'token',
    grave: 'fault',
    what: 'a Conditional Access policy forbids the sign-in (AADSTS53003)',
    mend: [
      "Entra admin center > Conditional Access: exclude the workload identity, or allow Google's address ranges",
    ],
  },
  'CI-TOKEN-REFUSED': {
    stage: 'token',
    grave: 'fault',
    what: 'Entra gives no token, with a code that is not in this table',
    mend: ['open https://login.microsoftonline.com/error?code={code}'],
  },
  'CI-CONSENT-MISSING': {
    stage: 'consent',
    grave: 'fault',
    what: 'the token carries none of the permissions that a look-up needs: admin consent is missing',
    mend: [
      'calendar-interop up --refresh --stack {stack}',
      'Entra admin center > App registrations > {clientId} > API permissions > Grant admin consent',
    ],
    unconfirmed: 'which Graph permissions Google itself needs',
  },
  'CI-LOOK-UP-TOKEN-REFUSED': {
    stage: 'access',
    grave: 'fault',
    what: 'Exchange or Graph does not take the token that Entra gave (401)',
    mend: [
      'timedatectl status   # a wrong clock makes tokens old; else compare the tenant of the token endpoint with that of the mailboxes',
    ],
  },
  'CI-BASIC-REFUSED': {
    stage: 'access',
    grave: 'fault',
    google: 'E3',
    what: 'the server does not take name and password of the role account',
    mend: [
      `${CONSOLE}: enter the password of the role accounts again; all of them have the same`,
      'check that the account is neither locked nor has a password that expired',
    ],
  },
  'CI-BASIC-NOT-OFFERED': {
    stage: 'access',
    grave: 'fault',
    google: 'E3',
    what: 'the server does not offer Basic authentication for EWS, and Google has no other for on-premises servers',
    mend: [
      "Set-WebServicesVirtualDirectory -Identity '<server>\\EWS (Default Web Site)' -BasicAuthentication $true",
    ],
  },
  'CI-EWS-OFF': {
    stage: 'access',
    grave: 'fault',
    what: 'EWS is switched off, and it cannot be told where: nobody could look at the switches of organisation and mailbox, or both are on and Microsoft does not heed it yet, which takes up to 24 hours',
    mend: [SHOW_LIST, 'Get-CASMailbox -Identity {address} | Format-List EwsEnabled'],
  },
  'CI-EWS-OFF-UNSET': {
    stage: 'access',
    grave: 'fault',
    what: `the organisation's switch for EWS is not set: Microsoft takes that for off, tenant by tenant, since ${EWS_BLOCKING_FROM}`,
    mend: [
      'set calendar-interop:ewsAccess.acknowledgeAllowList to true once all applications that use EWS are known, then calendar-interop up --refresh --stack {stack}',
      TO_GRAPH,
    ],
  },
  'CI-EWS-RETIRED': {
    stage: 'access',
    grave: 'fault',
    what: `EWS has ended in Exchange Online: it is off for everybody since ${EWS_OFF_FROM}, whatever switch and list say`,
    mend: [TO_GRAPH.replace('to both', 'to graph')],
    unconfirmed: 'what EWS answers in this case',
  },
  'CI-EWS-OFF-ORGANISATION': {
    stage: 'access',
    grave: 'fault',
    what: 'EWS is switched off for the organisation',
    mend: [
      'calendar-interop up --refresh --stack {stack}',
      'Set-OrganizationConfig -EwsEnabled $true   # its allow list counts from then on',
    ],
  },
  'CI-EWS-OFF-MAILBOX': {
    stage: 'access',
    grave: 'fault',
    what: 'EWS is switched off for the mailbox of the role account',
    mend: ['Set-CASMailbox -Identity {address} -EwsEnabled $true'],
  },
  'CI-EWS-FRONTLINE-LICENCE': {
    stage: 'access',
    grave: 'fault',
    what: 'the role account has a Kiosk, F1 or F3 licence only, and such mailboxes may not use EWS (since 2026-06-30)',
    mend: [LICENCE],
    unconfirmed: 'what EWS answers in this case',
  },
  'CI-EWS-NOT-LISTED': {
    stage: 'access',
    grave: 'fault',
    what: 'the application is not on the allow list of EWS',
    mend: ['calendar-interop up --refresh --stack {stack}', SHOW_LIST],
  },
  'CI-EWS-LISTED-RECENTLY': {
    stage: 'access',
    grave: 'fault',
    what: 'the application was put on the allow list of EWS less than 24 hours ago: Microsoft needs up to 24 hours to heed it',
    mend: ['run verify again after {until}'],
  },
  'CI-EWS-BLOCKED': {
    stage: 'access',
    grave: 'fault',
    what: 'EWS is blocked by policy: the application is not on the allow list, or is since less than 24 hours, or an older policy refuses the program; it cannot be told which',
    mend: ['calendar-interop up --refresh --stack {stack}', SHOW_LIST],
  },
  'CI-EWS-CLIENT-POLICY': {
    stage: 'access',
    grave: 'fault',
    what: 'an older policy of EWS, by the name of the program, refuses the request',
    mend: [
      'Get-OrganizationConfig | Format-List EwsApplicationAccessPolicy, EwsAllowList, EwsBlockList',
      'Get-CASMailbox -Identity {address} | Format-List EwsApplicationAccessPolicy, EwsAllowList, EwsBlockList',
    ],
    unconfirmed: 'by which name Google calls itself today',
  },
  'CI-EWS-FORBIDDEN': {
    stage: 'access',
    grave: 'fault',
    what: 'EWS refuses the application (403) and says no reason that is known',
    mend: [SHOW_LIST, 'Get-CASMailbox -Identity {address} | Format-List EwsEnabled'],
  },
  'CI-ROLE-MISSING': {
    stage: 'role',
    grave: 'fault',
    what: 'there is no mailbox of the role account',
    mend: [
      'calendar-interop up --refresh --stack {stack}   # makes those under roleMailboxes',
      `${CONSOLE}: correct the role account`,
    ],
  },
  'CI-ROLE-UNLICENSED': {
    stage: 'role',
    grave: 'fault',
    what: 'the role account exists but has no licence with a mailbox',
    mend: ['calendar-interop up --refresh --stack {stack}', LICENCE],
  },
  'CI-SCOPE-WITHOUT-ROLE': {
    stage: 'scope',
    grave: 'fault',
    what: 'the application may not act on the role account: it is outside of what the application is limited to',
    mend: [
      'calendar-interop up --refresh --stack {stack}',
      'Test-ServicePrincipalAuthorization -Identity {clientId} -Resource {address}',
    ],
  },
  'CI-SCOPE-NOT-YET': {
    stage: 'scope',
    grave: 'fault',
    what: 'Exchange has the role assignment, but does not heed it yet: that takes between 30 minutes and 2 hours',
    mend: ['run verify again in two hours'],
  },
  'CI-SCOPE-TOO-WIDE': {
    stage: 'scope',
    grave: 'fault',
    what: 'the application may act on a mailbox that is no role account, although access is roleMailboxes',
    mend: [
      'calendar-interop drift --stack {stack}   # is there a consent in Entra, or a wider role assignment?',
      'Get-ManagementRoleAssignment -RoleAssignee {clientId}',
    ],
  },
  'CI-LOOK-UP-BUSY': {
    stage: 'access',
    grave: 'fault',
    what: 'the service is busy and asks to come back later, again and again',
    mend: ['add role accounts: Google spreads its look-ups over them', 'run verify again in some minutes'],
  },
  'CI-LOOK-UP-REFUSED': {
    stage: 'access',
    grave: 'fault',
    what: 'the look-up as a whole is refused, with a code that is not in this table',
    mend: ['look {code} up in the documentation of EWS (ResponseCode), or of Microsoft Graph'],
  },
  'CI-ATTENDEE-UNKNOWN': {
    stage: 'mailbox',
    grave: 'fault',
    google: 'E7',
    what: 'Exchange does not know this address',
    mend: ['Get-Recipient -Identity {address}   # a typing mistake, or somebody who has left?'],
  },
  'CI-ATTENDEE-UNLICENSED': {
    stage: 'mailbox',
    grave: 'fault',
    google: 'E7',
    what: 'the person exists but has no mailbox: a licence is missing',
    mend: [LICENCE],
  },
  'CI-ATTENDEE-UNREACHABLE': {
    stage: 'mailbox',
    grave: 'fault',
    what: 'Exchange could not get at this calendar: the mailbox is elsewhere, being moved, or has no calendar',
    mend: [
      'Get-Recipient -Identity {address} | Format-List RecipientTypeDetails   # in a hybrid set-up, use the server that reaches everybody',
    ],
  },
  'CI-CALENDAR-CLOSED': {
    stage: 'calendar',
    grave: 'fault',
    what: 'the calendar shows nothing to the role account',
    mend: [
      RIGHTS,
      "Set-MailboxFolderPermission -Identity '{address}:\\Calendar' -User Default -AccessRights LimitedDetails   # the folder has another name in other languages",
    ],
  },
  'CI-CALENDAR-ON-PURPOSE': {
    stage: 'calendar',
    grave: 'note',
    what: 'the calendar shows less on purpose: it is among visibility.exclude',
    mend: ['nothing, as long as that is wished: {reason}'],
  },
  'CI-CALENDAR-BUSY-ONLY': {
    stage: 'calendar',
    grave: 'note',
    what: 'the calendar shows busy or free only: no subject, no place',
    mend: [RIGHTS],
  },
  'CI-GOOGLE-INTEROP-OFF': {
    stage: 'google',
    grave: 'fault',
    google: 'E6',
    what: 'Interop is turned off in the Google Admin console',
    mend: [`${CONSOLE} > Exchange availability in Calendar: allow it, and save`],
  },
  'CI-GOOGLE-CALENDAR-ON': {
    stage: 'google',
    grave: 'fault',
    what: 'the person has Google Calendar turned on: Google shows that calendar and never asks Exchange',
    mend: [
      'Google Admin console > Apps > Google Workspace > Calendar > Service status: OFF for the organisational unit of {address}',
    ],
  },
  'CI-GOOGLE-UNMANAGED-ACCOUNT': {
    stage: 'google',
    grave: 'fault',
    what: 'the person has a private Google account of this address: Google never asks Exchange',
    mend: ['Google Admin console > Directory > Users > More options > Transfer tool for unmanaged users'],
  },
} as const satisfies Record<string, Leaf>;

export type LeafCode = keyof typeof LEAVES;

/** The entry of a code, with its optional parts. */
export function leafOf(code: LeafCode): Leaf {
  return LEAVES[code];
}
