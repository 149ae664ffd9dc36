/** Look-ups through endpoints of a stack, as `verify` and `doctor` make them. */
import { domainOf } from '../../infra/config/values.js';
import type { Endpoint } from '../../infra/endpoints/google-forms.js';
import { countdown } from '../../infra/exchange/ews-access/index.js';
import { type Cloud, cloudOfProvider } from '../../infra/graph/provider-cloud.js';
import { readTrust } from '../../infra/graph/trust.js';
import { openGoogleSight } from '../../infra/verify/google-sight.js';
import {
  type EndpointCheck,
  type EndpointReport,
  GOOGLE_NOT_CHECKED,
  type GoogleSight,
  internet,
  verifyEndpoint,
  type Way,
  windowFrom,
} from '../../infra/verify/index.js';
import { kindName } from '../../infra/verify/report.js';
import {
  type GoneOfEndpoint,
  leaveOutThoseGone,
  type SweepSample,
  sampleOfLastSweep,
} from '../../infra/verify/sample.js';
import type { CommandContext } from '../command-context.js';
import { googlePlaces } from '../google-places.js';
import type { ReadStack } from '../read-stack.js';
import { lazySight } from './verify-sight.js';
import type { PastedValues } from './verify-values.js';
import { filesOf } from './visibility-shared.js';

/** What is taken in place of the stack's own. */
export interface LookUpWishes {
  /** Act as these accounts; the configured ones where there is none. */
  readonly asRole: readonly string[];
  readonly days: number;
  /** The token endpoint as it was pasted. */
  readonly tokenEndpoint?: string;
  /** The EWS URL as it was pasted. */
  readonly url?: string;
}

export interface LookUpOptions {
  readonly context: CommandContext;
  readonly read: ReadStack;
  /** Undefined where all endpoints are on-premises. */
  readonly values: PastedValues | undefined;
  /** The password of on-premises role accounts. For memory only: never log it. */
  readonly password: string | undefined;
  /** Whom to look up; some of the last sweep, or the role accounts, where nobody is named. */
  readonly people: readonly string[];
  /** A mailbox that the application may not act on; without it some of those looked up, where the stack's own mailboxes are known. */
  readonly outside: string | undefined;
  readonly wishes: LookUpWishes;
  /** Told of each endpoint as soon as it is done. */
  readonly onReport?: (report: EndpointReport) => void;
}

export interface LookUpOutcome {
  readonly reports: readonly EndpointReport[];
  /** Who has left since the last sweep and is in no report. */
  readonly gone: readonly GoneOfEndpoint[];
  /** What the diagnosis could not look at, and why. */
  readonly notLookedAt: readonly string[];
}

/** @throws InteropError of kind `configuration` for settings that name no cloud; whatever a server does ends in the reports. */
export async function lookUpThrough(
  endpoints: readonly Endpoint[],
  options: LookUpOptions,
): Promise<LookUpOutcome> {
  const { context, read, onReport } = options;
  const { terminal, env, signal } = context;
  const cloud = await cloudOfProvider(read.azuread, env, signal);
  const sight = lazySight({ context, config: read.config, azuread: read.azuread });
  const around = internet({ trust: readTrust(env), env, signal });
  const reports: EndpointReport[] = [];
  const gone: GoneOfEndpoint[] = [];
  const blind: string[] = [];
  try {
    const told = asToldLast(endpoints, options);
    const sweep = await lastSweep(told, options);
    const attendees = new Map(
      told.map((endpoint, index) => [
        endpoint,
        attendeesOf(endpoint, told, sweep.people[index] ?? [], options),
      ]),
    );
    const google = googleSight(
      options,
      [...attendees.values()].flatMap(({ people }) => people),
      (what) => blind.push(what),
    );
    const checks = [...attendees].map(([endpoint, { people, ofLastSweep }]) => ({
      ofLastSweep,
      check: {
        ...wishesOf(options, sweep.excluded),
        outside: options.outside === undefined ? thoseOutside(people, options) : [options.outside],
        name: endpoint.name,
        way: wayOf(endpoint, cloud, options),
        roleAccounts: options.wishes.asRole.length > 0 ? options.wishes.asRole : endpoint.roleAccounts,
        attendees: people,
        window: windowFrom(around.now(), options.wishes.days),
        ewsPhase: countdown(new Date(around.now())).phase,
        sight: sight.sight,
        google,
      } satisfies EndpointCheck,
    }));
    for (const { check, ofLastSweep } of checks) {
      terminal.status(`looking up ${check.attendees.length} calendars through ${check.name}`);
      const whole = await verifyEndpoint(check, around);
      const { report, gone: left } = ofLastSweep ? leaveOutThoseGone(whole) : { report: whole, gone: [] };
      for (const address of left) {
        const what = `Exchange does not know ${address} of the last sweep any more; left out.`;
        terminal.line(`${report.endpoint}: ${what}`, 'dim');
      }
      if (left.length > 0) gone.push({ endpoint: report.endpoint, addresses: left });
      reports.push(report);
      onReport?.(report);
    }
  } finally {
    await sight.close();
  }
  return { reports, gone, notLookedAt: [...sight.blind(), ...blind] };
}

/** Google's side, where the configuration says how it is looked at. */
function googleSight(
  { context, read: { stack, config } }: LookUpOptions,
  people: readonly string[],
  blind: (what: string) => void,
): GoogleSight {
  if (config.google === undefined) return GOOGLE_NOT_CHECKED;
  const places = googlePlaces(context, { stack, config, trust: readTrust(context.env) });
  return openGoogleSight({ ...places, people, blind });
}

/** What was changed in the configuration since the last run is not in the tenant yet, and not at Google. */
function asToldLast(endpoints: readonly Endpoint[], { values }: LookUpOptions): readonly Endpoint[] {
  const told = new Map(values?.lastRun?.endpoints.map((endpoint) => [endpoint.name, endpoint]));
  return endpoints.map((endpoint) => told.get(endpoint.name) ?? endpoint);
}

/** One says enough, unless they have left. */
const MOST_OUTSIDE = 3;

/** Acting on somebody who is no role account has to be refused where access is limited to role mailboxes. */
function thoseOutside(
  attendees: readonly string[],
  { read: { config }, values }: LookUpOptions,
): readonly string[] {
  if (values?.lastRun === undefined) return [];
  const { endpoints, roleMailboxes } = values.lastRun;
  const inside = [
    ...[...endpoints, ...config.endpoints].flatMap(({ roleAccounts }) => roleAccounts),
    ...roleMailboxes,
  ].map((address) => address.toLowerCase());
  return attendees.filter((address) => !inside.includes(address.toLowerCase())).slice(0, MOST_OUTSIDE);
}

/** The last sweep over the calendars on this machine: whom to look up, and who is excluded of all that could be. */
async function lastSweep(
  endpoints: readonly Endpoint[],
  { context, read: { stack, config }, people }: LookUpOptions,
): Promise<SweepSample> {
  const named = [...people, ...endpoints.flatMap(({ roleAccounts }) => roleAccounts)];
  const groups = endpoints.map(({ domains }) => domains);
  return await sampleOfLastSweep(filesOf(config, stack.name, context.env), groups, named);
}

/**
 * What the stack's configuration wishes of every endpoint.
 *
 * @param swept whom the last sweep left alone, with the reason: by an attribute, or by another address, too
 */
function wishesOf({ read: { stack, config }, values }: LookUpOptions, swept: ReadonlyMap<string, string>) {
  // An account may be older than the configuration: what it left alone counts as long as that is wished.
  const reasons = new Set(config.visibility?.exclude.map(({ reason }) => reason));
  return {
    access: config.access,
    graphPermissions: config.registration.graphPermissions,
    listWrittenAt: values?.lastRun?.listWrittenAt,
    expectDetails: config.eventDetails && config.visibility?.level !== 'AvailabilityOnly',
    excluded: new Map([
      ...[...swept].filter(([, reason]) => reasons.has(reason)),
      ...(config.visibility?.exclude ?? []).flatMap((entry) =>
        'address' in entry ? [[entry.address.toLowerCase(), entry.reason] as const] : [],
      ),
    ]),
    facts: { stack: stack.name },
  };
}

function wayOf(
  endpoint: Endpoint,
  cloud: Cloud,
  { read: { config }, values, password, wishes }: LookUpOptions,
): Way {
  const lastRun = values?.lastRun;
  const url = wishes.url ?? endpoint.url ?? lastRun?.ewsUrl ?? config.exchange.ewsUrl ?? cloud.ews;
  if (endpoint.type === 'onPremises') return { kind: 'onPremises', url, password: password ?? '' };
  const pasted = {
    tokenEndpoint:
      wishes.tokenEndpoint ??
      lastRun?.tokenEndpoint ??
      `${cloud.authority}/${config.tenant}/oauth2/v2.0/token`,
    clientId: values?.clientId ?? '',
    secret: values?.secret ?? '',
  };
  return endpoint.type === 'microsoft365-ews'
    ? { kind: 'ews', url, credentials: { ...pasted, scope: `${cloud.exchange}/.default` } }
    : { kind: 'graph', graph: cloud.graph, credentials: { ...pasted, scope: `${cloud.graph}/.default` } };
}

/** Whom an endpoint is asked about. */
interface Sample {
  readonly people: readonly string[];
  /** Nobody named them: who has left since the sweep tells nothing about the endpoint. */
  readonly ofLastSweep: boolean;
}

/** Those who were named and live in the endpoint's domains; else some of the last sweep; else the role accounts. */
function attendeesOf(
  endpoint: Endpoint,
  endpoints: readonly Endpoint[],
  seen: readonly string[],
  { context, people }: LookUpOptions,
): Sample {
  const named = (addresses: readonly string[]) => ({ people: addresses, ofLastSweep: false });
  if (people.length > 0) {
    if (endpoints.length === 1) return named(people);
    const own = people.filter((address) => endpoint.domains.includes(domainOf(address)));
    return named(own.length > 0 ? own : endpoint.roleAccounts);
  }
  if (seen.length > 0) {
    context.terminal.line(
      `${endpoint.name}: looks up ${seen.length} people of the last sweep on this machine.`,
      'dim',
    );
    return { people: seen, ofLastSweep: true };
  }
  const say = `${endpoint.name}, ${kindName(wayKind(endpoint))}: nobody was named with --attendee, so the role accounts look themselves up.`;
  context.terminal.line(say, 'dim');
  return named(endpoint.roleAccounts);
}

function wayKind({ type }: Endpoint): EndpointReport['kind'] {
  return ({ 'microsoft365-ews': 'ews', 'microsoft365-graph': 'graph', onPremises: 'onPremises' } as const)[
    type
  ];
}
