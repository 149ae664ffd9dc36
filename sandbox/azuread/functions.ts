/** The functions of the provider that the program calls (azuread-wire 3.10). */
import { z } from 'zod';
import { defineFunction } from '../../infra/exchange/provider/kernel/index.js';
import { graphFor, type Tenant } from './context.js';
import { type Graph, type JsonObject, odataText, path, unlessMissing } from './graph.js';
import { servicePrincipalState } from './resources/service-principal.js';
import { flag, guid, requiredText, text, texts } from './values.js';

const nothing = z.object({});
const anything = z.looseObject({});

export const getClientConfig = defineFunction<Tenant, typeof nothing, typeof anything>({
  inputs: nothing,
  outputs: z.looseObject({
    clientId: z.string(),
    id: z.string(),
    objectId: z.string(),
    tenantId: z.string(),
  }),
  invoke: async ({ context: { tenantId, clientId, callerId } }) => ({
    clientId,
    id: Buffer.from(`${tenantId}-${clientId}-${callerId}`).toString('base64'),
    objectId: callerId,
    tenantId,
  }),
});

/** A few of the well-known ids; the official list is unofficial, too. */
const PUBLISHED = {
  MicrosoftGraph: '00000003-0000-0000-c000-000000000000',
  Office365ExchangeOnline: '00000002-0000-0ff1-ce00-000000000000',
};

export const getApplicationPublishedAppIds = defineFunction<Tenant, typeof nothing, typeof anything>({
  inputs: nothing,
  outputs: z.looseObject({ id: z.string(), result: z.record(z.string(), z.string()) }),
  invoke: async () => ({ id: 'appIds', result: PUBLISHED }),
});

const principalQuery = z.object({
  clientId: guid.optional(),
  displayName: z.string().min(1).optional(),
  objectId: guid.optional(),
});

export const getServicePrincipal = defineFunction<Tenant, typeof principalQuery, typeof anything>({
  inputs: principalQuery,
  outputs: anything,
  check: (query) => exactlyOne(query, ['clientId', 'displayName', 'objectId']),
  invoke: async (operation, query) => {
    const graph = graphFor(operation, 'read');
    const found = await findPrincipal(graph, query);
    const objectId = requiredText(found, 'id');
    const beta = await graph.send({
      method: 'GET',
      beta: true,
      path: path`/servicePrincipals/${objectId}`,
      query: { select: 'samlMetadataUrl' },
    });
    const { owners: _, ...state } = servicePrincipalState(found, beta, undefined);
    const texts = { description: '', loginUrl: '', notes: '', preferredSingleSignOnMode: '' };
    const present = Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined));
    return {
      ...texts,
      ...present,
      id: `/servicePrincipals/${objectId}`,
      featureTags: [],
      features: [],
      samlSingleSignOns: [],
    };
  },
});

async function findPrincipal(graph: Graph, query: z.output<typeof principalQuery>): Promise<JsonObject> {
  const { clientId, displayName, objectId } = query;
  if (objectId !== undefined) {
    const found = await graph.find({ path: path`/servicePrincipals/${objectId}` });
    if (found === undefined) throw new Error(`no service principal with the object id ${objectId} was found`);
    return found;
  }
  const filter =
    clientId !== undefined
      ? `appId eq ${odataText(clientId)}`
      : `displayName eq ${odataText(displayName ?? '')}`;
  return only(
    await graph.list({ path: '/servicePrincipals', query: { filter } }),
    'service principal',
    filter,
  );
}

const userQuery = z.object({
  employeeId: z.string().min(1).optional(),
  mail: z.string().min(1).optional(),
  mailNickname: z.string().min(1).optional(),
  objectId: guid.optional(),
  userPrincipalName: z.string().min(1).optional(),
});

/** Properties that Graph gives only when they are asked for, and those that come anyway. */
const USER_TEXTS = {
  ageGroup: 'ageGroup',
  city: 'city',
  companyName: 'companyName',
  consentProvidedForMinor: 'consentProvidedForMinor',
  country: 'country',
  creationType: 'creationType',
  department: 'department',
  displayName: 'displayName',
  employeeHireDate: 'employeeHireDate',
  employeeId: 'employeeId',
  employeeType: 'employeeType',
  externalUserState: 'externalUserState',
  faxNumber: 'faxNumber',
  givenName: 'givenName',
  jobTitle: 'jobTitle',
  mail: 'mail',
  mailNickname: 'mailNickname',
  mobilePhone: 'mobilePhone',
  officeLocation: 'officeLocation',
  onpremisesDistinguishedName: 'onPremisesDistinguishedName',
  onpremisesDomainName: 'onPremisesDomainName',
  onpremisesImmutableId: 'onPremisesImmutableId',
  onpremisesSamAccountName: 'onPremisesSamAccountName',
  onpremisesSecurityIdentifier: 'onPremisesSecurityIdentifier',
  onpremisesUserPrincipalName: 'onPremisesUserPrincipalName',
  postalCode: 'postalCode',
  preferredLanguage: 'preferredLanguage',
  state: 'state',
  streetAddress: 'streetAddress',
  surname: 'surname',
  usageLocation: 'usageLocation',
  userPrincipalName: 'userPrincipalName',
  userType: 'userType',
} as const;
const USER_LISTS = ['businessPhones', 'imAddresses', 'otherMails', 'proxyAddresses'] as const;
const USER_FLAGS = {
  accountEnabled: 'accountEnabled',
  onpremisesSyncEnabled: 'onPremisesSyncEnabled',
} as const;
/** What Graph leaves out unless it is asked for. */
const USER_SELECT = [
  'accountEnabled',
  'ageGroup',
  'city',
  'companyName',
  'consentProvidedForMinor',
  'country',
  'department',
  'employeeHireDate',
  'employeeId',
  'employeeType',
  'externalUserState',
  'faxNumber',
  'mailNickname',
  'onPremisesImmutableId',
  'otherMails',
  'postalCode',
  'proxyAddresses',
  'state',
  'streetAddress',
  'usageLocation',
  'userType',
].join(',');

/** UNCONFIRMED in detail: which properties the official one selects, and in which order it asks. */
export const getUser = defineFunction<Tenant, typeof userQuery, typeof anything>({
  inputs: userQuery,
  outputs: anything,
  check: (query) => exactlyOne(query, Object.keys(userQuery.shape)),
  invoke: async (operation, query) => {
    const graph = graphFor(operation, 'read');
    const found = await findUser(graph, query);
    const at = path`/users/${requiredText(found, 'id')}`;
    const user = {
      ...found,
      ...(await graph.send({ method: 'GET', path: at, query: { select: USER_SELECT } })),
    };
    const manager = await unlessMissing(graph.send({ method: 'GET', path: `${at}/manager` }));
    const pick = <T>(names: Readonly<Record<string, string>>, read: (name: string) => T) =>
      Object.fromEntries(Object.entries(names).map(([name, graphName]) => [name, read(graphName)]));
    return {
      ...pick(USER_TEXTS, (name) => text(user, name) ?? ''),
      ...pick(USER_FLAGS, (name) => flag(user, name)),
      ...Object.fromEntries(USER_LISTS.map((name) => [name, texts(user, name)])),
      id: requiredText(found, 'id'),
      objectId: requiredText(found, 'id'),
      managerId: text(manager, 'id') ?? '',
    };
  },
});

async function findUser(graph: Graph, query: z.output<typeof userQuery>): Promise<JsonObject> {
  if (query.objectId !== undefined) {
    const found = await graph.find({ path: path`/users/${query.objectId}` });
    if (found === undefined) throw new Error(`no user with the object id ${query.objectId} was found`);
    return found;
  }
  const [name, value] = Object.entries(query).find(([, given]) => given !== undefined) ?? ['', ''];
  const filter = `${name} eq ${odataText(value ?? '')}`;
  return only(await graph.list({ path: '/users', query: { filter } }), 'user', filter);
}

const domainsQuery = z.object({
  adminManaged: z.boolean().optional(),
  includeUnverified: z.boolean().optional(),
  onlyDefault: z.boolean().optional(),
  onlyInitial: z.boolean().optional(),
  onlyRoot: z.boolean().optional(),
  supportsServices: z.array(z.string()).optional(),
});

export const getDomains = defineFunction<Tenant, typeof domainsQuery, typeof anything>({
  inputs: domainsQuery,
  outputs: anything,
  invoke: async (operation, query) => {
    const all = await graphFor(operation, 'read').list({ path: '/domains' });
    const domains = all.filter((domain) => isWanted(domain, query)).map(domainOf);
    if (domains.length === 0) throw new Error('no domains match the conditions');
    const id = `domains#${JSON.stringify(query)}`;
    return { ...query, domains, id };
  },
});

function isWanted(domain: JsonObject, query: z.output<typeof domainsQuery>): boolean {
  const services = texts(domain, 'supportedServices');
  return (
    (query.adminManaged !== true || flag(domain, 'isAdminManaged')) &&
    (query.onlyDefault !== true || flag(domain, 'isDefault')) &&
    (query.onlyInitial !== true || flag(domain, 'isInitial')) &&
    (query.onlyRoot !== true || flag(domain, 'isRoot')) &&
    (query.includeUnverified === true || flag(domain, 'isVerified')) &&
    (query.supportsServices ?? []).every((service) => services.includes(service))
  );
}

function domainOf(domain: JsonObject): JsonObject {
  return {
    adminManaged: flag(domain, 'isAdminManaged'),
    authenticationType: text(domain, 'authenticationType') ?? '',
    default: flag(domain, 'isDefault'),
    domainName: requiredText(domain, 'id'),
    initial: flag(domain, 'isInitial'),
    root: flag(domain, 'isRoot'),
    supportedServices: texts(domain, 'supportedServices'),
    verified: flag(domain, 'isVerified'),
  };
}

function only(found: readonly JsonObject[], what: string, filter: string): JsonObject {
  const [first, ...others] = found;
  if (first === undefined) throw new Error(`no ${what} with ${filter} was found`);
  if (others.length > 0) throw new Error(`more than one ${what} with ${filter} was found`);
  return first;
}

function exactlyOne(query: Readonly<Record<string, unknown>>, names: readonly string[]) {
  const given = names.filter((name) => query[name] !== undefined);
  if (given.length === 1) return [];
  return [{ property: given[1] ?? '', reason: `exactly one of ${names.join(', ')} must be given` }];
}
