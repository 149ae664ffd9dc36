/**
 * The part of the configuration that is about Exchange: what calendars show, role mailboxes, the EWS switch.
 */
import { z } from 'zod';
import { keyDocs } from './docs.js';
import { flag, text, wholeNumber } from './forms.js';
import { emailAddress, ewsUrl, filterValue, guid, plainText, serviceUrl } from './values.js';

/** RecipientTypeDetails of mailboxes with a calendar that people look up (learn.microsoft.com, Get-Mailbox). */
const RECIPIENT_TYPES = ['UserMailbox', 'SharedMailbox', 'RoomMailbox', 'EquipmentMailbox'] as const;

/** Longest filter; Exchange's own limit is UNCONFIRMED. */
const FILTER_LENGTH = 2_000;

function keysIn(map: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(map).filter((key) => map[key] !== undefined);
}

const scopeSchema = z
  .strictObject({
    all: z
      .preprocess((raw) => (raw === 'true' ? true : raw), z.literal(true))
      .optional()
      .register(keyDocs, { about: 'Every mailbox of the tenant.', allowed: 'true', fallback: 'not used' }),
    recipientTypes: z
      .array(z.enum(RECIPIENT_TYPES).register(keyDocs, { allowed: RECIPIENT_TYPES.join(', ') }))
      .min(1)
      .optional()
      .register(keyDocs, {
        about: 'Mailboxes of these kinds.',
        allowed: `a list of ${RECIPIENT_TYPES.join(', ')}`,
        fallback: 'not used',
      }),
    filter: text((raw) => plainText(raw, FILTER_LENGTH))
      .optional()
      .register(keyDocs, {
        about: "Mailboxes that this filter in Exchange's OPATH language selects.",
        allowed: `up to ${FILTER_LENGTH} characters, such as "CustomAttribute3 -eq 'Sales'"`,
        fallback: 'not used',
      }),
    group: text((raw) => (raw.includes('@') ? emailAddress(raw) : guid(raw)))
      .optional()
      .register(keyDocs, {
        about: 'Members of this group.',
        allowed: 'the address or the object id (GUID) of a group',
        fallback: 'not used',
      }),
  })
  .superRefine((scope, context) => {
    const keys = keysIn(scope);
    if (keys.length === 1) return;
    const message = keys.length === 0 ? 'says nothing' : `says ${keys.join(' and ')} at once`;
    context.addIssue({ code: 'custom', message, input: scope });
  })
  .register(keyDocs, {
    about:
      'Which mailboxes. There is no default: LimitedDetails shows titles and locations to everybody in the tenant.',
    allowed: 'exactly one of {all: true}, {recipientTypes: […]}, {filter: …}, {group: …}',
  });

/** The only attributes of a mailbox that are a tenant's own to use, and that Get-Mailbox filters by (Set-Mailbox.md). */
export const CUSTOM_ATTRIBUTES = [
  'CustomAttribute1',
  'CustomAttribute2',
  'CustomAttribute3',
  'CustomAttribute4',
  'CustomAttribute5',
  'CustomAttribute6',
  'CustomAttribute7',
  'CustomAttribute8',
  'CustomAttribute9',
  'CustomAttribute10',
  'CustomAttribute11',
  'CustomAttribute12',
  'CustomAttribute13',
  'CustomAttribute14',
  'CustomAttribute15',
] as const;
export type CustomAttribute = (typeof CUSTOM_ATTRIBUTES)[number];

/** A mailbox by its address, or all that have a value in an attribute. */
export type ExclusionConfig =
  | { readonly address: string; readonly reason: string }
  | { readonly attribute: CustomAttribute; readonly value: string; readonly reason: string };

const exclusionSchema = z
  .strictObject({
    address: text(emailAddress).optional().register(keyDocs, {
      about: 'One mailbox.',
      allowed: 'a primary SMTP address such as ceo@contoso.com',
      fallback: 'attribute and value say which',
    }),
    attribute: z.enum(CUSTOM_ATTRIBUTES).optional().register(keyDocs, {
      about:
        'All mailboxes with a value in this attribute, found anew by each sweep. Departments and titles are no properties of mailboxes.',
      allowed: 'CustomAttribute1 to CustomAttribute15',
      fallback: 'address says which',
    }),
    value: text((raw) => filterValue(raw, 256))
      .optional()
      .register(keyDocs, {
        about: 'The whole value of the attribute; capital and small letters are the same.',
        allowed: '1 to 256 characters, no `*` and no typographic quotes',
        fallback: 'goes with attribute',
      }),
    reason: text((raw) => plainText(raw, 200)).register(keyDocs, {
      about: 'Why, for whoever reads the report.',
      allowed: 'why, in up to 200 characters',
    }),
  })
  .transform(({ address, attribute, value, reason }, context): ExclusionConfig => {
    if (address !== undefined && attribute === undefined && value === undefined) return { address, reason };
    if (address === undefined && attribute !== undefined && value !== undefined)
      return { attribute, value, reason };
    const message =
      address === undefined && attribute === undefined && value === undefined
        ? 'names no mailbox'
        : address === undefined
          ? `says only ${attribute === undefined ? 'value' : 'attribute'}`
          : `says ${keysIn({ address, attribute, value }).join(' and ')} at once`;
    context.addIssue({ code: 'custom', message, input: { address, attribute, value } });
    return z.NEVER;
  })
  .register(keyDocs, { allowed: '{address, reason} or {attribute, value, reason}' });

export const visibilitySchema = z
  .strictObject({
    level: z
      .enum(['LimitedDetails', 'AvailabilityOnly'])
      .register(keyDocs, {
        about:
          'What each calendar in scope shows at least to everybody in the organisation. Only None and AvailabilityOnly are ever raised; nothing is lowered.',
        allowed: 'LimitedDetails for title and location, AvailabilityOnly for busy or free',
      })
      .default('LimitedDetails'),
    scope: scopeSchema,
    exclude: z
      .array(exclusionSchema)
      .register(keyDocs, {
        about: 'Mailboxes that are stricter on purpose: reported as such, never changed.',
        allowed: 'a list of {address, reason} and {attribute, value, reason}, nothing twice',
      })
      .default([]),
    inlineLimit: wholeNumber(0, 100_000)
      .register(keyDocs, {
        about:
          'Up to how many mailboxes `preview` and `up` look at the calendars themselves, each time; above it, they show the last sweep with its date, and `visibility apply` does the rest.',
        allowed: '0 to 100000 mailboxes',
      })
      .default(500),
  })
  .optional()
  .register(keyDocs, {
    about: "What calendars show to people in the organisation, and so to Google's look-ups.",
    allowed: 'a map with level, scope, exclude, inlineLimit',
    fallback: 'calendars are left alone',
  });

const skuSchema = z
  .string()
  .refine((sku) => /^[A-Za-z0-9][A-Za-z0-9_-]{1,99}$/.test(sku), 'is not the name of a licence')
  .register(keyDocs, {
    about:
      'Licence of the mailbox by its part number. Microsoft lets mailboxes with only a Kiosk, F1 or F3 licence use EWS no longer.',
    allowed: 'a part number such as EXCHANGESTANDARD or SPE_E3, or its id (GUID)',
  });

const roleMailboxSchema = z
  .strictObject({
    address: text(emailAddress).register(keyDocs, {
      about: 'Its primary SMTP address.',
      allowed: 'a primary SMTP address such as interop@contoso.com; unique',
    }),
    displayName: text((raw) => plainText(raw, 64))
      .optional()
      .register(keyDocs, {
        about: 'Its name in Exchange.',
        allowed: '1 to 64 characters',
        fallback: 'the address before the `@`',
      }),
    sku: skuSchema.default('EXCHANGESTANDARD'),
    usageLocation: z
      .string()
      .refine((code) => /^[A-Z]{2}$/.test(code), 'is not a country code')
      .optional()
      .register(keyDocs, {
        about: 'Country for the licence; Microsoft assigns none without it.',
        allowed: 'two capital letters (ISO 3166-1), such as DE',
        fallback: "the tenant's country",
      }),
    count: wholeNumber(1, 50)
      .register(keyDocs, {
        about:
          'How many of them; from the second on they are numbered. Google asks for ten more where rooms are booked. Those that one entry makes have one password; each entry has its own.',
        allowed: '1 to 50',
      })
      .default(1),
    passwordNeverExpires: flag()
      .register(keyDocs, {
        about: 'Keeps a password policy from ending the look-ups.',
        allowed: 'true or false',
      })
      .default(true),
    blockSignIn: flag()
      .register(keyDocs, {
        about:
          'Blocks the account from signing in. That look-ups go on then is UNCONFIRMED: prove it with one.',
        allowed: 'true or false',
      })
      .default(false),
    hidden: flag()
      .register(keyDocs, { about: 'Hides it from address lists.', allowed: 'true or false' })
      .default(true),
  })
  .transform(({ displayName: name, ...mailbox }) => ({
    ...mailbox,
    displayName: name ?? mailbox.address.slice(0, mailbox.address.lastIndexOf('@')),
  }))
  .register(keyDocs, {
    allowed:
      'a map with address and, as wanted, displayName, sku, usageLocation, count, passwordNeverExpires, blockSignIn, hidden',
  });

export const roleMailboxesSchema = z
  .array(roleMailboxSchema)
  .register(keyDocs, {
    about:
      'Role accounts that this stack makes, or adopts where the mailbox exists already; an adopted one is never deleted.',
    allowed: 'a list of maps, each with an address',
  })
  .default([]);

export const TRANSPORTS = ['rest', 'powershell'] as const;

/** How Exchange Online is reached by this tool. */
export const exchangeSchema = z
  .strictObject({
    transport: z
      .enum(TRANSPORTS)
      .register(keyDocs, {
        about:
          "How cmdlets are run. `rest`: over the HTTPS interface that Exchange's own PowerShell module uses; needs nothing installed, but Microsoft does not publish it. `powershell`: with PowerShell 7.4 or newer and the module ExchangeOnlineManagement, on this machine.",
        allowed: 'rest or powershell',
      })
      .default('rest'),
    url: text(serviceUrl).optional().register(keyDocs, {
      about:
        "Address of Exchange's administration interface, for clouds that `azuread:environment` does not name.",
      allowed: 'https://<host>, such as https://outlook.office365.com',
      fallback: "the cloud's own",
    }),
    ewsUrl: text(ewsUrl).optional().register(keyDocs, {
      about: "Address of the cloud's EWS, for clouds that `azuread:environment` does not name.",
      allowed: 'https://<host>/ews/exchange.asmx',
      fallback: "the cloud's own",
    }),
  })
  .prefault({})
  .register(keyDocs, {
    about: 'How this tool reaches Exchange Online.',
    allowed: 'a map with transport, url, ewsUrl',
  });

export const ewsAccessSchema = z
  .strictObject({
    manage: flag()
      .register(keyDocs, {
        about:
          'Whether this stack sees to the switch and the list, where the protocol is `ews` or `both`. `false`: somebody else does.',
        allowed: 'true or false',
      })
      .default(true),
    acknowledgeAllowList: flag()
      .register(keyDocs, {
        about:
          "Consent to turning on the organisation's EWS switch where it is unset: from then on its allow list counts for every application, not only for this one.",
        allowed: 'true or false',
      })
      .default(false),
  })
  .prefault({})
  .register(keyDocs, {
    about: "The organisation's switch and allow list for EWS.",
    allowed: 'a map with manage, acknowledgeAllowList',
  });
