/** Distribution groups, mail contacts, and who is a member: Exchange's own groups, and those of the directory that have mail. */
import type { Directory } from '../entra/directory.js';
import type { Group } from '../entra/model.js';
import { all } from '../entra/table.js';
import { textsOf } from '../json.js';
import { ambiguous, notFound } from './cmdlet-error.js';
import { guidOfUser } from './mailbox-guid.js';
import type { Mailboxes } from './mailboxes.js';
import type { Mailbox } from './model.js';
import { distinguishedName } from './names.js';

/** `user:<object id>`, `group:<alias>` or `contact:<smtp>`. */
type Member = string;

export interface DistributionGroup {
  readonly guid: string;
  readonly objectId: string;
  readonly name: string;
  readonly displayName: string;
  readonly alias: string;
  readonly primarySmtpAddress: string;
  readonly type: 'MailUniversalDistributionGroup' | 'MailUniversalSecurityGroup';
  readonly members: readonly Member[];
}

/** A member as it is listed. */
export type Recipient =
  | { readonly kind: 'mailbox'; readonly mailbox: Mailbox }
  | { readonly kind: 'group'; readonly group: DistributionGroup }
  | { readonly kind: 'contact'; readonly name: string; readonly smtp: string; readonly guid: string }
  /** A user of the directory without a mailbox. */
  | { readonly kind: 'user'; readonly name: string; readonly guid: string };

const PILOT_SIZE = 10;
const NESTED_SIZE = 5;
/** Contacts are recipients without a security principal. */
export const CONTACTS: readonly { readonly name: string; readonly smtp: string }[] = [
  { name: 'Partner (Fabrikam)', smtp: 'contact@fabrikam.com' },
];

export class Groups {
  readonly #directory: Directory;
  readonly #mailboxes: Mailboxes;
  readonly #own = new Map<string, DistributionGroup>();

  constructor(directory: Directory, mailboxes: Mailboxes) {
    this.#directory = directory;
    this.#mailboxes = mailboxes;
    const users = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => directory.users.idOfNumber(from + index))
        .filter((id) => id !== undefined)
        .map((id) => `user:${id}`);
    const interop = directory.users.lookUp('userPrincipalName', `interop@${this.#domain()}`)?.[0];
    const contacts = CONTACTS.map(({ smtp }) => `contact:${smtp}`);
    this.#seed('Visibility Nested', 'visibility-nested', users(PILOT_SIZE, NESTED_SIZE));
    this.#seed('Visibility Pilot', 'visibility-pilot', [
      ...users(0, PILOT_SIZE),
      ...contacts,
      'group:visibility-nested',
    ]);
    this.#seed('Nobody', 'nobody', []);
    this.#seed(
      'Interop role mailboxes',
      'interop-roles',
      interop === undefined ? [] : [`user:${interop.id}`],
    );
  }

  #domain(): string {
    return this.#directory.tenant.domains.find((domain) => domain.isDefault)?.id ?? '';
  }

  #seed(name: string, alias: string, members: readonly Member[]): void {
    this.#own.set(alias, {
      guid: this.#directory.random.uuid(`distribution group ${alias}`),
      objectId: this.#directory.random.uuid(`distribution group object ${alias}`),
      name,
      displayName: name,
      alias,
      primarySmtpAddress: `${alias}@${this.#domain()}`,
      type: alias === 'interop-roles' ? 'MailUniversalSecurityGroup' : 'MailUniversalDistributionGroup',
      members,
    });
  }

  *all(): Iterable<DistributionGroup> {
    yield* this.#own.values();
    for (const group of all(this.#directory.groups)) {
      if (this.#directory.sees(group) && hasMail(group)) yield this.#fromDirectory(group);
    }
  }

  #fromDirectory(group: Group): DistributionGroup {
    const alias = String(group.properties.mailNickname);
    return {
      guid: guidOfUser(this.#directory.random, group.id),
      objectId: group.id,
      name: group.id,
      displayName: String(group.properties.displayName),
      alias,
      primarySmtpAddress: String(group.properties.mail ?? `${alias}@${this.#domain()}`),
      type: 'MailUniversalSecurityGroup',
      members: group.members.map((id) => `user:${id}`),
    };
  }

  /** @throws CmdletError if there is none or more than one. */
  named(identity: string): DistributionGroup {
    const wanted = identity.trim().toLowerCase();
    const found = [...this.all()].filter((group) => this.#namesOf(group).includes(wanted));
    const [only] = found;
    if (only === undefined) throw notFound(identity);
    if (found.length > 1) throw ambiguous(identity);
    return only;
  }

  #namesOf(group: DistributionGroup): readonly string[] {
    const { guid, objectId, name, displayName, alias, primarySmtpAddress } = group;
    const names = [guid, objectId, name, displayName, alias, primarySmtpAddress, distinguishedName(name)];
    return names.map((value) => value.toLowerCase());
  }

  /** Members that exist, in the group's order; not those of groups within. */
  members(group: DistributionGroup): readonly Recipient[] {
    return group.members.map((member) => this.#recipient(member)).filter((found) => found !== undefined);
  }

  #recipient(member: Member): Recipient | undefined {
    const colon = member.indexOf(':');
    const key = member.slice(colon + 1);
    switch (member.slice(0, colon)) {
      case 'user': {
        const user = this.#directory.users.get(key);
        const mailbox = user === undefined ? undefined : this.#mailboxes.of(user);
        if (mailbox !== undefined) return { kind: 'mailbox', mailbox };
        return user === undefined
          ? undefined
          : { kind: 'user', name: String(user.properties.displayName ?? user.id), guid: user.id };
      }
      case 'group': {
        const group = this.#own.get(key);
        return group === undefined ? undefined : { kind: 'group', group };
      }
      default: {
        const contact = CONTACTS.find(({ smtp }) => smtp === key);
        return (
          contact && { kind: 'contact', ...contact, guid: this.#directory.random.uuid(`contact ${key}`) }
        );
      }
    }
  }

  /** Whether a mailbox is a direct member of the group with this distinguished name. */
  isMember(groupDn: string, mailbox: Mailbox): boolean {
    const wanted = groupDn.toLowerCase();
    for (const group of this.all()) {
      if (distinguishedName(group.name).toLowerCase() === wanted)
        return group.members.includes(`user:${mailbox.user.id}`);
    }
    return false;
  }

  /** Adds a mailbox to a group or takes it out; false where it was so already. */
  setMember(group: DistributionGroup, mailbox: Mailbox, isMember: boolean): boolean {
    const member = `user:${mailbox.user.id}`;
    if (group.members.includes(member) === isMember) return false;
    const rest = group.members.filter((other) => other !== member);
    const own = this.#own.get(group.alias);
    if (own !== undefined)
      this.#own.set(group.alias, { ...own, members: isMember ? [...rest, member] : rest });
    else this.#setInDirectory(group.objectId, mailbox.user.id, isMember);
    return true;
  }

  #setInDirectory(groupId: string, userId: string, isMember: boolean): void {
    const group = this.#directory.groups.get(groupId);
    if (group === undefined) return;
    const rest = group.members.filter((id) => id !== userId);
    this.#directory.groups.put({ ...group, members: isMember ? [...rest, userId] : rest });
  }

  describe(): Readonly<Record<string, unknown>> {
    return Object.fromEntries([...this.#own.values()].map(({ alias, members }) => [alias, members]));
  }
}

function hasMail(group: Group): boolean {
  return group.properties.mailEnabled === true && !textsOf(group.properties.groupTypes).includes('Unified');
}
