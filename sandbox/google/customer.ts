/**
 * The Workspace customer of the emulated organisation: people who use Google Calendar, accounts of Exchange users for whom Calendar
 * is off, policies, unmanaged accounts, the audit log.
 *
 * Seeded users are made from their number when asked for; only what was changed is kept.
 */
import type { SandboxClock } from '../clock.js';
import type { Directory } from '../entra/directory.js';
import { DOMAIN } from '../entra/seed.js';
import type { Json, JsonObject } from '../json.js';

export const CUSTOMER_ID = 'C01sandbx';
/** Where people live who use Google Calendar. */
export const CALENDAR_DOMAIN = `g.${DOMAIN}`;
export const SUPER_ADMINISTRATOR = `admin@${DOMAIN}`;

export interface OrgUnit {
  readonly id: string;
  readonly path: string;
}

/** Calendar is on for all but one unit. */
const ORG_UNITS: readonly OrgUnit[] = [
  { id: '03ph8a2z0root', path: '/' },
  { id: '03ph8a2z1cal', path: '/Calendar users' },
  { id: '03ph8a2z2exch', path: '/Exchange users' },
  { id: '03ph8a2z3sub', path: '/Exchange users/Pilot' },
];
export const EXCHANGE_UNIT = '/Exchange users';

export interface WorkspaceUser {
  readonly primaryEmail: string;
  readonly orgUnitPath: string;
  readonly suspended: boolean;
  readonly aliases: readonly string[];
}

export interface Policy {
  readonly type: 'settings/calendar.interoperability' | 'settings/calendar.service_status';
  readonly orgUnit: string;
  readonly group: string;
  readonly sortOrder: number;
  readonly value: JsonObject;
}

export interface Activity {
  readonly application: 'admin' | 'calendar';
  readonly at: number;
  /** When it shows. */
  readonly visibleAt: number;
  readonly number: number;
  readonly actor: string;
  readonly ipAddress: string;
  readonly event: {
    readonly type: string;
    readonly name: string;
    readonly parameters: readonly JsonObject[];
  };
}

/** The administrator has the first place, then come users by their place in Entra, then those that were added. */
const FIRST_OF_ENTRA = 1;
const FIRST_ADDED = 2 ** 40;

/** An address of Google's range from which look-ups come (guide 7437483). */
const GOOGLE_ADDRESS = '74.125.88.7';
const ADMIN_ADDRESS = '203.0.113.9';

export class WorkspaceCustomer {
  readonly orgUnits = ORG_UNITS;
  readonly domains: readonly string[] = [DOMAIN, CALENDAR_DOMAIN];
  policies: readonly Policy[] = [
    policy('settings/calendar.service_status', '03ph8a2z0root', 1, { serviceState: 'ENABLED' }),
    policy('settings/calendar.service_status', '03ph8a2z2exch', 2, { serviceState: 'DISABLED' }),
    policy('settings/calendar.interoperability', '03ph8a2z0root', 3, {
      enableInteroperability: true,
      enableFullEventDetails: true,
      enableExchangeRoomBooking: false,
    }),
  ];
  /** Milliseconds until an activity shows. */
  auditLagMs = 0;
  readonly unmanaged = new Set<string>();
  readonly #changed = new Map<string, WorkspaceUser>();
  readonly #activities: Activity[] = [];

  constructor(
    private readonly directory: Directory,
    private readonly clock: SandboxClock,
  ) {}

  /** Users from a place on (0: from the first), each with its own place. Those that were added come last. */
  *usersAfter(place: number): Iterable<readonly [number, WorkspaceUser]> {
    if (place < FIRST_OF_ENTRA)
      yield [FIRST_OF_ENTRA, this.#changed.get(SUPER_ADMINISTRATOR) ?? ADMINISTRATOR];
    if (place < FIRST_ADDED) {
      for (const [at, user] of this.directory.users.after(Math.max(0, place - FIRST_OF_ENTRA))) {
        const seeded = seededFor(at, String(user.properties.userPrincipalName));
        if (seeded !== undefined)
          yield [at + FIRST_OF_ENTRA, this.#changed.get(seeded.primaryEmail) ?? seeded];
      }
    }
    let at = FIRST_ADDED;
    for (const [address, user] of this.#changed) {
      at += 1;
      if (at > place && !this.#isSeeded(address)) yield [at, user];
    }
  }

  user(address: string): WorkspaceUser | undefined {
    const wanted = address.toLowerCase();
    for (const [, user] of this.usersAfter(0)) {
      if (user.primaryEmail === wanted || user.aliases.includes(wanted)) return user;
    }
    return undefined;
  }

  putUser(user: WorkspaceUser): void {
    this.#changed.set(user.primaryEmail, user);
  }

  /** Those that show by now, newest first, as the Reports API lists them. */
  activities(application: Activity['application']): readonly Activity[] {
    const now = this.clock.now();
    return this.#activities
      .filter((activity) => activity.application === application && activity.visibleAt <= now)
      .sort((one, other) => other.at - one.at || other.number - one.number);
  }

  /** Somebody saves the endpoint form. */
  saveForm(form: { url: string; roleAccount: string; additionalEndpoints: number; by: string }): void {
    this.#log(
      'admin',
      form.by,
      ADMIN_ADDRESS,
      'CALENDAR_SETTINGS',
      'EWS_OUT_ENDPOINT_CONFIGURATION_CHANGED',
      [
        { name: 'EXCHANGE_WEB_SERVICES_URL', value: form.url },
        { name: 'EXCHANGE_ROLE_ACCOUNT', value: form.roleAccount },
        { name: 'NUMBER_OF_ADDITIONAL_EXCHANGE_ENDPOINTS', value: String(form.additionalEndpoints) },
      ],
    );
  }

  resetForm(by: string): void {
    this.#log('admin', by, ADMIN_ADDRESS, 'CALENDAR_SETTINGS', 'EWS_OUT_ENDPOINT_CONFIGURATION_RESET', []);
  }

  /** Google looks somebody up in Exchange; without an error code it is successful. */
  lookUp(look: { calendar: string; url: string; errorCode: string | undefined; by: string }): void {
    const outcome = look.errorCode === undefined ? 'successful' : 'unsuccessful';
    const start = Math.floor(this.clock.now() / 1000);
    const parameters: JsonObject[] = [
      { name: 'calendar_id', value: look.calendar },
      { name: 'remote_ews_url', value: look.url },
      { name: 'requested_period_start', intValue: String(start) },
      { name: 'requested_period_end', intValue: String(start + 86_400) },
    ];
    if (look.errorCode !== undefined) parameters.push({ name: 'interop_error_code', value: look.errorCode });
    const name = `interop_freebusy_lookup_outbound_${outcome}`;
    this.#log('calendar', look.by, GOOGLE_ADDRESS, 'interop', name, parameters);
  }

  describe(): Json {
    return {
      customerId: CUSTOMER_ID,
      changedUsers: [...this.#changed.values()].map((user) => ({ ...user })),
      unmanaged: [...this.unmanaged],
      policies: this.policies.map((each) => ({ ...each })),
      activities: this.#activities.length,
    };
  }

  #isSeeded(address: string): boolean {
    if (address === SUPER_ADMINISTRATOR) return true;
    const number = /^person\.(\d{1,9})@/.exec(address)?.[1];
    if (number !== undefined && seededFor(Number(number), '')?.primaryEmail === address) return true;
    const [user] = this.directory.users.lookUp('userPrincipalName', address) ?? [];
    if (user === undefined) return false;
    for (const [at, other] of this.directory.users.after(0)) {
      if (other.id === user.id) return seededFor(at, address)?.primaryEmail === address;
    }
    return false;
  }

  #log(
    application: Activity['application'],
    actor: string,
    ipAddress: string,
    type: string,
    name: string,
    parameters: readonly JsonObject[],
  ): void {
    const at = this.clock.now();
    this.#activities.push({
      application,
      at,
      visibleAt: at + this.auditLagMs,
      number: this.#activities.length + 1,
      actor,
      ipAddress,
      event: { type, name, parameters },
    });
  }
}

function policy(type: Policy['type'], orgUnit: string, sortOrder: number, value: JsonObject): Policy {
  return { type, orgUnit, group: '', sortOrder, value };
}

/** For every second user in Entra an account without Calendar, for every fourth somebody with Calendar. */
function seededFor(number: number, userPrincipalName: string): WorkspaceUser | undefined {
  if (number % 2 === 0) return seededUser(userPrincipalName, EXCHANGE_UNIT);
  return number % 4 === 1 ? seededUser(`person.${number}@${CALENDAR_DOMAIN}`, '/Calendar users') : undefined;
}

function seededUser(address: string, orgUnitPath: string): WorkspaceUser {
  return {
    primaryEmail: address.toLowerCase(),
    orgUnitPath,
    suspended: false,
    aliases: [`${address.toLowerCase()}.test-google-a.com`],
  };
}

const ADMINISTRATOR = seededUser(SUPER_ADMINISTRATOR, '/');
