/**
 * Accounts at Google: the users of the customer, and accounts of people who signed up on the domain by themselves.
 *
 * Admin SDK Directory API, users.list; Cloud Identity API, userinvitations.list. The latter misses accounts and domains younger
 * than 48 hours, and knows primary addresses only (documentation of userinvitations.get).
 */
import { z } from 'zod';
import type { GoogleApis } from './apis.js';
import { statusOf } from './google-error.js';

const USERS_SCOPE = 'https://www.googleapis.com/auth/admin.directory.user.readonly';
const INVITATIONS_SCOPE = 'https://www.googleapis.com/auth/cloud-identity.userinvitations.readonly';
const USERS_PAGE = 500;
const INVITATIONS_PAGE = 200;
const PAGE_LIMIT = 20_000;
/** Only what is used crosses the wire. */
const USER_PROPERTIES =
  'primaryEmail,aliases,nonEditableAliases,orgUnitPath,suspended,archived,isMailboxSetup,customerId';
const USER_FIELDS = `nextPageToken,users(${USER_PROPERTIES})`;

/** A user of Google Workspace. Addresses are in lower case. */
export interface GoogleUser {
  readonly address: string;
  readonly aliases: readonly string[];
  readonly orgUnit: string;
  readonly suspended: boolean;
}

const userSchema = z
  .object({
    primaryEmail: z.string().min(1),
    aliases: z.array(z.string()).nullish(),
    nonEditableAliases: z.array(z.string()).nullish(),
    orgUnitPath: z.string().nullish(),
    suspended: z.boolean().nullish(),
    archived: z.boolean().nullish(),
    customerId: z.string().nullish(),
  })
  .transform((user) => ({
    address: user.primaryEmail.toLowerCase(),
    aliases: [...(user.aliases ?? []), ...(user.nonEditableAliases ?? [])].map((alias) =>
      alias.toLowerCase(),
    ),
    orgUnit: user.orgUnitPath ?? '/',
    suspended: user.suspended === true || user.archived === true,
    customerId: user.customerId ?? undefined,
  }));

const usersSchema = z.object({ users: z.array(userSchema).nullish(), nextPageToken: z.string().nullish() });

const userCall = {
  doing: 'reading a user of Google',
  scope: USERS_SCOPE,
  needs: 'an administrator who may read users',
};

const usersCall = { ...userCall, doing: "reading Google's users", pageLimit: PAGE_LIMIT };

/**
 * The user whose primary address or alias this is; undefined where the customer has none (Admin SDK Directory API, users.get).
 *
 * What Google answers for an address of a domain that is not the customer's is UNCONFIRMED: it may be a refusal.
 */
export async function findUser(google: GoogleApis, address: string): Promise<GoogleUser | undefined> {
  const found = await google.ask(userCall, userSchema.nullable(), async ({ directory, options }) =>
    directory.users
      .get({ userKey: address, projection: 'basic', fields: USER_PROPERTIES }, options)
      .catch((error: unknown) => {
        if (statusOf(error) === 404) return { data: null };
        throw error;
      }),
  );
  if (found === null) return undefined;
  const { customerId: _, ...user } = found;
  return user;
}

/** All users of the customer, page by page, in bounded memory. */
export async function* listUsers(google: GoogleApis): AsyncGenerator<GoogleUser> {
  const pages = google.pages(usersCall, usersSchema, async ({ directory, options }, pageToken) => {
    const list = {
      customer: google.customer,
      maxResults: USERS_PAGE,
      projection: 'basic',
      fields: USER_FIELDS,
    };
    return await directory.users.list(pageToken === undefined ? list : { ...list, pageToken }, options);
  });
  for await (const page of pages) {
    for (const { customerId: _, ...user } of page.users ?? []) yield user;
  }
}

const invitationsSchema = z.object({
  userInvitations: z.array(z.object({ name: z.string(), state: z.string().nullish() })).nullish(),
  nextPageToken: z.string().nullish(),
});

/**
 * Addresses of accounts that people made on the customer's domains by themselves, in lower case: unmanaged ones, which conflict.
 *
 * Accounts whose owner accepted the invitation are managed by now.
 */
export async function* listUnmanagedAccounts(google: GoogleApis): AsyncGenerator<string> {
  const parent = `customers/${await customerId(google)}`;
  const call = {
    doing: 'reading unmanaged accounts',
    scope: INVITATIONS_SCOPE,
    needs: 'a super administrator',
    pageLimit: PAGE_LIMIT,
  };
  const pages = google.pages(call, invitationsSchema, async ({ identity, options }, pageToken) => {
    const list = { parent, pageSize: INVITATIONS_PAGE };
    return await identity.customers.userinvitations.list(
      pageToken === undefined ? list : { ...list, pageToken },
      options,
    );
  });
  for await (const page of pages) {
    for (const { name, state } of page.userInvitations ?? []) {
      if (state !== 'ACCEPTED') yield decodeURIComponent(name.slice(name.lastIndexOf('/') + 1)).toLowerCase();
    }
  }
}

/** The id behind `my_customer`, which invitations are filed under: every user carries it. */
async function customerId(google: GoogleApis): Promise<string> {
  if (google.customer !== 'my_customer') return google.customer;
  const page = await google.ask(usersCall, usersSchema, async ({ directory, options }) =>
    directory.users.list(
      { customer: google.customer, maxResults: 1, fields: 'users(primaryEmail,customerId)' },
      options,
    ),
  );
  return page.users?.[0]?.customerId ?? google.customer;
}
