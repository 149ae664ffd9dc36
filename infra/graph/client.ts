/**
 * The one Microsoft Graph client for calls that are not Pulumi's, on @microsoft/microsoft-graph-client.
 *
 * Every answer is checked before it is used; every failure is an InteropError that names the permission that a call needs.
 */
import type { GraphRequest } from '@microsoft/microsoft-graph-client';
import type { z } from 'zod';
import { InteropError } from '../errors.js';
import { type GraphClientOptions, openGraphCall } from './graph-call.js';
import { checkedAnswer, codeOf, type GraphCall, graphFailure, statusOf } from './graph-error.js';
import {
  type Application,
  type AppManagementPolicy,
  type AppRoleAssignment,
  applicationSchema,
  appManagementPolicySchema,
  appRoleAssignmentSchema,
  type CredentialSignIn,
  credentialSignInSchema,
  pageSchema,
  type ServicePrincipal,
  servicePrincipalSchema,
  type TenantAppManagementPolicy,
  tenantAppManagementPolicySchema,
} from './graph-objects.js';
import { Filter, segment } from './odata.js';
import { ServerClock } from './server-clock.js';

export type { GraphClientOptions } from './graph-call.js';
export type {
  Application,
  AppManagementPolicy,
  AppRoleAssignment,
  CredentialSignIn,
  ServicePrincipal,
  TenantAppManagementPolicy,
} from './graph-objects.js';

const APPLICATION_FIELDS = 'id,appId,displayName,createdDateTime,tags,passwordCredentials';
const PRINCIPAL_FIELDS = 'id,appId,displayName,appRoles';

const READ_APPLICATIONS = [
  'Application.Read.All',
  'Application.ReadWrite.OwnedBy',
  'Application.ReadWrite.All',
];

/** Pages of a list beyond which something is wrong. */
const PAGE_LIMIT = 1_000;

const READ_POLICIES = ['Policy.Read.All'];

/** A list to read. */
interface ListRequest {
  readonly path: string;
  /** @default v1.0 */
  readonly version?: 'beta';
  readonly filter?: Filter;
  readonly select?: string;
  /** Graph's advanced queries: answered from an index that lags behind (learn.microsoft.com/graph/aad-advanced-queries). */
  readonly advanced?: boolean;
}

/** Calls to Microsoft Graph, v1.0 but for reports that are there in beta only. */
export class GraphClient {
  /** Entra's time, once it has answered: Graph stands before it, and both are Microsoft's machines. */
  readonly clock = new ServerClock();
  readonly #options: GraphClientOptions;

  constructor(options: GraphClientOptions) {
    this.#options = { ...options, clock: this.clock };
  }

  /** An app registration by its client id or its object id; undefined when there is none. */
  async getApplication(
    by: { readonly appId: string } | { readonly objectId: string },
  ): Promise<Application | undefined> {
    if ('appId' in by) {
      const [found] = await this.#findApplications(Filter.eq('appId', by.appId));
      return found;
    }
    const call = { doing: 'reading the registration', needs: READ_APPLICATIONS };
    return await this.#get(
      `/applications/${segment(by.objectId)}`,
      APPLICATION_FIELDS,
      applicationSchema,
      call,
    );
  }

  /**
   * Registrations that carry a tag.
   *
   * Asked from the directory itself; where Graph wants an advanced query for that, from its index, which may lag behind.
   */
  async findApplicationsByTag(tag: string): Promise<readonly Application[]> {
    return await this.#findApplications(Filter.anyEq('tags', tag));
  }

  /** Registrations of exactly this display name; Graph compares without regard to case. */
  async findApplicationsByDisplayName(name: string): Promise<readonly Application[]> {
    return await this.#findApplications(Filter.eq('displayName', name));
  }

  /** The service principal of an application, by its client id; undefined when the tenant has none. */
  async findServicePrincipal(appId: string): Promise<ServicePrincipal | undefined> {
    const call = { doing: 'looking up a service principal', needs: READ_APPLICATIONS };
    const request = {
      path: '/servicePrincipals',
      filter: Filter.eq('appId', appId),
      select: PRINCIPAL_FIELDS,
    };
    const [found] = await this.#list(request, servicePrincipalSchema, call);
    return found;
  }

  /** App roles of an API that are granted to one principal; empty when the API's service principal does not exist. */
  async listAppRoleAssignedTo(
    resourceId: string,
    principalId: string,
  ): Promise<readonly AppRoleAssignment[]> {
    const call = { doing: 'reading consents', needs: ['Application.Read.All', 'Directory.Read.All'] };
    const path = `/servicePrincipals/${segment(resourceId)}/appRoleAssignedTo`;
    const granted = await this.#list({ path }, appRoleAssignmentSchema, call);
    return granted.filter((assignment) => assignment.principalId === principalId);
  }

  /** Removes a secret of a registration. */
  async removePassword(objectId: string, keyId: string): Promise<void> {
    const call = {
      doing: 'removing a secret',
      needs: ['Application.ReadWrite.OwnedBy (as an owner of the registration)', 'Application.ReadWrite.All'],
    };
    const path = `/applications/${segment(objectId)}/removePassword`;
    await this.#run(path, call, (request) => request.post({ keyId }));
  }

  /**
   * When each credential of an application signed in last; none for one that never did, or of which the report does not tell yet.
   *
   * Beta and the global cloud only (learn.microsoft.com/graph/api/reportroot-list-appcredentialsigninactivities). UNCONFIRMED: how late
   * the report is, and which licence it wants.
   */
  async listCredentialSignIns(appId: string): Promise<readonly CredentialSignIn[]> {
    const call = {
      doing: 'reading which secrets sign in',
      needs: ['AuditLog.Read.All', 'Directory.Read.All'],
    };
    const request = {
      path: '/reports/appCredentialSignInActivities',
      version: 'beta',
      filter: Filter.eq('appId', appId),
    } as const;
    return await this.#list(request, credentialSignInSchema, call);
  }

  /** What the tenant's default policy allows applications (learn.microsoft.com/graph/api/tenantappmanagementpolicy-get). */
  async getTenantAppManagementPolicy(): Promise<TenantAppManagementPolicy | undefined> {
    const call = { doing: "reading the tenant's app management policy", needs: READ_POLICIES };
    const answer = await this.#run('/policies/defaultAppManagementPolicy', call, (request) => request.get(), {
      absent: [404],
    });
    return answer === NOTHING ? undefined : checkedAnswer(answer, tenantAppManagementPolicySchema, call);
  }

  /** A registration's own app management policies: none or one. */
  async listAppManagementPolicies(objectId: string): Promise<readonly AppManagementPolicy[]> {
    const call = {
      doing: "reading the registration's app management policies",
      needs: ['Policy.Read.All with Application.Read.All'],
    };
    const path = `/applications/${segment(objectId)}/appManagementPolicies`;
    return await this.#list({ path }, appManagementPolicySchema, call);
  }

  async #findApplications(filter: Filter): Promise<readonly Application[]> {
    const call = { doing: 'looking up registrations', needs: READ_APPLICATIONS };
    return await this.#list(
      { path: '/applications', filter, select: APPLICATION_FIELDS },
      applicationSchema,
      call,
    );
  }

  async #get<T>(path: string, select: string, schema: z.ZodType<T>, call: GraphCall): Promise<T | undefined> {
    const answer = await this.#run(path, call, (request) => request.select(select).get(), {
      absent: [404],
    });
    return answer === NOTHING ? undefined : checkedAnswer(answer, schema, call);
  }

  async #list<T>(request: ListRequest, schema: z.ZodType<T>, call: GraphCall): Promise<readonly T[]> {
    const items: T[] = [];
    let next: string | undefined;
    for (let page = 0; page < PAGE_LIMIT; page += 1) {
      const answer = await this.#page(request, next, call);
      if (answer === NOTHING) return items;
      if (answer === UNSUPPORTED) return await this.#list({ ...request, advanced: true }, schema, call);
      const { value, '@odata.nextLink': link } = checkedAnswer(answer, pageSchema, call);
      items.push(...value.map((item) => checkedAnswer(item, schema, call)));
      if (link === undefined) return items;
      next = link;
    }
    throw new InteropError({
      kind: 'failure',
      summary: `Microsoft Graph does not come to an end when ${call.doing}`,
      problems: [{ where: request.path, what: 'there are too many pages', found: `${PAGE_LIMIT} pages` }],
    });
  }

  async #page(request: ListRequest, next: string | undefined, call: GraphCall): Promise<unknown> {
    const mayAdvance = request.filter !== undefined && request.advanced !== true && next === undefined;
    const read = (graph: GraphRequest) => {
      if (request.advanced === true) graph.header('ConsistencyLevel', 'eventual');
      if (next !== undefined) return graph.get();
      if (request.advanced === true) graph.query({ $count: 'true' });
      // The library joins the query as it is: it is encoded here, once.
      if (request.filter !== undefined) graph.query({ $filter: request.filter.encoded() });
      if (request.select !== undefined) graph.select(request.select);
      return graph.get();
    };
    const { version } = request;
    return await this.#run(next ?? request.path, call, read, { absent: [404], mayAdvance, version });
  }

  /** One request; {@link NOTHING} for a status in `absent`, {@link UNSUPPORTED} where an advanced query `mayAdvance`. */
  async #run(
    path: string,
    call: GraphCall,
    send: (request: GraphRequest) => Promise<unknown>,
    { absent = [], mayAdvance = false, version = 'v1.0' }: RunOptions = {},
  ): Promise<unknown> {
    const { graph, trust } = this.#options;
    const { client, transport } = openGraphCall(this.#options, version);
    try {
      return await send(client.api(path));
    } catch (error) {
      const failure = transport.failure ?? error;
      const status = statusOf(failure);
      if (status !== undefined && absent.includes(status)) return NOTHING;
      if (mayAdvance && status === 400 && codeOf(failure) === 'Request_UnsupportedQuery') return UNSUPPORTED;
      throw graphFailure(failure, call, graph, trust);
    }
  }
}

interface RunOptions {
  readonly absent?: readonly number[];
  readonly mayAdvance?: boolean;
  readonly version?: 'v1.0' | 'beta' | undefined;
}

/** The object, or the list, does not exist. */
const NOTHING = Symbol('nothing');
/** Graph wants an advanced query for this filter. */
const UNSUPPORTED = Symbol('unsupported');
