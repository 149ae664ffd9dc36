/**
 * The stack's configuration, key by key: form, default, limits and the words about them. What keys mean together is in
 * rules.ts.
 */
import { z } from 'zod';
import { ledgerSchema } from '../rotation/ledger.js';
import { keyDocs } from './docs.js';
import { ewsAccessSchema, exchangeSchema, roleMailboxesSchema, visibilitySchema } from './exchange-schema.js';
import { addressSchema, clientIdSchema, domainSchema, flag, text, wholeNumber } from './forms.js';
import { googleSchema } from './google-schema.js';
import { displayName, ewsUrl, graphPermission, owner, serviceUrl, tenant } from './values.js';

export const tenantSchema = text(tenant).register(keyDocs, {
  about:
    'The Microsoft 365 tenant. The token endpoint that Google is given is made of it: `https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token`.',
  allowed: 'a domain of the tenant such as contoso.onmicrosoft.com, or its id (GUID)',
});

export const PROTOCOLS = ['ews', 'graph', 'both'] as const;

export const protocolSchema = z.enum(PROTOCOLS).register(keyDocs, {
  about:
    'How Google reads Exchange Online; it decides which permissions are consented to. Required where a Microsoft 365 endpoint exists, without effect elsewhere. Microsoft retires EWS in Exchange Online: blocking began on 2026-10-01 and ends in "off for all" on 2027-04-01; on-premises Exchange is not affected. Which Graph permissions Google needs is UNCONFIRMED.',
  allowed: 'ews, graph, or both while endpoints are being moved',
  fallback: 'none on purpose',
});

const accessSchema = z
  .enum(['tenant', 'roleMailboxes'])
  .register(keyDocs, {
    about:
      'How far the permission reaches. `tenant`: consented in Entra, for all mailboxes. `roleMailboxes`: limited in Exchange to the role mailboxes, and then full_access_as_app is not consented to, since grants add up. That role mailboxes suffice for Google is UNCONFIRMED: prove it with a look-up.',
    allowed: 'tenant or roleMailboxes',
  })
  .default('tenant');

/** Most owners that a registration may have (learn.microsoft.com/graph/api/application-post-owners names 100). */
const MAX_OWNERS = 99;

const registrationSchema = z
  .strictObject({
    displayName: text(displayName)
      .register(keyDocs, {
        about:
          'Name of the app registration. No other registration in the tenant may have it. Without effect beside `adopt`.',
        allowed: '1 to 256 characters, no apostrophe',
      })
      .default('Google Calendar Interop'),
    owners: z
      .array(
        text(owner).register(keyDocs, {
          allowed: 'an object id (GUID) or a user principal name such as ann@contoso.com',
        }),
      )
      .max(MAX_OWNERS)
      .register(keyDocs, {
        about: 'Owners of the registration besides the principal that runs Pulumi, which always is one.',
        allowed: `up to ${MAX_OWNERS} object ids or user principal names, none twice`,
      })
      .default([]),
    adopt: clientIdSchema.optional().register(keyDocs, {
      about:
        'Client id of a registration that exists: it is taken over instead of created, and `destroy` leaves it in place.',
      allowed: 'an application (client) id (GUID)',
      fallback: 'a new registration is created',
    }),
    graphPermissions: z
      .array(
        text(graphPermission).register(keyDocs, {
          allowed: 'a permission by name, such as Calendars.Read or Place.Read.All',
        }),
      )
      .min(1)
      .register(keyDocs, {
        about:
          'Graph application permissions to declare and consent to with protocol `graph` or `both`. Which ones Google needs is UNCONFIRMED; Microsoft names Calendars.ReadBasic as the least for free/busy look-ups.',
        allowed: 'one or more names of Graph application permissions, none twice',
      })
      .default(['Calendars.Read']),
  })
  .prefault({})
  .register(keyDocs, {
    about: 'The app registration in Entra.',
    allowed: 'a map with displayName, owners, adopt, graphPermissions',
  });

/** Portal's limit: two years (devblogs.microsoft.com/microsoft365dev, "Client secret expiration now limited to a maximum of two years"). */
export const MAX_SECRET_DAYS = 730;
/** Microsoft recommends rotation every six months. */
export const RECOMMENDED_SECRET_DAYS = 180;
const DEFAULT_LEAD_DAYS = 30;

export const lifetimeDaysSchema = wholeNumber(1, MAX_SECRET_DAYS)
  .register(keyDocs, {
    about: 'How long a new secret is valid, in days. A policy of the tenant may allow less.',
    allowed: `1 to ${MAX_SECRET_DAYS} days, the portal's limit; Microsoft recommends at most ${RECOMMENDED_SECRET_DAYS}`,
  })
  .default(RECOMMENDED_SECRET_DAYS);

export const leadDaysSchema = wholeNumber(1, MAX_SECRET_DAYS - 1)
  .register(keyDocs, {
    about: 'How many days before a secret ends its rotation is due.',
    allowed: 'at least 1 day, and fewer days than secret.lifetimeDays',
  })
  .default(DEFAULT_LEAD_DAYS);

/** Most days of silence: beyond, secrets of common lifetimes would end before evidence could retire them. */
const MAX_QUIET_DAYS = 90;
const DEFAULT_QUIET_DAYS = 7;

export const quietDaysSchema = wholeNumber(1, MAX_QUIET_DAYS)
  .register(keyDocs, {
    about:
      "For how many days the old secret must not have signed in, after the last endpoint was confirmed, before evidence alone retires it. How late Microsoft's report of sign-ins is is UNCONFIRMED: this is to be longer.",
    allowed: `1 to ${MAX_QUIET_DAYS} days, and fewer than secret.lifetimeDays without secret.leadDays`,
  })
  .default(DEFAULT_QUIET_DAYS);

const keyVaultSchema = z.strictObject({
  url: text(serviceUrl).register(keyDocs, {
    about: 'The address of the vault.',
    allowed: 'https://<host>, such as https://interop.vault.azure.net',
  }),
  name: z
    .string()
    .refine((name) => /^[0-9A-Za-z-]{1,127}$/.test(name), 'is not a name that Key Vault takes')
    .register(keyDocs, {
      about: 'The name of the secret in the vault.',
      allowed: '1 to 127 letters, digits and "-"',
    }),
});

const secretSchema = z
  .strictObject({
    lifetimeDays: lifetimeDaysSchema,
    leadDays: leadDaysSchema,
    quietDays: quietDaysSchema,
    stackOutput: flag()
      .register(keyDocs, {
        about:
          "Makes the secret an output of the stack, `clientSecret`, marked as a secret. Pipeline actions copy outputs, so leave it off where one runs; the hand-off reads the secret from the stack's state.",
        allowed: 'true or false',
      })
      .default(false),
    keyVault: keyVaultSchema.optional().register(keyDocs, {
      about:
        'An Azure Key Vault that gets a copy of each new secret, written by `up` and the `rotation` commands, except `init` and `restore`. It is never read back; older versions stay. The principal needs the data role Key Vault Secrets Officer there.',
      allowed: 'a map with url, name',
      fallback: 'no copy',
    }),
  })
  .prefault({})
  .register(keyDocs, {
    about: 'The client secret that Google holds.',
    allowed: 'a map with lifetimeDays, leadDays, quietDays, stackOutput, keyVault',
  });

export const ENDPOINT_TYPES = ['microsoft365-graph', 'microsoft365-ews', 'onPremises'] as const;

export const endpointTypeSchema = z.enum(ENDPOINT_TYPES).register(keyDocs, {
  about: "Which of the three forms of Google's Admin console this endpoint stands in now.",
  allowed: ENDPOINT_TYPES.join(', '),
});

/** Also the key of `confirmed` in the ledger. */
export const endpointNameSchema = z
  .string()
  .refine((name) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/.test(name), 'is not a name')
  .register(keyDocs, {
    about: "The endpoint's name in this tool: in its output and in the ledger.",
    allowed: '1 to 40 letters, digits, ".", "_" and "-"; unique',
  });

export const ewsUrlSchema = text(ewsUrl).register(keyDocs, {
  about:
    "The endpoint's EWS URL (Get-WebServicesVirtualDirectory shows it as ExternalUrl). Required for `onPremises`; of no use for `microsoft365-graph`.",
  allowed: 'https://<host>/ews/exchange.asmx',
  fallback: "for `microsoft365-ews` the cloud's own",
});

const endpointSchema = z
  .strictObject({
    name: endpointNameSchema,
    type: endpointTypeSchema,
    domains: z.array(domainSchema).min(1).register(keyDocs, {
      about:
        'Mail domains whose people are looked up through this endpoint. Written with umlauts or in punycode, they are compared in one form.',
      allowed: 'one or more domain names, none of them in another endpoint',
    }),
    roleAccounts: z.array(addressSchema).min(1).register(keyDocs, {
      about:
        'Accounts as which Google looks up availability: primary SMTP addresses of user mailboxes. The form for `microsoft365-ews` takes the domain from the account, so there every domain needs one.',
      allowed: "one or more addresses in the endpoint's domains, none twice",
    }),
    url: ewsUrlSchema.optional(),
  })
  .register(keyDocs, { allowed: 'a map with name, type, domains, roleAccounts, url' });

export const endpointsSchema = z.array(endpointSchema).min(1).register(keyDocs, {
  about: "What Google is told, one entry for each endpoint in Google's Admin console.",
  allowed: 'a list of one or more maps with name, type, domains, roleAccounts, url',
});

const eventDetailsSchema = flag()
  .register(keyDocs, {
    about:
      'Whether Google shall show titles and locations ("Show event details"). Google has one switch for all endpoints; people see details only where `visibility` or a calendar\'s owner allows it.',
    allowed: 'true or false',
  })
  .default(true);

const roomBookingSchema = flag()
  .register(keyDocs, {
    about:
      'Whether people in Google Calendar shall book Exchange rooms. Google asks for ten role accounts besides the main one, and rooms must accept requests from outside (support.google.com/a/answer/9193836).',
    allowed: 'true or false',
  })
  .default(false);

/** The whole configuration in the order of the reference. `protocol` is optional here: rules.ts says when it is not. */
export const stackConfigSchema = z.strictObject({
  tenant: tenantSchema,
  protocol: protocolSchema.optional(),
  access: accessSchema,
  registration: registrationSchema,
  secret: secretSchema,
  endpoints: endpointsSchema,
  eventDetails: eventDetailsSchema,
  roomBooking: roomBookingSchema,
  exchange: exchangeSchema,
  visibility: visibilitySchema,
  roleMailboxes: roleMailboxesSchema,
  ewsAccess: ewsAccessSchema,
  google: googleSchema,
  rotation: ledgerSchema.optional().register(keyDocs, {
    about:
      'The rotation ledger: which secrets shall exist and which of them Google holds. Written by `calendar-interop rotation …` only, and reviewed like code.',
    allowed: 'a ledger made by `calendar-interop rotation init`',
    fallback: '`calendar-interop up` makes the first one; plain `pulumi up` asks for it',
    closed: true,
  }),
});
