/**
 * The resources of provider `exchange` for programs: what Exchange shall be like.
 *
 * What writes to things that were there before has a baseline: a resource of its own that only reads, so that the engine saves what
 * was there before anything is written. The `keep…` functions declare both.
 *
 * Outputs are declared without being initialised (`declare`): a field of the class would hide what Pulumi puts there.
 */
import * as pulumi from '@pulumi/pulumi';
import type { VisibilityConfig } from '../config.js';
import type { ConsentFound, ScopePhase, ScopeProof } from './application-scope/index.js';
import { plainSettings } from './provider/azuread-settings.js';
import type { MailboxRecord } from './role-mailboxes/model.js';
import type { RoomFailure } from './room-booking/model.js';
import type { Counts } from './visibility/index.js';

export interface ExchangeProviderArgs {
  /** The tenant: its initial domain (`contoso.onmicrosoft.com`) or its id; PowerShell takes the domain only. */
  readonly organization: string;
  readonly transport: 'rest' | 'powershell';
  /** https URL of Exchange's admin API, for a cloud that neither `azuread:environment` nor a public address names. */
  readonly baseUrl?: string | undefined;
  /**
   * The settings of namespace `azuread`. Secrets among them are left out: their values come from the environment (ARM_CLIENT_SECRET
   * and its like) in each run.
   */
  readonly azuread: Readonly<Record<string, unknown>>;
  /**
   * Which variables of the environment hold the credentials, by the variable that the azuread provider reads, for programs with
   * several tenants: `{ARM_CLIENT_SECRET: 'PARTNER_CLIENT_SECRET'}`.
   */
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

/** One tenant's Exchange. Several may be in one program; resources name theirs with the option `provider`. */
export class ExchangeProvider extends pulumi.ProviderResource {
  constructor(name: string, args: ExchangeProviderArgs, opts?: pulumi.ResourceOptions) {
    const { organization, transport, baseUrl, azuread, variables } = args;
    const inputs = {
      organization,
      transport,
      baseUrl,
      azuread: JSON.stringify(plainSettings(azuread)),
      variables: variables === undefined ? undefined : JSON.stringify(variables),
    };
    super('exchange', name, inputs, opts);
  }
}

export interface BaselineArgs {
  readonly kind: 'ewsAccess' | 'roleMailbox' | 'roomBooking';
  /** What it is about: client id, first address, or the word `rooms`. Another one makes another baseline. */
  readonly subject: pulumi.Input<string>;
  /** What to look at beside the subject; more of it later adds to what is known and replaces nothing. */
  readonly wish: {
    /** Of `ewsAccess`: addresses of mailboxes. */
    readonly roleAccounts?: pulumi.Input<readonly string[]> | undefined;
    /** Of `roleMailbox`: how many. */
    readonly count?: pulumi.Input<number> | undefined;
    /** Of `roomBooking`: addresses of rooms; absent: all. */
    readonly rooms?: pulumi.Input<readonly string[]> | undefined;
  };
}

/** What was there before anything was written. Only reads; deleting it does nothing. */
export class Baseline extends pulumi.CustomResource {
  /** What was found, as text for the resource that writes. */
  declare readonly facts: pulumi.Output<string>;

  constructor(name: string, args: BaselineArgs, opts?: pulumi.CustomResourceOptions) {
    super('exchange:index:Baseline', name, { ...args, facts: undefined }, opts);
  }
}

export interface EwsAccessArgs {
  /** Client id of the registration whose token Google presents. Another one makes another resource. */
  readonly clientId: pulumi.Input<string>;
  /** Primary addresses of the mailboxes that Google looks up with. */
  readonly roleAccounts: pulumi.Input<readonly string[]>;
  /** Consent to turning on an unset switch, which makes the allow list count for every application. */
  readonly acknowledgeAllowList: pulumi.Input<boolean>;
  /** `facts` of a {@link Baseline} of kind `ewsAccess`. */
  readonly baseline?: pulumi.Input<string> | undefined;
}

/** The organisation's EWS switch and allow list let our application in. Imported by client id. */
export class EwsAccess extends pulumi.CustomResource {
  /** The organisation's switch; undefined: not set. */
  declare readonly enabled: pulumi.Output<boolean | undefined>;
  /** How many other entries the allow list has. */
  declare readonly others: pulumi.Output<number>;
  /** ISO time of the last write, which may take 24 hours to count; undefined: nothing was written. */
  declare readonly writtenAt: pulumi.Output<string | undefined>;
  /** Whether it was this stack that listed the id. */
  declare readonly added: pulumi.Output<boolean>;
  /** Whether it was this stack that turned the switch on. */
  declare readonly turnedOn: pulumi.Output<boolean>;
  /** Things that keep look-ups out: 0 after a run, more after a refresh that found drift. */
  declare readonly violations: pulumi.Output<number>;

  constructor(name: string, args: EwsAccessArgs, opts?: pulumi.CustomResourceOptions) {
    const outputs = {
      enabled: undefined,
      others: undefined,
      writtenAt: undefined,
      added: undefined,
      turnedOn: undefined,
      violations: undefined,
    };
    super('exchange:index:EwsAccess', name, { ...outputs, ...args }, opts);
  }
}

/** One entry of the configuration's `roleMailboxes`. */
export interface RoleMailboxArgs {
  /** Primary SMTP address of the first one. Another one makes another resource. */
  readonly address: string;
  readonly displayName: pulumi.Input<string>;
  /** Part number or id of the licence. */
  readonly sku: pulumi.Input<string>;
  /** Two letters; absent: the tenant's country. */
  readonly usageLocation?: pulumi.Input<string> | undefined;
  readonly count: number;
  readonly passwordNeverExpires: pulumi.Input<boolean>;
  readonly blockSignIn: pulumi.Input<boolean>;
  readonly hidden: pulumi.Input<boolean>;
  /** The stack (registrationTag). Another one makes another resource. */
  readonly owner: string;
  /** For those that are made now, where several groups share one password; absent: a random one. */
  readonly password?: pulumi.Input<string | undefined> | undefined;
  /** `facts` of a {@link Baseline} of kind `roleMailbox`. */
  readonly baseline?: pulumi.Input<string> | undefined;
}

/** Licensed user mailboxes, made or adopted. Imported by the first one's address. */
export class RoleMailbox extends pulumi.CustomResource {
  /** Primary addresses, in order. A preview knows them. */
  declare readonly addresses: pulumi.Output<readonly string[]>;
  /** What is kept of each for undoing. */
  declare readonly mailboxes: pulumi.Output<readonly MailboxRecord[]>;
  /** Of all that were made; a secret. Undefined where all were adopted. */
  declare readonly password: pulumi.Output<string | undefined>;
  /** Differences from what is wished. */
  declare readonly violations: pulumi.Output<number>;

  constructor(name: string, args: RoleMailboxArgs, opts?: pulumi.CustomResourceOptions) {
    const outputs = { addresses: undefined, mailboxes: undefined, violations: undefined };
    const { password, ...rest } = args;
    const secret = password === undefined ? undefined : pulumi.secret(password);
    super('exchange:index:RoleMailbox', name, { ...outputs, ...rest, password: secret }, opts);
  }
}

export interface RoomBookingArgs {
  /** Primary addresses; absent: all room mailboxes of the tenant. */
  readonly rooms?: pulumi.Input<readonly string[]> | undefined;
  /** `facts` of a {@link Baseline} of kind `roomBooking`. */
  readonly baseline?: pulumi.Input<string> | undefined;
}

/** Rooms accept bookings by themselves, from outside too. */
export class RoomBooking extends pulumi.CustomResource {
  /** What each room that was changed had before, by GUID. */
  declare readonly former: pulumi.Output<Readonly<Record<string, object>>>;
  /** Rooms that could not be changed; tried again by the next run. */
  declare readonly failures: pulumi.Output<readonly RoomFailure[]>;
  /** Rooms that differ. */
  declare readonly violations: pulumi.Output<number>;

  constructor(name: string, args: RoomBookingArgs, opts?: pulumi.CustomResourceOptions) {
    const outputs = { former: undefined, failures: undefined, violations: undefined };
    super('exchange:index:RoomBooking', name, { ...outputs, ...args }, opts);
  }
}

export interface ApplicationScopeArgs {
  /** Client id of the registration. Another one makes another resource. */
  readonly clientId: pulumi.Input<string>;
  /** Object id of the enterprise application (service principal). Another one makes another resource. */
  readonly servicePrincipalId: pulumi.Input<string>;
  readonly displayName: pulumi.Input<string>;
  readonly protocol: pulumi.Input<'ews' | 'graph' | 'both'>;
  /** Graph permissions of the configuration. */
  readonly graphPermissions: pulumi.Input<readonly string[]>;
  /** Primary addresses of the only mailboxes that the application may act on: `addresses` of role mailboxes. */
  readonly mailboxes: pulumi.Input<readonly string[]>;
  /** A mailbox to prove with that others are out of reach; absent: one is chosen. */
  readonly outside?: pulumi.Input<string> | undefined;
  /** Consents to our application's permissions that Entra holds; `owned`: in this stack's state. */
  readonly consents: pulumi.Input<readonly ConsentFound[]>;
  /** The stack (registrationTag). Another one makes another resource. */
  readonly owner: string;
}

/** The application may act on role mailboxes only. Imported by client id. */
export class ApplicationScope extends pulumi.CustomResource {
  declare readonly scopeName: pulumi.Output<string>;
  /** Names of the role assignments that this stack made. */
  declare readonly assignments: pulumi.Output<readonly string[]>;
  declare readonly phase: pulumi.Output<ScopePhase>;
  /** What Exchange said of one mailbox inside and one outside; undefined before the proof. */
  declare readonly proof: pulumi.Output<ScopeProof | undefined>;
  /** Differences from what is wished. */
  declare readonly violations: pulumi.Output<number>;

  constructor(name: string, args: ApplicationScopeArgs, opts?: pulumi.CustomResourceOptions) {
    const outputs = {
      scopeName: undefined,
      assignments: undefined,
      phase: undefined,
      proof: undefined,
      violations: undefined,
    };
    super('exchange:index:ApplicationScope', name, { ...outputs, ...args }, opts);
  }
}

export interface CalendarArgs extends VisibilityConfig {
  /**
   * A sweep that is to be made now, whatever its size: any text that differs from the last one, such as its time. Absent: tenants
   * above `inlineLimit` are left to `visibility apply`, and a value in the state stays as it is.
   */
  readonly sweep?: string | undefined;
  /** The run is about something else: Exchange is not asked whether calendars have come to show too little. @default false */
  readonly skipLook?: boolean | undefined;
}

/** Former rights of all calendars that are raised. Only reads when made; restores what a killed run left when deleted. */
export class CalendarBaseline extends pulumi.CustomResource {
  /** The undo record, as UndoRecord.decode reads it. */
  declare readonly record: pulumi.Output<string>;
  /** Which of them are to be raised now, as Pending.decode reads it; undefined above `inlineLimit`, where none was looked at. */
  declare readonly pending: pulumi.Output<string | undefined>;
  /** What the last sweep found; undefined before the first one. */
  declare readonly counts: pulumi.Output<Counts | undefined>;
  /** ISO time of the last sweep; undefined before the first one. */
  declare readonly sweptAt: pulumi.Output<string | undefined>;
  /** Calendars that show less than wished: 0 after a run, more after a refresh that found drift. */
  declare readonly violations: pulumi.Output<number>;

  constructor(name: string, args: CalendarArgs, opts?: pulumi.CustomResourceOptions) {
    const outputs = {
      record: undefined,
      pending: undefined,
      counts: undefined,
      sweptAt: undefined,
      violations: undefined,
    };
    super('exchange:index:CalendarBaseline', name, { ...outputs, ...args }, opts);
  }
}

export interface CalendarVisibilityArgs extends CalendarArgs {
  /** Of the {@link CalendarBaseline} with the same level and scope. */
  readonly baseline: pulumi.Input<{
    readonly record: pulumi.Input<string>;
    readonly pending?: pulumi.Input<string | undefined>;
  }>;
}

/** Every calendar in scope shows at least the wanted level. Raises only what its baseline holds. */
export class CalendarVisibility extends pulumi.CustomResource {
  /** How the last run's mailboxes ended. */
  declare readonly counts: pulumi.Output<Counts>;
  /** The first of those that failed, with their reasons; tried again by the next run. */
  declare readonly failures: pulumi.Output<readonly { readonly mailbox: string; readonly reason: string }[]>;
  /** ISO time of the last run that wrote. */
  declare readonly lastSweep: pulumi.Output<string>;
  /** Calendars that show less than wished. */
  declare readonly violations: pulumi.Output<number>;

  constructor(name: string, args: CalendarVisibilityArgs, opts?: pulumi.CustomResourceOptions) {
    const outputs = { counts: undefined, failures: undefined, lastSweep: undefined, violations: undefined };
    super('exchange:index:CalendarVisibility', name, { ...outputs, ...args }, opts);
  }
}

/** Declares the EWS switch and allow list, with a baseline named `<name>-baseline`. */
export function keepEwsAccess(
  name: string,
  args: Omit<EwsAccessArgs, 'baseline'>,
  opts?: pulumi.CustomResourceOptions,
): EwsAccess {
  const { clientId: subject, roleAccounts } = args;
  const before = new Baseline(
    `${name}-baseline`,
    { kind: 'ewsAccess', subject, wish: { roleAccounts } },
    opts,
  );
  return new EwsAccess(name, { ...args, baseline: before.facts }, opts);
}

/** Declares role mailboxes, with a baseline named `<name>-baseline`. */
export function keepRoleMailbox(
  name: string,
  args: Omit<RoleMailboxArgs, 'baseline'>,
  opts?: pulumi.CustomResourceOptions,
): RoleMailbox {
  const { address: subject, count } = args;
  const before = new Baseline(`${name}-baseline`, { kind: 'roleMailbox', subject, wish: { count } }, opts);
  return new RoleMailbox(name, { ...args, baseline: before.facts }, opts);
}

/** Declares rooms that can be booked, with a baseline named `<name>-baseline`. */
export function keepRoomBooking(
  name: string,
  args: Omit<RoomBookingArgs, 'baseline'>,
  opts?: pulumi.CustomResourceOptions,
): RoomBooking {
  const { rooms } = args;
  const before = new Baseline(
    `${name}-baseline`,
    { kind: 'roomBooking', subject: 'rooms', wish: { rooms } },
    opts,
  );
  return new RoomBooking(name, { ...args, baseline: before.facts }, opts);
}

/** What {@link keepVisibility} declares. */
export interface KeptVisibility {
  readonly baseline: CalendarBaseline;
  readonly visibility: CalendarVisibility;
}

/** Declares what calendars show, with a baseline named `<name>-baseline`. */
export function keepVisibility(
  name: string,
  args: CalendarArgs,
  opts?: pulumi.CustomResourceOptions,
): KeptVisibility {
  const baseline = new CalendarBaseline(`${name}-baseline`, args, opts);
  const { record, pending } = baseline;
  const visibility = new CalendarVisibility(name, { ...args, baseline: { record, pending } }, opts);
  return { baseline, visibility };
}
