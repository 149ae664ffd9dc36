/**
 * What role mailboxes need of the directory: users and licences. graph-directory.ts does it over Microsoft Graph.
 *
 * Facts: learn.microsoft.com/graph/api/resources/user, subscribedsku, user-assignlicense, organization.
 */

/** A user, as far as a role mailbox goes. */
export interface DirectoryUser {
  /** Object id. */
  readonly id: string;
  readonly userPrincipalName: string;
  readonly mailNickname: string | null;
  readonly accountEnabled: boolean;
  /** Words with commas, such as `DisablePasswordExpiration`; null or `None` for the tenant's own policy. */
  readonly passwordPolicies: string | null;
  /** Two letters (ISO 3166-1). */
  readonly usageLocation: string | null;
  /** Its licences, those by a group included. */
  readonly licences: readonly AssignedLicence[];
  /** Kept by a directory on the customer's side: Graph then refuses to change it. */
  readonly synchronised: boolean;
}

export interface AssignedLicence {
  readonly skuId: string;
  /** Ids of the services in it that are switched off for this user. */
  readonly disabledPlans: readonly string[];
}

/** A user to make. */
export interface NewUser {
  readonly userPrincipalName: string;
  readonly displayName: string;
  readonly mailNickname: string;
  readonly accountEnabled: boolean;
  readonly passwordPolicies: string | null;
  readonly usageLocation: string;
  readonly password: string;
}

/** What changes; absent members stay. */
export interface UserChange {
  readonly accountEnabled?: boolean;
  /** Null gives the tenant's own policy back. */
  readonly passwordPolicies?: string | null;
  readonly usageLocation?: string | null;
  readonly password?: string;
}

/** A licence that the tenant has bought. */
export interface Sku {
  readonly id: string;
  /** Part number, such as `EXCHANGESTANDARD`. */
  readonly partNumber: string;
  readonly consumed: number;
  /** Units that may be given out: those in force and those in the grace period after expiry. */
  readonly enabled: number;
  readonly servicePlans: readonly ServicePlan[];
}

/** A service in a licence. */
export interface ServicePlan {
  readonly id: string;
  /** Such as `EXCHANGE_S_STANDARD`. */
  readonly name: string;
}

/** All methods throw an InteropError that names the permission which a call needs. */
export interface DirectoryPort {
  /** By object id or user principal name; undefined when there is none. */
  getUser(id: string): Promise<DirectoryUser | undefined>;
  /** By any of its addresses, primary or not; undefined when nobody has it but a guest, whose mailbox is elsewhere. */
  findMemberByAddress(address: string): Promise<DirectoryUser | undefined>;
  createUser(user: NewUser): Promise<DirectoryUser>;
  updateUser(id: string, change: UserChange): Promise<void>;
  /** One that is gone already is as good. */
  deleteUser(id: string): Promise<void>;
  subscribedSkus(): Promise<readonly Sku[]>;
  /** Gives and takes licences in one step. */
  assignLicenses(
    id: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ): Promise<void>;
  /** Country of the tenant in two letters; undefined where it has none. */
  tenantCountry(): Promise<string | undefined>;
}
