/** What a baseline found, as text for the state: read again strictly, since somebody may have changed it. */
import { z } from 'zod';
import { InteropError } from '../../errors.js';
import type { FoundEwsAccess } from '../ews-access/index.js';
import type { FoundRoleMailboxes } from '../role-mailboxes/index.js';
import type { FoundRooms } from '../room-booking/index.js';

const userAgents = z.object({
  policy: z.string().nullable(),
  allow: z.array(z.string()),
  block: z.array(z.string()),
});

const ewsAccess: z.ZodType<FoundEwsAccess> = z.object({
  organization: z.object({
    enabled: z.boolean().nullable(),
    list: z.array(z.string()),
    userAgents,
  }),
  mailboxes: z.array(z.object({ address: z.string(), enabled: z.boolean().nullable(), userAgents })),
});

const mailbox = z.object({
  guid: z.string(),
  objectId: z.string(),
  primaryAddress: z.string(),
  userPrincipalName: z.string(),
  kind: z.string(),
  hidden: z.boolean(),
});

const user = z.object({
  id: z.string(),
  userPrincipalName: z.string(),
  mailNickname: z.string().nullable(),
  accountEnabled: z.boolean(),
  passwordPolicies: z.string().nullable(),
  usageLocation: z.string().nullable(),
  licences: z.array(z.object({ skuId: z.string(), disabledPlans: z.array(z.string()) })),
  synchronised: z.boolean(),
});

const roleMailbox: z.ZodType<Pick<FoundRoleMailboxes, 'mailboxes'>> = z.object({
  mailboxes: z.array(
    z
      .object({
        address: z.string(),
        displayName: z.string(),
        alias: z.string(),
        mailbox: mailbox.optional(),
        user: user.optional(),
      })
      .transform((found) => ({ ...found, mailbox: found.mailbox, user: found.user })),
  ),
});

const roomBooking: z.ZodType<FoundRooms> = z.object({
  rooms: z.array(
    z.object({ guid: z.string(), address: z.string(), automation: z.string(), external: z.boolean() }),
  ),
  failures: z.array(z.object({ address: z.string(), reason: z.string() })),
});

const SCHEMAS = { ewsAccess, roleMailbox, roomBooking };
export type BaselineKind = keyof typeof SCHEMAS;
/** What is kept of each kind. */
export type Facts<K extends BaselineKind> = z.output<(typeof SCHEMAS)[K]>;

const VERSION = 1;

export function encodeFacts<K extends BaselineKind>(kind: K, facts: Facts<K>): string {
  return JSON.stringify({ version: VERSION, kind, facts });
}

/**
 * Reads what {@link encodeFacts} wrote.
 *
 * @throws InteropError when it is something else: without it, nothing could be undone, so nothing is written.
 */
export function decodeFacts<K extends BaselineKind>(kind: K, text: string): Facts<K> {
  const envelope = z.object({ version: z.literal(VERSION), kind: z.literal(kind), facts: z.unknown() });
  const opened = envelope.safeParse(parsed(text));
  const result = opened.success ? SCHEMAS[kind].safeParse(opened.data.facts) : opened;
  if (result.success) return result.data as Facts<K>;
  throw new InteropError({
    kind: 'resource',
    summary: 'what was there before is not readable, so nothing was changed',
    problems: result.error.issues.map(({ path, message }) => ({
      where: `baseline of ${kind}${path.length === 0 ? '' : `, ${path.join('.')}`}`,
      what: message,
    })),
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What was known stays; what is new is added. */
export function mergeFacts<K extends BaselineKind>(kind: K, earlier: Facts<K>, later: Facts<K>): Facts<K> {
  return MERGES[kind](earlier as never, later as never) as Facts<K>;
}

const MERGES: {
  readonly [K in BaselineKind]: (earlier: Facts<K>, later: Facts<K>) => Facts<K>;
} = {
  ewsAccess: (earlier, later) => ({
    organization: earlier.organization,
    mailboxes: joined(earlier.mailboxes, later.mailboxes, addressOf),
  }),
  roleMailbox: (earlier, later) => ({ mailboxes: joined(earlier.mailboxes, later.mailboxes, addressOf) }),
  roomBooking: (earlier, later) => ({
    rooms: joined(earlier.rooms, later.rooms, ({ guid }) => guid),
    failures: later.failures,
  }),
};

function addressOf({ address }: { readonly address: string }): string {
  return address.toLowerCase();
}

function joined<T>(earlier: readonly T[], later: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const known = new Set(earlier.map(keyOf));
  return [...earlier, ...later.filter((item) => !known.has(keyOf(item)))];
}
