/** EWS access as data: what is wished, what is found, what is to do, what was done. */
import { z } from 'zod';
import type { AllowList } from './allow-list.js';

export interface EwsAccessWish {
  /** Client id of the registration whose token Google presents. */
  readonly clientId: string;
  /** Primary addresses of the mailboxes that Google looks up with. */
  readonly roleAccounts: readonly string[];
  /** Consent to turning on an unset switch, which makes the allow list count for every application. */
  readonly acknowledgeAllowList: boolean;
}

/** The older lists, which go by an application's User-Agent; they count beside the list of ids. */
export interface UserAgentPolicy {
  /** `EnforceAllowList`, `EnforceBlockList`, or null for none. */
  readonly policy: string | null;
  readonly allow: readonly string[];
  readonly block: readonly string[];
}

export interface OrganizationAccess {
  /** True: the listed applications only; false: nobody; null: not set, the list is ignored until Microsoft sets it. */
  readonly enabled: boolean | null;
  readonly list: AllowList;
  readonly userAgents: UserAgentPolicy;
}

export interface MailboxAccess {
  readonly address: string;
  /** False blocks the mailbox; null: as the organisation. */
  readonly enabled: boolean | null;
  readonly userAgents: UserAgentPolicy;
}

export interface FoundEwsAccess {
  readonly organization: OrganizationAccess;
  readonly mailboxes: readonly MailboxAccess[];
}

export interface EwsAccessPlan {
  readonly addId: boolean;
  readonly turnOn: boolean;
  /** Role accounts whose own switch is off. */
  readonly openMailboxes: readonly string[];
  /** One line per thing that changes, for preview. */
  readonly changes: readonly string[];
  /** What somebody must know before that, such as who loses access. */
  readonly warnings: readonly string[];
}

const enabledSchema = z.boolean().nullable();

/** What is kept with the stack's state: enough to undo, and when it was written. */
export const ewsAccessOutcomeSchema = z.object({
  clientId: z.string(),
  /** Before this stack's first write. */
  former: z.object({
    enabled: enabledSchema,
    list: z.array(z.string()),
    mailboxes: z.array(z.object({ address: z.string(), enabled: enabledSchema })),
  }),
  /** Whether it was this stack that listed the id. */
  added: z.boolean(),
  /** Whether it was this stack that turned the organisation's switch on. */
  turnedOn: z.boolean(),
  /** Role accounts whose own switch this stack turned on. */
  opened: z.array(z.string()),
  /** An application of this stack before that is still in the list because of it; taken out with the next write. */
  leaving: z.string().nullable(),
  /** ISO time of the last write to the organisation; it may take 24 hours to count. Null: nothing was written. */
  writtenAt: z.string().nullable(),
});
export type EwsAccessOutcome = z.output<typeof ewsAccessOutcomeSchema>;

/** What a look at Exchange says about the wish, without a change. */
export interface EwsAccessState {
  readonly enabled: boolean | null;
  readonly listed: boolean;
  /** How many entries the list has besides ours. */
  readonly others: number;
  /** Things that keep Google's look-ups out, or will; one line each. */
  readonly violations: readonly string[];
}
