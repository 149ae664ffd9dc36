/**
 * What the keys of the configuration mean together. The rules look at whatever is right by itself, so that a mistake in one
 * key does not hide one between others.
 */
import { distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { Problem } from '../errors.js';
import { type AnySchema, keyDocs } from './docs.js';
import { addressSchema, clientIdSchema, domainSchema } from './forms.js';
import { CONFIG_NAMESPACE } from './keys.js';
import { keyPath, problem } from './mistakes.js';
import {
  endpointNameSchema,
  endpointTypeSchema,
  leadDaysSchema,
  lifetimeDaysSchema,
  protocolSchema,
  quietDaysSchema,
  tenantSchema,
} from './schema.js';
import { SecureValue } from './secure-value.js';
import { domainOf, isGuid } from './values.js';

type Raw = Readonly<Record<string, unknown>>;
type Path = readonly PropertyKey[];

/** A value that is right by itself, with its place and the words in which it was written. */
interface Placed {
  readonly path: Path;
  readonly value: string;
  readonly raw: unknown;
}

interface EndpointDraft {
  readonly path: Path;
  readonly name: string | undefined;
  readonly type: z.output<typeof endpointTypeSchema> | undefined;
  readonly domains: readonly Placed[];
  /** Domains that are wrong by themselves, as they were written. */
  readonly brokenDomains: readonly string[];
  readonly roleAccounts: readonly Placed[];
  readonly allAccountsValid: boolean;
  readonly url: unknown;
}

/** All that is wrong between keys. `azuread` is the provider's part of the configuration, where it is at hand. */
export function crossProblems(raw: Raw, azuread: Raw | undefined): readonly Problem[] {
  const endpoints = entries(raw.endpoints).map((entry, index) => draftOf(entry, ['endpoints', index]));
  return [
    ...protocolProblems(raw, endpoints),
    ...listProblems(raw),
    ...secretProblems(raw),
    ...endpointNameProblems(endpoints),
    ...domainProblems(endpoints),
    ...endpoints.flatMap((endpoint) => [...roleAccountProblems(endpoint), ...urlProblems(endpoint)]),
    ...licenceProblems(raw),
    ...(azuread === undefined ? [] : azureadProblems(raw, azuread)),
  ];
}

function draftOf(raw: unknown, path: Path): EndpointDraft {
  const entry = isRecord(raw) ? raw : {};
  const domains = placed(domainSchema, entry.domains, [...path, 'domains']);
  const roleAccounts = placed(addressSchema, entry.roleAccounts, [...path, 'roleAccounts']);
  return {
    path,
    name: right(endpointNameSchema, entry.name),
    type: right(endpointTypeSchema, entry.type),
    domains,
    brokenDomains: entries(entry.domains)
      .filter((domain) => typeof domain === 'string')
      .filter((domain) => right(domainSchema, domain) === undefined),
    roleAccounts,
    allAccountsValid: Array.isArray(entry.roleAccounts) && entry.roleAccounts.length === roleAccounts.length,
    url: entry.url,
  };
}

/** Between protocol and endpoints: a form of Google's that needs a permission which the protocol does not bring. */
function protocolProblems(raw: Raw, endpoints: readonly EndpointDraft[]): readonly Problem[] {
  const online = endpoints.filter((endpoint) => endpoint.type?.startsWith('microsoft365') === true);
  if (online.length > 0 && raw.protocol === undefined) {
    const what =
      'is missing and has no default, since Microsoft retires EWS in Exchange Online: blocked tenant by tenant since 2026-10-01, off for all on 2027-04-01';
    return [problem(['protocol'], what, undefined, allowed(protocolSchema))];
  }
  const protocol = right(protocolSchema, raw.protocol);
  if (protocol === undefined || protocol === 'both') return [];
  return online
    .filter((endpoint) => endpoint.type !== `microsoft365-${protocol}`)
    .map((endpoint) => {
      const other = protocol === 'ews' ? 'graph' : 'ews';
      return problem(
        [...endpoint.path, 'type'],
        `does not go with protocol ${protocol}`,
        endpoint.type,
        `microsoft365-${protocol}, or protocol ${other} or both`,
      );
    });
}

/** Lists in which nothing may stand twice. */
function listProblems(raw: Raw): readonly Problem[] {
  const registration = isRecord(raw.registration) ? raw.registration : {};
  const visibility = isRecord(raw.visibility) ? raw.visibility : {};
  return [
    ...duplicates(texts(registration.owners, ['registration', 'owners'])),
    ...duplicates(texts(registration.graphPermissions, ['registration', 'graphPermissions'])),
    ...duplicates(addresses(visibility.exclude, ['visibility', 'exclude'])),
    ...duplicates(attributes(visibility.exclude, ['visibility', 'exclude'])),
    ...duplicates(addresses(raw.roleMailboxes, ['roleMailboxes'])),
  ];
}

function secretProblems(raw: Raw): readonly Problem[] {
  const secret = isRecord(raw.secret) ? raw.secret : {};
  const lifetime = right(lifetimeDaysSchema, secret.lifetimeDays);
  const lead = right(leadDaysSchema, secret.leadDays);
  if (lifetime === undefined || lead === undefined) return [];
  if (lead < lifetime) return quietProblems(secret, lifetime - lead);
  const byDefault = secret.leadDays === undefined ? ' by default' : '';
  const what = `is ${lead} days${byDefault}: a secret that lives for ${lifetime} would always be due`;
  return [problem(['secret', 'leadDays'], what, secret.leadDays, `fewer than ${lifetime} days`)];
}

/**
 * The old secret has to be gone before the next one is made. Pasted at once, a new secret is alone before the next rotation is due; pasted
 * on the last day of the lead, when that many days of its life are over, it is alone before it ends.
 *
 * @param room days of a secret's life without the lead
 */
function quietProblems(secret: Raw, room: number): readonly Problem[] {
  const quiet = right(quietDaysSchema, secret.quietDays);
  if (quiet === undefined || quiet < room) return [];
  const byDefault = secret.quietDays === undefined ? ' by default' : '';
  const what = `is ${quiet} days${byDefault}: a new secret could end before evidence retires the old one, as only ${room} days of its life lie outside of secret.leadDays`;
  const wanted =
    room > 1 ? `fewer than ${room} days` : 'a longer secret.lifetimeDays, or a shorter secret.leadDays';
  return [problem(['secret', 'quietDays'], what, secret.quietDays, wanted)];
}

function endpointNameProblems(endpoints: readonly EndpointDraft[]): readonly Problem[] {
  const names = endpoints.flatMap(({ name, path }) =>
    name === undefined ? [] : [{ path: [...path, 'name'], value: name, raw: name }],
  );
  return duplicates(names);
}

/** Google routes a look-up by the attendee's domain (support.google.com/a/answer/7437483), so a domain has one endpoint. */
function domainProblems(endpoints: readonly EndpointDraft[]): readonly Problem[] {
  return duplicates(endpoints.flatMap((endpoint) => endpoint.domains));
}

function roleAccountProblems(endpoint: EndpointDraft): readonly Problem[] {
  const domains = endpoint.domains.map(({ value }) => value);
  const outside =
    domains.length === 0 ? [] : endpoint.roleAccounts.filter((account) => isOutside(account, endpoint));
  const covered = new Set(endpoint.roleAccounts.map((account) => domainOf(account.value)));
  // An account that is wrong by itself may be the one that is missed here: no second complaint about it.
  const bare =
    endpoint.type === 'microsoft365-ews' && endpoint.allAccountsValid && endpoint.roleAccounts.length > 0
      ? endpoint.domains.filter((domain) => !covered.has(domain.value))
      : [];
  return [
    ...duplicates(endpoint.roleAccounts),
    ...outside.map((account) =>
      problem(
        account.path,
        "lies outside the endpoint's domains",
        account.raw,
        `an address in ${domains.join(', ')}`,
      ),
    ),
    ...bare.map((domain) =>
      problem(
        domain.path,
        "has no role account: Google's Legacy EWS form takes the domain from the account",
        domain.raw,
        `a domain of one of the roleAccounts, or another role account in ${domain.value}`,
      ),
    ),
  ];
}

/** An account may belong to a domain that is only misspelt: that is told once, where the domain stands. */
function isOutside(account: Placed, endpoint: EndpointDraft): boolean {
  const home = domainOf(account.value);
  if (endpoint.domains.some((domain) => domain.value === home)) return false;
  return !endpoint.brokenDomains.some(
    (text) => text.toLowerCase().includes(home) || distance(text.toLowerCase(), home) <= 3,
  );
}

function urlProblems(endpoint: EndpointDraft): readonly Problem[] {
  const path = [...endpoint.path, 'url'];
  if (endpoint.type === 'onPremises' && endpoint.url === undefined) {
    return [
      problem(
        path,
        'is missing: Google finds an on-premises Exchange by it',
        undefined,
        'https://<host>/ews/exchange.asmx',
      ),
    ];
  }
  if (endpoint.type === 'microsoft365-graph' && endpoint.url !== undefined) {
    return [
      problem(path, "has no place in Google's Graph form", endpoint.url, 'no url for microsoft365-graph'),
    ];
  }
  return [];
}

/**
 * Part numbers of the licences without EWS (learn.microsoft.com/entra/identity/users/licensing-service-plan-reference): Exchange
 * Online Kiosk, Office 365 F3, Microsoft 365 F1 and F3. Since 2026-06-30 their mailboxes get 403 (message centre MC1191578).
 */
const SKUS_WITHOUT_EWS = new Set(['EXCHANGEDESKLESS', 'DESKLESSPACK', 'M365_F1', 'M365_F1_COMM', 'SPE_F1']);

function licenceProblems(raw: Raw): readonly Problem[] {
  const protocol = right(protocolSchema, raw.protocol);
  if (protocol !== 'ews' && protocol !== 'both') return [];
  return entries(raw.roleMailboxes).flatMap((mailbox, index) => {
    const sku = isRecord(mailbox) ? mailbox.sku : undefined;
    if (typeof sku !== 'string' || !SKUS_WITHOUT_EWS.has(sku.toUpperCase())) return [];
    const what = 'is a licence whose mailboxes may not use EWS';
    return [
      problem(
        ['roleMailboxes', index, 'sku'],
        what,
        sku,
        'a licence with Exchange Online Plan 1 or 2, such as EXCHANGESTANDARD',
      ),
    ];
  });
}

function azureadProblems(raw: Raw, azuread: Raw): readonly Problem[] {
  const where = keyPath(['tenantId'], 'azuread');
  const tenantId = azuread.tenantId;
  const rule = 'the id (GUID) of the tenant, as `az account show --query tenantId` prints it';
  if (tenantId === undefined || tenantId === null || tenantId === '') {
    return [
      { where, what: 'is missing: it says in which tenant the azuread provider signs in', allowed: rule },
    ];
  }
  if (tenantId instanceof SecureValue) return [];
  const id = right(clientIdSchema, tenantId);
  if (id === undefined) {
    const { what, found } = problem(['tenantId'], 'is not an id', tenantId);
    return [{ where, what, ...(found === undefined ? {} : { found }), allowed: rule }];
  }
  const tenant = right(tenantSchema, raw.tenant);
  if (tenant === undefined || !isGuid(tenant) || tenant === id) return [];
  return [{ where, what: 'is another tenant than calendar-interop:tenant', found: id, allowed: tenant }];
}

/** One problem for each value that stands there a second time, compared without letter case. */
function duplicates(values: readonly Placed[]): readonly Problem[] {
  const first = new Map<string, Path>();
  return values.flatMap(({ path, value, raw }) => {
    const key = value.toLowerCase();
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, path);
      return [];
    }
    const place = keyPath(before).slice(CONFIG_NAMESPACE.length + 1);
    return [problem(path, `stands in ${place} already`, raw, 'each once')];
  });
}

function placed(schema: z.ZodType<string>, list: unknown, path: Path): readonly Placed[] {
  return entries(list).flatMap((raw, index) => {
    const value = right(schema, raw);
    return value === undefined ? [] : [{ path: [...path, index], value, raw }];
  });
}

function texts(list: unknown, path: Path): readonly Placed[] {
  return entries(list).flatMap((raw, index) =>
    typeof raw === 'string' ? [{ path: [...path, index], value: raw, raw }] : [],
  );
}

function addresses(list: unknown, path: Path): readonly Placed[] {
  return entries(list).flatMap((entry, index) => {
    const raw = isRecord(entry) ? entry.address : undefined;
    const value = right(addressSchema, raw);
    return value === undefined ? [] : [{ path: [...path, index, 'address'], value, raw }];
  });
}

/** Attributes with their values, as one text each. */
function attributes(list: unknown, path: Path): readonly Placed[] {
  return entries(list).flatMap((entry, index) => {
    const { attribute, value } = isRecord(entry) ? entry : {};
    if (typeof attribute !== 'string' || typeof value !== 'string') return [];
    return [{ path: [...path, index, 'value'], value: `${attribute} ${value}`, raw: value }];
  });
}

function right<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  const result = schema.safeParse(value);
  return result.success ? result.data : undefined;
}

function allowed(schema: AnySchema): string {
  return keyDocs.get(schema)?.allowed ?? '';
}

function entries(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
