/**
 * Settings of Google Workspace by its Policy API: the switches of Calendar Interop, and for whom Calendar is on.
 *
 * The API shows policies that were set, not what follows from them: of several for one organisational unit the one with the
 * highest sort order counts, and units inherit from the one above (docs.cloud.google.com/identity/docs/concepts/overview-policies).
 * There is no documented default: what is not there is not known.
 */
import { z } from 'zod';
import type { GoogleApis } from './apis.js';
import type { GoogleUser } from './users.js';

const POLICIES_SCOPE = 'https://www.googleapis.com/auth/cloud-identity.policies.readonly';
const ORG_UNITS_SCOPE = 'https://www.googleapis.com/auth/admin.directory.orgunit.readonly';
const PAGE_SIZE = 100;
const PAGE_LIMIT = 1_000;

/** One clause on the type at most may stand in a filter. */
const CALENDAR_FILTER = "setting.type.matches('^settings/calendar[.].*$')";
const INTEROPERABILITY = /(^|\/)calendar\.interoperability$/;
const SERVICE_STATUS = /(^|\/)calendar\.service_status$/;

const policySchema = z.object({
  policyQuery: z
    .object({
      orgUnit: z.string().nullish(),
      group: z.string().nullish(),
      sortOrder: z.number().nullish(),
    })
    .nullish(),
  setting: z.object({ type: z.string(), value: z.record(z.string(), z.unknown()).nullish() }),
});

/** One policy of Calendar, as the API shows it. */
export type CalendarPolicy = z.output<typeof policySchema>;

const policiesSchema = z.object({
  policies: z.array(policySchema).nullish(),
  nextPageToken: z.string().nullish(),
});

/** An organisational unit; the root has the path `/`. */
export interface OrgUnit {
  /** As policies name it: without `id:` and `orgUnits/`. */
  readonly id: string;
  readonly path: string;
}

const unitSchema = z.object({
  orgUnitId: z.string(),
  orgUnitPath: z.string(),
});

const orgUnitsSchema = z.object({ organizationUnits: z.array(unitSchema).nullish() });

/**
 * The three switches of Calendar Interop for the root; undefined: not known. They do not map one to one to the boxes of the
 * console: the one for Outlook is not shown by the API.
 */
export interface InteropSwitches {
  readonly interoperability: boolean | undefined;
  readonly eventDetails: boolean | undefined;
  readonly roomBooking: boolean | undefined;
}

/** For whom Calendar is on. */
export interface CalendarService {
  /** Explicit states by path of the unit; others inherit. */
  readonly units: ReadonlyMap<string, boolean>;
  /** Groups with a state of their own, which overrules that of the unit: their members are not known here. */
  readonly groups: number;
}

/** Reads the switches; the guide presents them for the whole domain, so the root's count. */
export async function readInteropSwitches(google: GoogleApis): Promise<InteropSwitches> {
  const policies = await readPolicies(google);
  return interopSwitchesOf(policies, await readOrgUnits(google));
}

/** Pure part of {@link readInteropSwitches}. */
export function interopSwitchesOf(
  policies: readonly CalendarPolicy[],
  units: readonly OrgUnit[],
): InteropSwitches {
  const value = strongest(policies, INTEROPERABILITY, units).units.get('/')?.setting.value ?? {};
  return {
    interoperability: booleanIn(value, 'enableInteroperability', 'enable_interoperability'),
    eventDetails: booleanIn(value, 'enableFullEventDetails', 'enable_full_event_details'),
    roomBooking: booleanIn(value, 'enableExchangeRoomBooking', 'enable_exchange_room_booking'),
  };
}

/** Reads for whom Calendar is on. */
export async function readCalendarService(google: GoogleApis): Promise<CalendarService> {
  const policies = await readPolicies(google);
  return calendarServiceFrom(policies, await readOrgUnits(google));
}

/** Pure part of {@link readCalendarService}. */
export function calendarServiceFrom(
  policies: readonly CalendarPolicy[],
  units: readonly OrgUnit[],
): CalendarService {
  const found = strongest(policies, SERVICE_STATUS, units);
  const states = [...found.units].flatMap(([path, policy]) => {
    const state = stateOf(policy);
    return state === undefined ? [] : [[path, state] as const];
  });
  return { units: new Map(states), groups: found.groups };
}

/** Whether Calendar is on in a unit: its own state, else that of the next one above that has one; undefined: not known. */
export function calendarServiceOf(service: CalendarService, path: string): boolean | undefined {
  for (let at = path; ; at = parentOf(at)) {
    const state = service.units.get(at);
    if (state !== undefined || at === '/') return state;
  }
}

/**
 * Whether Calendar is on for a user; undefined: not known. A group's own state overrules the unit's, and members of groups are not
 * looked up. A suspended account is one whose Calendar may come back; whether Google asks Exchange meanwhile is UNCONFIRMED.
 */
export function calendarOfUser(
  service: CalendarService,
  user: Pick<GoogleUser, 'orgUnit' | 'suspended'>,
): boolean | undefined {
  return user.suspended || service.groups > 0 ? undefined : calendarServiceOf(service, user.orgUnit);
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

function stateOf({ setting }: CalendarPolicy): boolean | undefined {
  const state = setting.value?.serviceState ?? setting.value?.service_state;
  return state === 'ENABLED' ? true : state === 'DISABLED' ? false : undefined;
}

/** Documentation writes the fields in two ways. */
function booleanIn(
  value: Readonly<Record<string, unknown>>,
  ...names: readonly string[]
): boolean | undefined {
  return names.map((name) => value[name]).find((found) => typeof found === 'boolean');
}

/** Of the policies of one type the one that counts for each unit, by path; and how many are for groups. */
function strongest(
  policies: readonly CalendarPolicy[],
  type: RegExp,
  units: readonly OrgUnit[],
): { readonly units: ReadonlyMap<string, CalendarPolicy>; readonly groups: number } {
  const paths = new Map(units.map(({ id, path }) => [id, path]));
  const found = new Map<string, CalendarPolicy>();
  const groups = new Set<string>();
  for (const policy of policies) {
    if (!type.test(policy.setting.type)) continue;
    const { orgUnit, group } = policy.policyQuery ?? {};
    if (group !== undefined && group !== null && group !== '') {
      groups.add(group);
      continue;
    }
    const path = paths.get((orgUnit ?? '').replace(/^orgUnits\//, ''));
    if (path === undefined) continue;
    const known = found.get(path);
    if (known === undefined || sortOrder(policy) > sortOrder(known)) found.set(path, policy);
  }
  return { units: found, groups: groups.size };
}

function sortOrder({ policyQuery }: CalendarPolicy): number {
  return policyQuery?.sortOrder ?? 0;
}

async function readPolicies(google: GoogleApis): Promise<readonly CalendarPolicy[]> {
  const call = {
    doing: "reading Google's settings",
    scope: POLICIES_SCOPE,
    needs: 'a super administrator',
    pageLimit: PAGE_LIMIT,
  };
  const pages = google.pages(call, policiesSchema, async ({ identity, options }, pageToken) => {
    const list = { filter: CALENDAR_FILTER, pageSize: PAGE_SIZE };
    return await identity.policies.list(pageToken === undefined ? list : { ...list, pageToken }, options);
  });
  const policies: CalendarPolicy[] = [];
  for await (const page of pages) policies.push(...(page.policies ?? []));
  return policies;
}

async function readOrgUnits(google: GoogleApis): Promise<readonly OrgUnit[]> {
  const call = {
    doing: "reading Google's organisational units",
    scope: ORG_UNITS_SCOPE,
    needs: 'an administrator who may read organisational units',
  };
  const { organizationUnits } = await google.ask(call, orgUnitsSchema, async ({ directory, options }) =>
    directory.orgunits.list({ customerId: google.customer, type: 'allIncludingParent' }, options),
  );
  return (organizationUnits ?? []).map(({ orgUnitId, orgUnitPath }) => ({
    id: orgUnitId.replace(/^id:/, ''),
    path: orgUnitPath,
  }));
}
