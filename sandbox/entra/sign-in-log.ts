/** Which credential of an application signed in last, and when the report of it tells. */

/** A sign-in that was granted. Times in milliseconds of the sandbox's clock. */
export interface SignIn {
  readonly keyId: string;
  readonly at: number;
  /** From then on the report shows it. */
  readonly visibleAt: number;
  /** Object id of the service principal that the token is for. */
  readonly resourceId: string;
  readonly requestId: string;
}

/** What the log asks of its surroundings. */
export interface ReportTime {
  now(): number;
  /** Milliseconds until the report shows a sign-in. */
  reportDelay(): number;
}

/** A report that tells of no sign-in, or of some that cannot be. */
export type ReportFault = 'reportEmpty' | 'reportContradiction';

/** The sign-ins of each key: the last one that the report shows, and those that it does not show yet. */
export class SignInLog {
  readonly #time: ReportTime;
  readonly #byKey = new Map<string, readonly SignIn[]>();

  constructor(time: ReportTime) {
    this.#time = time;
  }

  record(signIn: Pick<SignIn, 'keyId' | 'resourceId' | 'requestId'>): void {
    const at = this.#time.now();
    const known = this.#byKey.get(signIn.keyId) ?? [];
    const shown = this.lastShown(signIn.keyId);
    const kept = known.filter((former) => former === shown || former.visibleAt > at);
    this.#byKey.set(signIn.keyId, [...kept, { ...signIn, at, visibleAt: at + this.#time.reportDelay() }]);
  }

  /** The last sign-in with a key that the report shows by now. */
  lastShown(keyId: string): SignIn | undefined {
    const now = this.#time.now();
    return (this.#byKey.get(keyId) ?? []).findLast(({ visibleAt }) => visibleAt <= now);
  }
}
