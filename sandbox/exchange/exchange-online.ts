/** The emulated Exchange Online: everything that cmdlets read and write. */
import { createHash } from 'node:crypto';
import type { Directory } from '../entra/directory.js';
import type { ExchangeFaults } from './faults.js';
import { Groups } from './groups.js';
import { Mailboxes } from './mailboxes.js';
import { Organization } from './organization.js';
import { Rbac } from './rbac.js';
import { SecretKey } from './secret-key.js';
import { Throttle } from './throttle.js';

/** Tenants up to this size are shown whole, larger ones by what differs from the seed. */
const SHOWN_WHOLE = 200;

export class ExchangeOnline {
  readonly mailboxes: Mailboxes;
  readonly organization: Organization;
  readonly groups: Groups;
  readonly rbac: Rbac;
  readonly throttle: Throttle;
  readonly secretKey = new SecretKey();
  /** SHA-256 of passwords, of the role account and of those that New-Mailbox gave, in hex, by object id of the user. */
  readonly passwordHashes = new Map<string, string>();

  constructor(
    readonly directory: Directory,
    readonly faults: ExchangeFaults,
  ) {
    const settings = () => faults.settings;
    directory.licences.limitBy(() => faults.settings.freeLicences);
    this.mailboxes = new Mailboxes(directory, settings);
    this.organization = new Organization(settings, () => directory.now());
    this.groups = new Groups(directory, this.mailboxes);
    this.rbac = new Rbac(directory, this.groups);
    this.throttle = new Throttle(() => faults.settings.ceiling);
  }

  /** A password for an account of the seed, the same for the same seed. */
  givePassword(address: string): string {
    const password = this.directory.random.nextSecret(`password ${address}`);
    const [user] = this.directory.users.lookUp('userPrincipalName', address) ?? [];
    if (user !== undefined) this.keepPassword(user.id, password);
    return password;
  }

  keepPassword(userId: string, password: string): void {
    this.passwordHashes.set(userId, createHash('sha256').update(password).digest('hex'));
  }

  /** Everything that can be changed, as plain JSON that is equal when nothing differs. Times are not in it. */
  describe(): Readonly<Record<string, unknown>> {
    return {
      organization: this.organization.config,
      mailboxes: this.mailboxes.describe(SHOWN_WHOLE),
      distributionGroups: this.groups.describe(),
      ...this.rbac.describe(),
    };
  }
}
