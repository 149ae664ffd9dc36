/**
 * The organisation's allow list for EWS as a value. Pure.
 *
 * Exchange takes it as one text with commas and overwrites all of it; it answers one element with commas in it, or a list
 * (MicrosoftDocs/office-docs-powershell, Set-OrganizationConfig, EwsAllowedAppIDs).
 */

/**
 * The entries in their order, each once, written as they were found: what is not ours is handed back as it came, even where it is
 * no id at all.
 */
export type AllowList = readonly string[];

/** Reads what Exchange answers: text with commas, a list of such texts, or nothing. */
export function readAllowList(raw: string | readonly string[] | null | undefined): AllowList {
  const texts = raw === null || raw === undefined ? [] : typeof raw === 'string' ? [raw] : raw;
  return united(texts.flatMap((text) => text.split(',').map((entry) => entry.trim())));
}

/** What Exchange takes; null empties the list. */
export function writeAllowList(list: AllowList): string | null {
  return list.length === 0 ? null : list.join(',');
}

/** All entries of several lists, each once; the first way of writing it wins. Ids are compared without regard to case. */
export function united(...lists: readonly AllowList[]): AllowList {
  const entries = new Map<string, string>();
  for (const entry of lists.flat()) {
    if (entry !== '' && !entries.has(keyOf(entry))) entries.set(keyOf(entry), entry);
  }
  return [...entries.values()];
}

export function without(list: AllowList, id: string): AllowList {
  return list.filter((entry) => keyOf(entry) !== keyOf(id));
}

export function lists(list: AllowList, id: string): boolean {
  return list.some((entry) => keyOf(entry) === keyOf(id));
}

/** Entries of the first that the second lacks. */
export function missingFrom(wanted: AllowList, found: AllowList): AllowList {
  return wanted.filter((entry) => !lists(found, entry));
}

/** The same entries, whatever their order. */
export function sameList(one: AllowList, other: AllowList): boolean {
  return missingFrom(one, other).length === 0 && missingFrom(other, one).length === 0;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Entries that are no application's id; they are kept as they are. */
export function malformed(list: AllowList): AllowList {
  return list.filter((entry) => !GUID.test(entry));
}

function keyOf(entry: string): string {
  return entry.trim().toLowerCase();
}
