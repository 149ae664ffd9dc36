/**
 * What somebody with a sign-in of their own can see: an administrator about the tenant, Google's own interfaces about its users. Asked
 * only where a look-up failed and its answer leaves the cause open.
 */

/** What could be seen; undefined parts could not be looked at. */
export interface TenantSight {
  /** The organisation's switch for EWS, and whether the application is on its list. */
  ewsOrganisation(clientId: string): Promise<EwsOrganisation | undefined>;
  mailbox(address: string): Promise<MailboxSeen | undefined>;
  /** Whether Exchange itself says that the application has one of the permissions on the mailbox, by a role assignment. */
  inScope(clientId: string, mailbox: string, permissions: readonly string[]): Promise<boolean | undefined>;
}

export interface EwsOrganisation {
  readonly enabled: boolean | null;
  readonly listed: boolean;
  /** The older policy by the name of the program, such as EnforceAllowList. */
  readonly clientPolicy: string | null;
}

export interface MailboxSeen {
  /** As Exchange calls it, such as UserMailbox; undefined when there is no mailbox. */
  readonly kind: string | undefined;
  readonly ewsEnabled: boolean | null;
  readonly clientPolicy: string | null;
  /** `full`: a licence with a mailbox that may use EWS; undefined when it could not be looked at. */
  readonly licence: 'full' | 'frontline' | 'none' | undefined;
  /** Whether the directory knows the person. */
  readonly inDirectory: boolean | undefined;
}

/** What Google's own interfaces say about a person who is looked up. */
export type GoogleState = 'fine' | 'calendarOn' | 'unmanagedAccount' | 'notChecked';

export interface GoogleSight {
  /** Whether Interop is turned on; undefined where nobody could look. */
  interop(): Promise<boolean | undefined>;
  person(address: string): Promise<GoogleState>;
}

/** Nobody is signed in to Google. */
export const GOOGLE_NOT_CHECKED: GoogleSight = {
  interop: async () => undefined,
  person: async () => 'notChecked',
};
