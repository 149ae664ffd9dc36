/**
 * What `Default` may see of a calendar, and whether that is to be raised. Pure.
 *
 * Sources: MicrosoftDocs/office-docs-powershell exchange/exchange-ps/ExchangePowerShell/Set-MailboxFolderPermission.md (roles
 * and what they hold).
 */

/** Levels that a stack may ask for. */
export const WANTED_LEVELS = ['AvailabilityOnly', 'LimitedDetails'] as const;
export type WantedLevel = (typeof WANTED_LEVELS)[number];

/** Rights that are ever raised, and so what an undo restores. */
export type FormerRight = 'None' | 'AvailabilityOnly';

/** Roles in the order of what they show; all that read items show more than title and location. */
const COMPARABLE: ReadonlyMap<string, number> = new Map([
  ['None', 0],
  ['AvailabilityOnly', 1],
  ['LimitedDetails', 2],
  ['Reviewer', 3],
  ['NonEditingAuthor', 3],
  ['Author', 3],
  ['PublishingAuthor', 3],
  ['Editor', 3],
  ['PublishingEditor', 3],
  ['Owner', 3],
]);

/** What is to be done with a calendar. */
export type Decision =
  | { readonly kind: 'raise'; readonly from: FormerRight; readonly to: WantedLevel }
  | { readonly kind: 'enough' }
  /** Rights that show something other than a role does (Contributor, FolderVisible, single rights): left alone. */
  | { readonly kind: 'incomparable' };

/** How much one right shows; undefined for what cannot be compared. */
function rankOf(rights: readonly string[]): number | undefined {
  const [only, ...more] = rights;
  return only === undefined || more.length > 0 ? undefined : COMPARABLE.get(only);
}

/**
 * Compares the rights of `Default` with the wanted level.
 *
 * @param rights the entry's AccessRights: one role, or several single rights
 */
export function decide(rights: readonly string[], wanted: WantedLevel): Decision {
  const rank = rankOf(rights);
  if (rank === undefined) return { kind: 'incomparable' };
  if (rank >= (rankOf([wanted]) ?? 0)) return { kind: 'enough' };
  return { kind: 'raise', from: rank === 0 ? 'None' : 'AvailabilityOnly', to: wanted };
}

/** The rights as one word for reports: `LimitedDetails`, `CreateItems+FolderVisible`, `(none listed)` for an empty list. */
export function rightsText(rights: readonly string[]): string {
  return rights.length === 0 ? '(none listed)' : [...rights].sort().join('+');
}
