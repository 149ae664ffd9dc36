/** What was seen of a hand-over, in Microsoft's and in Google's logs. Plain data: who read it, and how, is of no account here. */

/** What a source told, or why it could not be asked. Not asked is not the same as nothing seen. */
export type Checked<T> =
  | { readonly checked: true; readonly value: T }
  | { readonly checked: false; readonly why: string };

/** The last sign-in with one secret, whoever it was. */
export interface KeyUse {
  readonly keyId: string;
  /** Application that the row is about, where the source says so. */
  readonly appId?: string | undefined;
  readonly madeAt?: Date | undefined;
  readonly lastUse?: Date | undefined;
}

/** Somebody saved or wiped the endpoint form in Google's Admin console. */
export type FormEvent =
  | {
      readonly kind: 'saved';
      readonly at: Date;
      readonly url?: string | undefined;
      readonly roleAccount?: string | undefined;
    }
  | { readonly kind: 'reset'; readonly at: Date };

/** Google looked up somebody's availability in Exchange. */
export interface LookUp {
  readonly at: Date;
  readonly successful: boolean;
  /** Whose calendar was looked up. */
  readonly calendar?: string | undefined;
}

export interface GoogleLog {
  readonly forms: readonly FormEvent[];
  readonly lookUps: readonly LookUp[];
}

export interface Observations {
  readonly signIns: Checked<readonly KeyUse[]>;
  readonly google: Checked<GoogleLog>;
}

/** Where Google's log is read from: since when, as there is much of it. */
export type GoogleLogReader = (since: Date) => Promise<Checked<GoogleLog>>;

/** For stacks without access to Google. */
export const GOOGLE_NOT_CHECKED: GoogleLogReader = async () => ({
  checked: false,
  why: "Google's audit log is not connected (calendar-interop:google)",
});
