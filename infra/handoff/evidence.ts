/**
 * Evidence that the values were pasted: what may be seen, and the port through which it is looked for. Google's console has no API
 * that reads its form back, so a save is believed only by what it leaves behind.
 */

/**
 * `formSaved`: Google's audit log says that the form was saved. `lookUp`: a look-up by Google succeeded. `signIn`: somebody other
 * than us signed in at Microsoft with the new key.
 */
export const EVIDENCE_KINDS = ['formSaved', 'signIn', 'lookUp'] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/** Something that was seen. */
export interface Sighting {
  readonly kind: EvidenceKind;
  readonly stack: string;
  /** Where it is told, the endpoint that it is about; else it stands for all endpoints of the stack. */
  readonly endpoint?: string | undefined;
  /** RFC 3339. */
  readonly at: string;
  /** One line for people; never a secret. */
  readonly what: string;
}

/** One place where evidence is looked for. */
export interface EvidenceSource {
  readonly kind: EvidenceKind;
  readonly stack: string;
  /** Who is asked, such as "Google's audit log". */
  readonly name: string;
  /**
   * Looks once.
   *
   * @param since older events mean another secret
   * @returns undefined while nothing is there yet
   * @throws when it could not be asked; it is asked again later
   */
  look(since: Date, signal: AbortSignal): Promise<Sighting | undefined>;
}

/** How each kind is named in lists and sentences. */
export const EVIDENCE_NAMES: Readonly<Record<EvidenceKind, string>> = {
  formSaved: 'the form was saved',
  signIn: 'Google signs in with this secret',
  lookUp: 'a look-up succeeded',
};
