/** One mailbox as a sweep knows it. */

/** Kinds of mailboxes whose calendars people look up (RecipientTypeDetails). */
export const MAILBOX_KINDS = ['UserMailbox', 'SharedMailbox', 'RoomMailbox', 'EquipmentMailbox'] as const;
export type MailboxKind = (typeof MAILBOX_KINDS)[number];

export interface MailboxRef {
  /** GUID in lower case: the only identity that is given to Exchange. */
  readonly guid: string;
  /** Primary SMTP address for people; undefined where only the GUID is at hand. */
  readonly address: string | undefined;
  readonly kind: MailboxKind | undefined;
}

/** The kind, where it is one that people look up. */
export function mailboxKind(recipientTypeDetails: string | null | undefined): MailboxKind | undefined {
  return MAILBOX_KINDS.find((kind) => kind === recipientTypeDetails);
}
