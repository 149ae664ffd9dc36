/**
 * The tenant's mailboxes. A seeded one is made from its number whenever it is asked for; what cmdlets change is kept as the
 * difference to that, and forgotten when it is as at the start again. Half a million mailboxes take no more than their changes.
 */
import type { Directory } from '../entra/directory.js';
import type { User } from '../entra/model.js';
import { guidOfUser, userOfGuid } from './mailbox-guid.js';
import { newMailbox, type SeedSurroundings, seededFolders, seededProperties } from './mailbox-seed.js';
import type {
  Folder,
  FolderSeed,
  Grantee,
  Mailbox,
  MailboxChange,
  MailboxProperties,
  MailboxSeed,
  PermissionEntry,
} from './model.js';
import { DOMAIN_PARTITION } from './names.js';
import type { ExchangeSettings } from './settings.js';

const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** Folder ids are 46 bytes that start like this. */
const FOLDER_ID_START = Buffer.from('2e00000000', 'hex');

export class Mailboxes {
  /** Entries of folders that were set to something else, or taken away, so far. */
  permissionChanges = 0;
  readonly #directory: Directory;
  readonly #settings: () => ExchangeSettings;
  /** By object id of the user. */
  readonly #changes = new Map<string, MailboxChange>();
  readonly #interned = new Map<string, MailboxChange>();
  /** What reads see of a folder until then, by user and folder. */
  readonly #stale = new Map<string, { readonly until: number; readonly entries: Folder['entries'] }>();
  readonly #seed: SeedSurroundings;

  constructor(directory: Directory, settings: () => ExchangeSettings) {
    this.#directory = directory;

    this.#settings = settings;
    this.#seed = {
      userId: (number) => directory.users.idOfNumber(number),
      get defaultRights() {
        return settings().defaultRights;
      },
    };
  }

  /** The mailbox of a user; undefined while there is none. */
  of(user: User): Mailbox | undefined {
    if (!this.#directory.sees(user)) return undefined;
    const change = this.#changes.get(user.id);
    const properties = { ...this.#seededProperties(user), ...change?.properties };
    if (!this.#exists(user, properties, change)) return undefined;
    const address = String(user.properties.mail ?? user.properties.userPrincipalName ?? '');
    return {
      user,
      guid: guidOfUser(this.#directory.random, user.id),
      name: change?.name ?? user.id,
      primarySmtpAddress: address,
      properties,
    };
  }

  #exists(user: User, properties: MailboxProperties, change: MailboxChange | undefined): boolean {
    if (change?.name !== undefined || properties.kind !== 'UserMailbox') return true;
    const since = this.#directory.licences.exchangeSince(user);
    if (since === undefined) return false;
    const isSeeded = this.#directory.users.numberOf(user.id) !== undefined && since <= user.createdAt;
    return isSeeded || since + this.#settings().licenceDelay <= this.#directory.now();
  }

  /** Everything behind a place, in the directory's order. */
  *after(place: number): Iterable<readonly [number, Mailbox]> {
    for (const [next, user] of this.#directory.users.after(place)) {
      const mailbox = this.of(user);
      if (mailbox !== undefined) yield [next, mailbox];
    }
  }

  /** Those that an identity names: ids, addresses, alias, name, display name, distinguished name; at most two. */
  find(identity: string): readonly Mailbox[] {
    const wanted = identity.trim();
    if (GUID.test(wanted)) return this.#byGuid(wanted.toLowerCase());
    const smtp = wanted.replace(/^smtp:/i, '');
    if (smtp.includes('@'))
      return this.#present([...this.#lookUp('mail', smtp), ...this.#lookUp('userPrincipalName', smtp)]);
    const name = wanted.endsWith(DOMAIN_PARTITION) ? /^CN=(.+?),OU=/i.exec(wanted)?.[1] : undefined;
    if (name !== undefined) return GUID.test(name) ? this.#byGuid(name.toLowerCase()) : this.#byName(name);
    const direct = this.#present(this.#lookUp('mailNickname', wanted));
    if (direct.length > 0) return direct;
    const named = this.#byName(wanted);
    return named.length > 0 ? named : this.#byDisplayName(wanted, 2);
  }

  #byGuid(guid: string): readonly Mailbox[] {
    const { users, random } = this.#directory;
    const user = users.get(guid) ?? users.get(userOfGuid(random, guid));
    return this.#present(user === undefined ? [] : [user]);
  }

  #lookUp(property: string, value: string): readonly User[] {
    return this.#directory.users.lookUp(property, value) ?? [];
  }

  /** Names that New-Mailbox gave; every other name is the object id. */
  #byName(name: string): readonly Mailbox[] {
    const found: User[] = [];
    for (const [id, change] of this.#changes) {
      const user =
        change.name?.toLowerCase() === name.toLowerCase() ? this.#directory.users.get(id) : undefined;
      if (user !== undefined) found.push(user);
    }
    return this.#present(found);
  }

  /** Whether New-Mailbox has given this name to a mailbox that exists. */
  isNamed(name: string): boolean {
    return this.#byName(name).length > 0;
  }

  #byDisplayName(name: string, most: number): readonly Mailbox[] {
    const wanted = name.toLowerCase();
    const found: Mailbox[] = [];
    for (const [, user] of this.#directory.users.after(0)) {
      if (String(user.properties.displayName ?? '').toLowerCase() !== wanted) continue;
      const mailbox = this.of(user);
      if (mailbox !== undefined) found.push(mailbox);
      if (found.length === most) break;
    }
    return found;
  }

  #present(users: readonly User[]): readonly Mailbox[] {
    const distinct = new Map(users.map((user) => [user.id, user]));
    return [...distinct.values()].map((user) => this.of(user)).filter((mailbox) => mailbox !== undefined);
  }

  /** The folders as they are. */
  folders(mailbox: Mailbox): readonly Folder[] {
    const seeds = this.#seededFolders(mailbox.user);
    const change = this.#changes.get(mailbox.user.id);
    return seeds.map((seed) => ({
      key: seed.key,
      name: change?.names?.[seed.key] ?? seed.name,
      path: pathOf(seed, seeds, change),
      id: this.#folderId(mailbox.user.id, seed.key, change?.idChanges?.[seed.key] ?? 0),
      type: seed.type,
      isCalendar: seed.isCalendar,
      isProtected: seed.isProtected === true,
      entries: overlay(seed.entries, change?.entries?.[seed.key]),
    }));
  }

  /** The permissions that reads see: as they were before, for a while after a write, if the options say so. */
  seenEntries(mailbox: Mailbox, folder: Folder): Folder['entries'] {
    const key = `${mailbox.user.id}/${folder.key}`;
    const stale = this.#stale.get(key);
    if (stale === undefined) return folder.entries;
    if (stale.until > this.#directory.now()) return stale.entries;
    this.#stale.delete(key);
    return folder.entries;
  }

  /** Sets an entry; undefined takes it away. */
  setEntry(mailbox: Mailbox, folder: Folder, grantee: Grantee, entry: PermissionEntry | undefined): void {
    this.permissionChanges += 1;
    if (this.#settings().staleReads > 0) {
      const until = this.#directory.now() + this.#settings().staleReads;
      this.#stale.set(`${mailbox.user.id}/${folder.key}`, {
        until,
        entries: this.seenEntries(mailbox, folder),
      });
    }
    this.#change(mailbox.user, (change) => ({
      ...change,
      entries: {
        ...change.entries,
        [folder.key]: { ...change.entries?.[folder.key], [grantee]: entry ?? null },
      },
    }));
  }

  setProperties(mailbox: Mailbox, properties: Partial<MailboxProperties>): void {
    this.#change(mailbox.user, (change) => ({
      ...change,
      properties: { ...change.properties, ...properties },
    }));
  }

  /** A mailbox without a licence, for a user that New-Mailbox has put into the directory. */
  make(user: User, name: string, properties: Partial<MailboxProperties>): void {
    this.#change(user, (change) => ({
      ...change,
      name,
      properties: { ...change.properties, ...properties },
    }));
  }

  rename(mailbox: Mailbox, folderKey: string, name: string): void {
    this.#change(mailbox.user, (change) => ({ ...change, names: { ...change.names, [folderKey]: name } }));
  }

  /** Gives a folder another id, as moves between servers do. */
  changeFolderId(mailbox: Mailbox, folderKey: string): void {
    this.#change(mailbox.user, (change) => ({
      ...change,
      idChanges: { ...change.idChanges, [folderKey]: (change.idChanges?.[folderKey] ?? 0) + 1 },
    }));
  }

  #change(user: User, update: (change: MailboxChange) => MailboxChange): void {
    const changed = this.#withoutSeed(user, update(this.#changes.get(user.id) ?? {}));
    const text = JSON.stringify(changed);
    if (text === '{}') {
      this.#changes.delete(user.id);
      return;
    }
    const interned = this.#interned.get(text) ?? changed;
    this.#interned.set(text, interned);
    this.#changes.set(user.id, interned);
  }

  /** A change without whatever is as the seed has it, in a fixed order. */
  #withoutSeed(user: User, change: MailboxChange): MailboxChange {
    const properties = without(change.properties, this.#seededProperties(user));
    const entries: Record<string, Readonly<Record<Grantee, PermissionEntry | null>>> = {};
    const names: Record<string, string> = {};
    for (const seed of this.#seededFolders(user)) {
      const left = without(change.entries?.[seed.key], seed.entries);
      const real = Object.entries(left).filter(
        ([grantee, entry]) => entry !== null || grantee in seed.entries,
      );
      if (real.length > 0)
        entries[seed.key] = Object.fromEntries(real) as Record<Grantee, PermissionEntry | null>;
      const name = change.names?.[seed.key];
      if (name !== undefined && name !== seed.name) names[seed.key] = name;
    }
    return {
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(isEmpty(properties) ? {} : { properties }),
      ...(isEmpty(entries) ? {} : { entries }),
      ...(isEmpty(names) ? {} : { names }),
      ...(change.idChanges === undefined ? {} : { idChanges: change.idChanges }),
    };
  }

  #seededProperties(user: User): MailboxProperties {
    const number = this.#directory.users.numberOf(user.id);
    return number === undefined ? newMailbox(user).properties : seededProperties(number);
  }

  #seededFolders(user: User): MailboxSeed['folders'] {
    const number = this.#directory.users.numberOf(user.id);
    return number === undefined ? newMailbox(user).folders : seededFolders(number, this.#seed);
  }

  #folderId(userId: string, key: string, changes: number): string {
    const { random } = this.#directory;
    const name = `folder ${userId} ${key} ${changes}`;
    const bytes = Buffer.concat([FOLDER_ID_START, random.bytes(name), random.bytes(`${name}/2`)]);
    return bytes.subarray(0, 46).toString('base64');
  }

  /**
   * Mailboxes as plain JSON by user principal name: those that differ from the seed, or all of them if the tenant has at most
   * `most`.
   */
  describe(most: number): Readonly<Record<string, unknown>> {
    const shown: Record<string, unknown> = {};
    const all = this.#directory.users.size <= most;
    const users = all ? this.#allUsers() : this.#changedUsers();
    for (const user of users) {
      const mailbox = this.of(user);
      if (mailbox !== undefined)
        shown[String(user.properties.userPrincipalName)] = this.#describeOne(mailbox);
    }
    return shown;
  }

  #describeOne(mailbox: Mailbox) {
    return {
      guid: mailbox.guid,
      name: mailbox.name,
      primarySmtpAddress: mailbox.primarySmtpAddress,
      ...mailbox.properties,
      folders: this.folders(mailbox).map(({ path, id, type, entries }) => ({ path, id, type, entries })),
    };
  }

  *#allUsers(): Iterable<User> {
    for (const [, user] of this.#directory.users.after(0)) yield user;
  }

  *#changedUsers(): Iterable<User> {
    for (const id of [...this.#changes.keys()].sort()) {
      const user = this.#directory.users.get(id);
      if (user !== undefined) yield user;
    }
  }
}

function pathOf(seed: FolderSeed, seeds: readonly FolderSeed[], change: MailboxChange | undefined): string {
  if (seed.parent === undefined) return `/${seed.name}`;
  const parent = seeds.find((other) => other.key === seed.parent);
  const name = change?.names?.[seed.key] ?? seed.name;
  return parent === undefined || parent.parent === undefined
    ? `/${name}`
    : `${pathOf(parent, seeds, change)}/${name}`;
}

function overlay(
  entries: Folder['entries'],
  changes: Readonly<Record<Grantee, PermissionEntry | null>> | undefined,
): Folder['entries'] {
  if (changes === undefined) return entries;
  const merged = { ...entries, ...changes };
  return Object.fromEntries(
    Object.entries(merged).filter((pair): pair is [string, PermissionEntry] => pair[1] !== null),
  );
}

/** Members that are not as in `seed`, sorted by name. */
function without(members: object | undefined, seed: object): Record<string, unknown> {
  const before = new Map(Object.entries(seed).map(([name, value]) => [name, JSON.stringify(value)]));
  const left = Object.entries(members ?? {}).filter(
    ([name, value]) => before.get(name) !== JSON.stringify(value),
  );
  return Object.fromEntries(left.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isEmpty(record: object): boolean {
  return Object.keys(record).length === 0;
}
