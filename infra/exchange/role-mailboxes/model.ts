/** Role mailboxes as data: what is wished, what is found, what is to do, what was done. */
import { z } from 'zod';
import type { DirectoryUser, Sku } from './directory-port.js';

/** One entry of the configuration's `roleMailboxes`, with whose it is. */
export interface RoleMailboxWish {
  /** Primary SMTP address of the first one. */
  readonly address: string;
  readonly displayName: string;
  /** Part number or id of the licence. */
  readonly sku: string;
  /** Two letters; undefined: the tenant's country. */
  readonly usageLocation?: string | undefined;
  readonly count: number;
  readonly passwordNeverExpires: boolean;
  readonly blockSignIn: boolean;
  readonly hidden: boolean;
  /** The stack (registrationTag): by it an interrupted run's mailboxes are known again. */
  readonly owner: string;
}

/** A mailbox as Exchange knows it. */
export interface ExchangeMailbox {
  readonly guid: string;
  /** Object id of its user. */
  readonly objectId: string;
  readonly primaryAddress: string;
  readonly userPrincipalName: string;
  /** RecipientTypeDetails. */
  readonly kind: string;
  readonly hidden: boolean;
}

/** What there is at one address. */
export interface FoundMailbox {
  readonly address: string;
  readonly displayName: string;
  /** What this stack calls the one that it makes here. */
  readonly alias: string;
  readonly mailbox: ExchangeMailbox | undefined;
  readonly user: DirectoryUser | undefined;
}

export interface FoundRoleMailboxes {
  readonly mailboxes: readonly FoundMailbox[];
  readonly skus: readonly Sku[];
  readonly tenantCountry: string | undefined;
}

/** The values of a mailbox that are kept as wished, and given back to an adopted one. */
const valuesSchema = z.object({
  accountEnabled: z.boolean(),
  passwordPolicies: z.string().nullable(),
  usageLocation: z.string().nullable(),
  hidden: z.boolean(),
});
export type MailboxValues = Readonly<z.output<typeof valuesSchema>>;

export const mailboxRecordSchema = z.object({
  address: z.string(),
  /** Object id of the user: the identity by which it is undone. */
  objectId: z.string(),
  /** GUID of the mailbox; empty while Exchange has not made it. */
  guid: z.string(),
  userPrincipalName: z.string(),
  /** An adopted one is never deleted. */
  origin: z.enum(['made', 'adopted']),
  /** Whether it has the outcome's password; never for an adopted one. */
  passwordSet: z.boolean(),
  /** The licence that this stack gave, which is not one that the user had. */
  licence: z.object({ id: z.string(), partNumber: z.string() }).nullable(),
  /** What an adopted one had before. */
  former: valuesSchema,
  /** What this stack set: whatever differs from it now was changed by somebody else, and is not undone. */
  set: valuesSchema,
});
export type MailboxRecord = z.output<typeof mailboxRecordSchema>;

/** What is kept with the stack's state. */
export const roleMailboxOutcomeSchema = z.object({
  mailboxes: z.array(mailboxRecordSchema),
  /** One password for all that were made; a secret. Null where none was made, or none could be set. */
  password: z.string().nullable(),
});
export type RoleMailboxOutcome = z.output<typeof roleMailboxOutcomeSchema>;

/** What is to do at one address. */
export interface MailboxPlan {
  readonly found: FoundMailbox;
  readonly origin: 'made' | 'adopted';
  /** What is made anew; a user without a mailbox gets one by its licence. */
  readonly make: boolean;
  /** Ours by its alias, but its password was never saved: it gets a new one. */
  readonly renewPassword: boolean;
  /** Licences to give and to take, and the one that is ours afterwards. */
  readonly licence: {
    readonly add: Sku | undefined;
    readonly remove: string | undefined;
    readonly ours: { readonly id: string; readonly partNumber: string } | null;
  };
  readonly former: MailboxValues;
  readonly wanted: MailboxValues;
}

export interface RoleMailboxPlan {
  readonly mailboxes: readonly MailboxPlan[];
  /** Records of mailboxes that are no longer wished. */
  readonly surplus: readonly MailboxRecord[];
  /** One line per thing that changes, for preview. */
  readonly changes: readonly string[];
  /** What is worth knowing and changes nothing. */
  readonly notes: readonly string[];
}

const NEVER_EXPIRES = 'DisablePasswordExpiration';

/** Whether the password policies keep a password from expiring. */
export function neverExpires(policies: string | null): boolean {
  return words(policies).some((word) => word.toLowerCase() === NEVER_EXPIRES.toLowerCase());
}

/** The policies with or without that one; the others stay. Null: the tenant's own. */
export function withNeverExpires(policies: string | null, on: boolean): string | null {
  if (neverExpires(policies) === on) return policies;
  const others = words(policies).filter((word) => word.toLowerCase() !== NEVER_EXPIRES.toLowerCase());
  const result = on ? [...others, NEVER_EXPIRES] : others;
  return result.length === 0 ? null : result.join(', ');
}

/** Graph answers null or `None` where no policy is set (learn.microsoft.com/graph/api/resources/user). */
export function samePolicies(one: string | null, other: string | null): boolean {
  const key = (policies: string | null) =>
    words(policies)
      .map((word) => word.toLowerCase())
      .sort()
      .join();
  return key(one) === key(other);
}

function words(policies: string | null): readonly string[] {
  return (policies ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '' && word !== 'None');
}
