/**
 * A small tenant in memory: users, licences that make mailboxes after a while, and the cmdlets on them. Strict where Microsoft is: no
 * licence without a country, none beyond those that were bought, no mailbox without a licence except by New-Mailbox.
 */

import { InteropError } from '../../../infra/errors.js';
import type {
  DirectoryPort,
  DirectoryUser,
  NewUser,
  Sku,
  UserChange,
} from '../../../infra/exchange/role-mailboxes/directory-port.js';
import { ManualClock } from '../../exchange-transport/support/manual-clock.js';
import { MemoryPort, notFound } from '../../support/memory-port.js';

export const STANDARD = '4b9405b0-7788-4568-add1-99614e613b69';
export const E3 = '6fd2c87f-b296-42f0-b197-1e91e994b900';
export const KIOSK = '80b2d799-d2ba-4d2a-8842-fb0d0f3a4b82';

export interface Person extends DirectoryUser {
  readonly displayName: string;
  readonly password: string | null;
  readonly kind: string;
  readonly primaryAddress: string;
  readonly hidden: boolean;
  /** When it got its first licence for Exchange; null for never. */
  readonly licensedAt: number | null;
  readonly madeByCmdlet: boolean;
}

export class Tenant implements DirectoryPort {
  readonly clock = new ManualClock();
  readonly users = new Map<string, Person>();
  readonly port: MemoryPort;
  /** Names of the writes to the directory, in order. */
  readonly writes: string[] = [];
  skus: Sku[] = [
    sku(STANDARD, 'EXCHANGESTANDARD', 'EXCHANGE_S_STANDARD', 25),
    sku(E3, 'ENTERPRISEPACK', 'EXCHANGE_S_ENTERPRISE', 25),
    sku(KIOSK, 'EXCHANGEDESKLESS', 'EXCHANGE_S_DESKLESS', 25),
    sku('f30db892-07e9-47e9-837c-80727f46fd3d', 'FLOW_FREE', 'FLOW_P2_VIRAL', 25),
  ];
  country: string | undefined = 'DE';
  /** From licence to mailbox. */
  licenceDelay = 0;
  /** A fresh user is not seen by reads for so long. */
  replicationDelay = 0;
  /** Called before every step; throws to cut a run off. */
  interrupt: (step: string) => void = () => undefined;
  #seenFrom = new Map<string, number>();
  #next = 1;

  constructor(transport: 'rest' | 'powershell' = 'rest') {
    this.port = new MemoryPort(
      {
        'Get-Mailbox': ({ Identity = '' }) => [row(this.#mailbox('Get-Mailbox', Identity))],
        'New-Mailbox': (given) => {
          this.interrupt('New-Mailbox');
          const person = this.#add({
            userPrincipalName: given.MicrosoftOnlineServicesID,
            displayName: given.DisplayName ?? given.Name,
            mailNickname: given.Alias ?? '',
            accountEnabled: true,
            passwordPolicies: null,
            usageLocation: null,
            password: given.Password,
            madeByCmdlet: true,
          });
          this.interrupt('after New-Mailbox');
          return [row(person)];
        },
        'Set-Mailbox': ({ Identity, HiddenFromAddressListsEnabled }) => {
          this.interrupt('Set-Mailbox');
          const person = this.#mailbox('Set-Mailbox', Identity);
          this.users.set(person.id, { ...person, hidden: HiddenFromAddressListsEnabled });
          return [];
        },
      },
      transport,
    );
  }

  /** Somebody who was there before. */
  person(address: string, more: Partial<Person> = {}): Person {
    const person = this.#add({
      userPrincipalName: address,
      displayName: address,
      mailNickname: address.split('@')[0] ?? '',
      accountEnabled: true,
      passwordPolicies: null,
      usageLocation: 'FR',
      password: 'theirs',
      madeByCmdlet: false,
    });
    const licensed = { licences: [{ skuId: E3, disabledPlans: [] }], licensedAt: -Infinity };
    const whole: Person = { ...person, ...licensed, ...more };
    this.users.set(whole.id, whole);
    return whole;
  }

  async getUser(id: string): Promise<DirectoryUser | undefined> {
    const person = this.#byId(id);
    const seenFrom = person === undefined ? undefined : this.#seenFrom.get(person.id);
    return seenFrom === undefined || seenFrom > this.clock.now() ? undefined : person;
  }

  async findMemberByAddress(address: string): Promise<DirectoryUser | undefined> {
    const person = [...this.users.values()].find(({ primaryAddress }) => primaryAddress === address);
    return person === undefined ? undefined : await this.getUser(person.id);
  }

  async createUser(user: NewUser): Promise<DirectoryUser> {
    this.interrupt('createUser');
    this.writes.push('createUser');
    const made = this.#add({ ...user, madeByCmdlet: false });
    this.interrupt('after createUser');
    return made;
  }

  async updateUser(id: string, change: UserChange): Promise<void> {
    this.interrupt('updateUser');
    this.writes.push('updateUser');
    const person = this.#existing(id);
    if (person.synchronised) throw new Error('synchronised');
    this.users.set(id, { ...person, ...change });
  }

  async deleteUser(id: string): Promise<void> {
    this.interrupt('deleteUser');
    this.writes.push('deleteUser');
    this.users.delete(id);
  }

  async subscribedSkus(): Promise<readonly Sku[]> {
    return this.skus.map((one) => ({ ...one, consumed: one.consumed + this.#holders(one.id) }));
  }

  async assignLicenses(
    id: string,
    { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ) {
    this.interrupt('assignLicenses');
    this.writes.push('assignLicenses');
    const person = this.#existing(id);
    if (person.usageLocation === null) throw new Error('no usage location');
    for (const skuId of add) {
      const bought = this.skus.find((one) => one.id === skuId);
      if (bought === undefined || bought.enabled <= bought.consumed + this.#holders(skuId))
        throw new Error('none left');
    }
    const kept = person.licences.filter(({ skuId }) => !remove.includes(skuId) && !add.includes(skuId));
    const licences = [...kept, ...add.map((skuId) => ({ skuId, disabledPlans: [] }))];
    const licensedAt = licences.some(({ skuId }) => makesMailbox(this.skus, skuId))
      ? (person.licensedAt ?? this.clock.now())
      : null;
    this.users.set(id, { ...person, licences, licensedAt });
  }

  async tenantCountry(): Promise<string | undefined> {
    return this.country;
  }

  /** Everybody, without what differs from run to run. */
  dump(): readonly object[] {
    return [...this.users.values()]
      .map(({ id: _id, password: _password, licensedAt: _at, madeByCmdlet: _made, ...rest }) => rest)
      .sort((one, other) => (one.userPrincipalName < other.userPrincipalName ? -1 : 1));
  }

  at(address: string): Person | undefined {
    return this.#byId(address);
  }

  #add(
    given: Omit<NewUser, 'usageLocation'> & {
      readonly usageLocation: string | null;
      readonly madeByCmdlet: boolean;
    },
  ): Person {
    if (this.#byId(given.userPrincipalName) !== undefined) throw new Error('the address is taken');
    const id = `00000000-0000-4000-8000-${String(this.#next++).padStart(12, '0')}`;
    const person: Person = {
      ...given,
      id,
      licences: [],
      synchronised: false,
      kind: 'UserMailbox',
      primaryAddress: given.userPrincipalName,
      hidden: false,
      licensedAt: null,
    };
    this.users.set(id, person);
    this.#seenFrom.set(id, this.clock.now() + this.replicationDelay);
    return person;
  }

  #holders(skuId: string): number {
    return [...this.users.values()].filter(({ licences }) => licences.some((one) => one.skuId === skuId))
      .length;
  }

  #existing(id: string): Person {
    const person = this.users.get(id);
    if (person === undefined || (this.#seenFrom.get(id) ?? 0) > this.clock.now()) {
      throw new InteropError({ kind: 'failure', summary: 'status 404' });
    }
    return person;
  }

  #byId(identity: string): Person | undefined {
    const wanted = identity.toLowerCase();
    return [...this.users.values()].find(({ id, userPrincipalName, primaryAddress }) =>
      [id, guidOf(id), userPrincipalName, primaryAddress].some((name) => name.toLowerCase() === wanted),
    );
  }

  #mailbox(cmdlet: string, identity: string): Person {
    const person = this.#byId(identity);
    const isThere =
      person !== undefined &&
      (person.madeByCmdlet ||
        person.kind !== 'UserMailbox' ||
        (person.licensedAt !== null && person.licensedAt + this.licenceDelay <= this.clock.now()));
    if (!isThere) throw notFound(cmdlet, identity);
    return person;
  }
}

function sku(id: string, partNumber: string, plan: string, enabled: number): Sku {
  return { id, partNumber, consumed: 0, enabled, servicePlans: [{ id: `${id}-plan`, name: plan }] };
}

function makesMailbox(skus: readonly Sku[], skuId: string): boolean {
  const plans = skus.find(({ id }) => id === skuId)?.servicePlans ?? [];
  return plans.some(({ name }) => name.startsWith('EXCHANGE_S_'));
}

function guidOf(id: string): string {
  return id.replace(/^00000000/, 'aaaaaaaa');
}

function row(person: Person) {
  return {
    Guid: guidOf(person.id),
    ExternalDirectoryObjectId: person.id,
    UserPrincipalName: person.userPrincipalName,
    PrimarySmtpAddress: person.primaryAddress,
    DisplayName: person.displayName,
    RecipientTypeDetails: person.kind,
    HiddenFromAddressListsEnabled: person.hidden,
  };
}
