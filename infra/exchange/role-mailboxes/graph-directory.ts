/**
 * Users and licences over Microsoft Graph v1.0.
 *
 * Facts: learn.microsoft.com/graph/api/user-get, user-post-users, user-update, user-delete, user-assignlicense,
 * subscribedsku-list, organization-list.
 */
import type { GraphRequest } from '@microsoft/microsoft-graph-client';
import { z } from 'zod';
import { type GraphClientOptions, openGraphCall } from '../../graph/graph-call.js';
import { checkedAnswer, type GraphCall, graphFailure, statusOf } from '../../graph/graph-error.js';
import { Filter, segment } from '../../graph/odata.js';
import type { DirectoryPort, DirectoryUser, NewUser, Sku, UserChange } from './directory-port.js';

const USER_FIELDS =
  'id,userPrincipalName,mailNickname,accountEnabled,passwordPolicies,usageLocation,assignedLicenses,onPremisesSyncEnabled';

const userSchema = z
  .object({
    id: z.string().min(1),
    userPrincipalName: z.string().min(1),
    mailNickname: z.string().nullish(),
    accountEnabled: z.boolean(),
    passwordPolicies: z.string().nullish(),
    usageLocation: z.string().nullish(),
    assignedLicenses: z.array(z.object({ skuId: z.string(), disabledPlans: z.array(z.string()).nullish() })),
    onPremisesSyncEnabled: z.boolean().nullish(),
  })
  .transform(
    (user): DirectoryUser => ({
      id: user.id,
      userPrincipalName: user.userPrincipalName,
      mailNickname: user.mailNickname ?? null,
      accountEnabled: user.accountEnabled,
      passwordPolicies: user.passwordPolicies ?? null,
      usageLocation: user.usageLocation ?? null,
      licences: user.assignedLicenses.map(({ skuId, disabledPlans }) => ({
        skuId,
        disabledPlans: disabledPlans ?? [],
      })),
      synchronised: user.onPremisesSyncEnabled ?? false,
    }),
  );

const foundSchema = z.object({ value: z.array(z.looseObject({ userType: z.string().nullish() })) });

const skusSchema = z.object({
  value: z.array(
    z
      .object({
        skuId: z.string(),
        skuPartNumber: z.string(),
        consumedUnits: z.number(),
        prepaidUnits: z.object({ enabled: z.number(), warning: z.number().nullish() }),
        servicePlans: z.array(z.object({ servicePlanId: z.string(), servicePlanName: z.string() })),
      })
      .transform(
        (sku): Sku => ({
          id: sku.skuId,
          partNumber: sku.skuPartNumber,
          consumed: sku.consumedUnits,
          // Units in the grace period after expiry may still be given out; suspended ones not (licenseUnitsDetail).
          enabled: sku.prepaidUnits.enabled + (sku.prepaidUnits.warning ?? 0),
          servicePlans: sku.servicePlans.map((plan) => ({
            id: plan.servicePlanId,
            name: plan.servicePlanName,
          })),
        }),
      ),
  ),
});

const organizationSchema = z.object({
  value: z.array(z.object({ countryLetterCode: z.string().nullish() })),
});

const READ_USER = ['User.Read.All'];
const WRITE_USER = ['User.ReadWrite.All'];
const WRITE_PASSWORD = ['User-PasswordProfile.ReadWrite.All'];
const WRITE_LICENCE = ['LicenseAssignment.ReadWrite.All', 'User.ReadWrite.All'];
const READ_LICENCES = ['LicenseAssignment.Read.All', 'Organization.Read.All'];

export class GraphDirectory implements DirectoryPort {
  readonly #options: GraphClientOptions;

  constructor(options: GraphClientOptions) {
    this.#options = options;
  }

  async getUser(id: string): Promise<DirectoryUser | undefined> {
    const call = { doing: 'looking up a role mailbox', needs: READ_USER };
    const read = (request: GraphRequest) => request.select(USER_FIELDS).get();
    const answer = await this.#run(`/users/${segment(id)}`, call, read, true);
    return answer === ABSENT ? undefined : checkedAnswer(answer, userSchema, call);
  }

  async findMemberByAddress(address: string): Promise<DirectoryUser | undefined> {
    const call = { doing: 'looking up who has an address', needs: READ_USER };
    // Graph compares without regard to case: `SMTP:`, the primary one, is found, too.
    const filter = Filter.anyEq('proxyAddresses', `smtp:${address}`);
    const read = (request: GraphRequest) => request.select(`${USER_FIELDS},userType`).get();
    const answer = await this.#run(`/users?$filter=${filter.encoded()}`, call, read);
    const found = checkedAnswer(answer, foundSchema, call).value.find(({ userType }) => userType !== 'Guest');
    return found === undefined ? undefined : checkedAnswer(found, userSchema, call);
  }

  async createUser({ password, passwordPolicies, ...user }: NewUser): Promise<DirectoryUser> {
    const call = { doing: 'making a role mailbox', needs: WRITE_USER };
    const body = {
      ...user,
      ...(passwordPolicies === null ? {} : { passwordPolicies }),
      passwordProfile: { password, forceChangePasswordNextSignIn: false },
    };
    const answer = await this.#run('/users', call, (request) => request.post(body));
    const made = checkedAnswer(answer, z.object({ id: z.string().min(1) }), call);
    // The answer holds few properties, and we know the others.
    return { ...user, passwordPolicies, id: made.id, licences: [], synchronised: false };
  }

  async updateUser(id: string, { password, passwordPolicies, ...change }: UserChange): Promise<void> {
    const call = {
      doing: 'changing a role mailbox',
      needs: password === undefined ? WRITE_USER : WRITE_PASSWORD,
    };
    const body = {
      ...change,
      // `None` gives the tenant's own policy back.
      ...(passwordPolicies === undefined ? {} : { passwordPolicies: passwordPolicies ?? 'None' }),
      ...(password === undefined
        ? {}
        : { passwordProfile: { password, forceChangePasswordNextSignIn: false } }),
    };
    await this.#run(`/users/${segment(id)}`, call, (request) => request.patch(body));
  }

  async deleteUser(id: string): Promise<void> {
    const call = { doing: 'deleting a role mailbox', needs: WRITE_USER };
    await this.#run(`/users/${segment(id)}`, call, (request) => request.delete(), true);
  }

  async subscribedSkus(): Promise<readonly Sku[]> {
    const call = { doing: "reading the tenant's licences", needs: READ_LICENCES };
    const answer = await this.#run('/subscribedSkus', call, (request) => request.get());
    return checkedAnswer(answer, skusSchema, call).value;
  }

  async assignLicenses(
    id: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ): Promise<void> {
    const call = { doing: 'giving a role mailbox its licence', needs: WRITE_LICENCE };
    const body = {
      addLicenses: change.add.map((skuId) => ({ skuId, disabledPlans: [] })),
      removeLicenses: change.remove,
    };
    await this.#run(`/users/${segment(id)}/assignLicense`, call, (request) => request.post(body));
  }

  async tenantCountry(): Promise<string | undefined> {
    const call = { doing: "reading the tenant's country", needs: ['Organization.Read.All'] };
    const answer = await this.#run('/organization', call, (request) => request.get());
    return checkedAnswer(answer, organizationSchema, call).value[0]?.countryLetterCode ?? undefined;
  }

  async #run(
    path: string,
    call: GraphCall,
    send: (request: GraphRequest) => Promise<unknown>,
    mayBeAbsent = false,
  ): Promise<unknown> {
    const { graph, trust } = this.#options;
    const { client, transport } = openGraphCall(this.#options);
    try {
      return await send(client.api(path));
    } catch (error) {
      const failure = transport.failure ?? error;
      if (mayBeAbsent && statusOf(failure) === 404) return ABSENT;
      throw graphFailure(failure, call, graph, trust);
    }
  }
}

const ABSENT = Symbol('absent');
