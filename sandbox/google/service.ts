/**
 * Google's interfaces, as far as the product reads them: Cloud Identity (policies, unmanaged accounts), Admin SDK Directory (users,
 * organisational units) and Reports. Their hosts are one here; the paths are Google's.
 */
import type { Json, JsonObject } from '../json.js';
import { type HttpReply, type HttpRequest, jsonReply } from '../server/http.js';
import { CUSTOMER_ID, SUPER_ADMINISTRATOR, type WorkspaceCustomer, type WorkspaceUser } from './customer.js';
import { GoogleRefusal, refusalReply } from './errors.js';
import { masked, pageToken, placeIn, policyPattern, refuseUnknown, sizeIn } from './query.js';
import { type GoogleSignIn, SCOPES } from './sign-in.js';

/** Whether a request is for Google. */
export function isGoogle(request: Pick<HttpRequest, 'segments'>): boolean {
  const [first, second] = request.segments;
  return (
    first === 'token' ||
    first === 'v1' ||
    (first === 'admin' && ['directory', 'reports'].includes(second ?? ''))
  );
}

/** Google's throttling and outages, for faults that hit its routes. */
export function googleFaultReply(request: HttpRequest, status: 429 | 503): HttpReply {
  const refusal =
    status === 429
      ? new GoogleRefusal(429, 'Quota exceeded for quota metric.', 'RATE_LIMIT_EXCEEDED')
      : new GoogleRefusal(503, 'The service is currently unavailable.', 'backendError');
  return refusalReply(refusal, request.segments[0] === 'admin');
}

export class GoogleService {
  /** So many requests to the Admin SDK are refused for the quota, with 403 as it does. */
  quotaRefusals = 0;

  constructor(
    private readonly customer: WorkspaceCustomer,
    private readonly signIn: GoogleSignIn,
  ) {}

  answer(request: HttpRequest): HttpReply {
    const isAdminSdk = request.segments[0] === 'admin';
    if (request.segments[0] === 'token') return this.signIn.answer(request);
    try {
      if (request.method !== 'GET') throw notEmulated(request);
      return jsonReply(200, masked(this.#route(request), request.query));
    } catch (error) {
      if (error instanceof GoogleRefusal) return refusalReply(error, isAdminSdk);
      throw error;
    }
  }

  #route(request: HttpRequest): JsonObject {
    const [first, second, third, ...rest] = request.segments;
    if (first === 'v1') {
      if (second === 'policies' && third === undefined) return this.#policies(request);
      if (second === 'customers' && rest.join('/') === 'userinvitations')
        return this.#invitations(request, third);
      throw notEmulated(request);
    }
    if (second === 'directory' && third === 'v1') {
      if (rest[0] === 'users' && rest.length < 3)
        return rest[1] === undefined ? this.#users(request) : this.#user(request, rest[1]);
      if (rest[0] === 'customer' && rest[2] === 'orgunits' && rest.length === 3)
        return this.#orgUnits(request, rest[1]);
    }
    if (
      second === 'reports' &&
      third === 'v1' &&
      rest.slice(0, 4).join('/') === 'activity/users/all/applications'
    ) {
      return this.#activities(request, rest[4]);
    }
    throw notEmulated(request);
  }

  /** Super administrators only. Pages may be empty although others follow; here the first one always is. */
  #policies(request: HttpRequest): JsonObject {
    this.#superAdministrator(request, SCOPES.policies, 'The caller does not have permission');
    refuseUnknown(request.query, ['filter', 'pageSize', 'pageToken']);
    const size = sizeIn(request.query, 'pageSize', { fallback: 50, least: 1, most: 100, cut: true });
    const pattern = policyPattern(request.query.get('filter'));
    const place = placeIn(request.query);
    const found = this.customer.policies.filter(({ type }) => pattern.test(type));
    if (place === 0) return { nextPageToken: pageToken(request.query, 1) };
    const from = place - 1;
    const policies = found.slice(from, from + size).map((policy) => ({
      name: `policies/${policy.sortOrder}`,
      customer: `customers/${CUSTOMER_ID}`,
      policyQuery: {
        query:
          policy.group === ''
            ? `entity.org_units.exists(org_unit, org_unit.org_unit_id == orgUnitId('${policy.orgUnit}'))`
            : `entity.groups.exists(group, group.group_id == groupId('${policy.group}'))`,
        orgUnit: `orgUnits/${policy.orgUnit}`,
        ...(policy.group === '' ? {} : { group: `groups/${policy.group}` }),
        sortOrder: policy.sortOrder,
      },
      setting: { type: policy.type, value: policy.value },
      type: 'ADMIN',
    }));
    const more = from + size < found.length ? { nextPageToken: pageToken(request.query, place + size) } : {};
    return { policies, ...more };
  }

  #invitations(request: HttpRequest, customer: string | undefined): JsonObject {
    this.#superAdministrator(request, SCOPES.invitations, 'The caller does not have permission');
    this.#checkCustomer(customer, false);
    refuseUnknown(request.query, ['pageSize', 'pageToken', 'filter', 'orderBy']);
    const size = sizeIn(request.query, 'pageSize', { fallback: 100, least: 1, most: 200, cut: true });
    const place = placeIn(request.query);
    const all = [...this.customer.unmanaged].sort();
    const userInvitations = all.slice(place, place + size).map((address) => ({
      name: `customers/${CUSTOMER_ID}/userinvitations/${encodeURIComponent(address)}`,
      state: 'NOT_YET_SENT',
      mailsSentCount: '0',
    }));
    const more = place + size < all.length ? { nextPageToken: pageToken(request.query, place + size) } : {};
    return { userInvitations, ...more };
  }

  #users(request: HttpRequest): JsonObject {
    this.#administrator(request, SCOPES.users);
    const { query } = request;
    refuseUnknown(query, ['customer', 'domain', 'maxResults', 'pageToken', 'projection', 'viewType']);
    const domain = query.get('domain');
    if ((domain === null) === (query.get('customer') === null)) {
      throw new GoogleRefusal(400, 'Bad Request', 'badRequest');
    }
    if (domain === null) this.#checkCustomer(query.get('customer') ?? undefined, true);
    else if (!this.customer.domains.includes(domain))
      throw new GoogleRefusal(404, 'Domain not found.', 'notFound');
    const size = sizeIn(query, 'maxResults', { fallback: 100, least: 1, most: 500, cut: false });
    const users: JsonObject[] = [];
    let last = placeIn(query);
    for (const [place, user] of this.customer.usersAfter(last)) {
      if (users.length === size)
        return { kind: 'admin#directory#users', users, nextPageToken: pageToken(query, last) };
      last = place;
      if (domain === null || user.primaryEmail.endsWith(`@${domain}`)) users.push(shown(user));
    }
    return { kind: 'admin#directory#users', users };
  }

  #user(request: HttpRequest, key: string): JsonObject {
    this.#administrator(request, SCOPES.users);
    refuseUnknown(request.query, ['projection', 'viewType']);
    const user = this.customer.user(key);
    if (user === undefined) throw new GoogleRefusal(404, 'Resource Not Found: userKey', 'notFound');
    return shown(user);
  }

  #orgUnits(request: HttpRequest, customer: string | undefined): JsonObject {
    this.#administrator(request, SCOPES.orgUnits);
    this.#checkCustomer(customer, true);
    refuseUnknown(request.query, ['type', 'orgUnitPath']);
    const type = request.query.get('type') ?? 'children';
    const isWanted = (path: string): boolean => {
      switch (type) {
        case 'allIncludingParent':
          return true;
        case 'all':
          return path !== '/';
        case 'children':
          return path !== '/' && path.lastIndexOf('/') === 0;
        default:
          throw new GoogleRefusal(400, `Invalid Value: ${type}`, 'invalid');
      }
    };
    const organizationUnits = this.customer.orgUnits
      .filter(({ path }) => isWanted(path))
      .map(({ id, path }) => ({ kind: 'admin#directory#orgUnit', orgUnitId: `id:${id}`, orgUnitPath: path }));
    return { kind: 'admin#directory#orgUnits', organizationUnits };
  }

  #activities(request: HttpRequest, application: string | undefined): JsonObject {
    this.#administrator(request, SCOPES.audit);
    const { query } = request;
    refuseUnknown(query, ['customerId', 'eventName', 'startTime', 'endTime', 'maxResults', 'pageToken']);
    if (application !== 'admin' && application !== 'calendar') {
      throw new GoogleRefusal(400, `Invalid value for applicationName: ${application}`, 'invalid');
    }
    this.#checkCustomer(query.get('customerId') ?? 'my_customer', true);
    const size = sizeIn(query, 'maxResults', { fallback: 1_000, least: 1, most: 1_000, cut: false });
    const [from, to] = [timeIn(query, 'startTime'), timeIn(query, 'endTime')];
    const eventName = query.get('eventName');
    const found = this.customer
      .activities(application)
      .filter(
        ({ at, event }) =>
          (eventName === null || event.name === eventName) &&
          (from === undefined || at >= from) &&
          (to === undefined || at <= to),
      );
    const place = placeIn(query);
    const items = found.slice(place, place + size).map((activity) => ({
      kind: 'admin#reports#activity',
      id: {
        time: new Date(activity.at).toISOString(),
        uniqueQualifier: String(activity.number),
        applicationName: activity.application,
        customerId: CUSTOMER_ID,
      },
      actor: { callerType: 'USER', email: activity.actor, profileId: '1' },
      ipAddress: activity.ipAddress,
      events: [{ ...activity.event, parameters: [...activity.event.parameters] }] as Json,
    }));
    const more = place + size < found.length ? { nextPageToken: pageToken(query, place + size) } : {};
    return { kind: 'admin#reports#activities', ...(items.length === 0 ? {} : { items }), ...more };
  }

  #administrator(request: HttpRequest, scope: string): void {
    this.#superAdministrator(request, scope, 'Not Authorized to access this resource/api');
    if (this.quotaRefusals > 0) {
      this.quotaRefusals -= 1;
      throw new GoogleRefusal(403, 'Quota exceeded for quota metric.', 'userRateLimitExceeded');
    }
  }

  #superAdministrator(request: HttpRequest, scope: string, refusal: string): void {
    if (this.signIn.principalOf(request, scope) !== SUPER_ADMINISTRATOR) {
      throw new GoogleRefusal(403, refusal, 'forbidden');
    }
  }

  /** Invitations are filed under the customer's id; UNCONFIRMED whether `my_customer` passes there. */
  #checkCustomer(customer: string | undefined, mayBeMine: boolean): void {
    if (customer === CUSTOMER_ID || (mayBeMine && customer === 'my_customer')) return;
    throw new GoogleRefusal(404, 'Resource Not Found: customer', 'notFound');
  }
}

function shown(user: WorkspaceUser): JsonObject {
  return {
    kind: 'admin#directory#user',
    primaryEmail: user.primaryEmail,
    customerId: CUSTOMER_ID,
    orgUnitPath: user.orgUnitPath,
    suspended: user.suspended,
    archived: false,
    isMailboxSetup: user.orgUnitPath !== '/Exchange users',
    isAdmin: user.primaryEmail === SUPER_ADMINISTRATOR,
    ...(user.aliases.length === 0 ? {} : { nonEditableAliases: user.aliases }),
  };
}

function timeIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const time = Date.parse(text);
  if (/^\d{4}-\d{2}-\d{2}T.+(Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(time)) return time;
  throw new GoogleRefusal(400, `Invalid Value: ${name}`, 'invalid');
}

function notEmulated(request: HttpRequest): GoogleRefusal {
  return new GoogleRefusal(
    501,
    `The sandbox does not emulate ${request.method} ${request.path}.`,
    'notEmulated',
  );
}
