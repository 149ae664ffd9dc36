/**
 * The Exchange side as one component: role mailboxes, the EWS switch and allow list, the application's scope, rooms, calendars.
 */
import * as pulumi from '@pulumi/pulumi';
import type { RoleMailboxConfig, StackConfig, VisibilityConfig } from '../config.js';
import type { ConsentFound } from './application-scope/index.js';
import {
  ApplicationScope,
  type EwsAccess,
  type ExchangeProvider,
  type KeptVisibility,
  keepEwsAccess,
  keepRoleMailbox,
  keepRoomBooking,
  keepVisibility,
  type RoleMailbox,
} from './resources.js';

/** The application that Google signs in as. */
export interface ApplicationFacts {
  readonly clientId: pulumi.Input<string>;
  readonly servicePrincipalId: pulumi.Input<string>;
  readonly displayName: pulumi.Input<string>;
}

export interface InteropExchangeArgs {
  readonly provider: ExchangeProvider;
  readonly application: ApplicationFacts;
  /** The stack (registrationTag): what is made carries it. */
  readonly owner: string;
  readonly wishes: ExchangeWishes;
  /** Consents to the application's permissions that Entra holds; they defeat a scope. */
  readonly consents: readonly ConsentFound[];
  /** A sweep over the calendars that is wanted now, whatever the tenant's size: any text that differs from the last one. */
  readonly sweep?: string | undefined;
  /** The run is about something else: calendars are not looked at. @default false */
  readonly skipLook?: boolean | undefined;
}

/** What the configuration asks of Exchange; absent parts are left alone. */
export interface ExchangeWishes {
  readonly roleMailboxes: readonly RoleMailboxConfig[];
  /** Primary addresses of the accounts that Google looks up with. */
  readonly roleAccounts: readonly string[];
  readonly ewsAccess: { readonly acknowledgeAllowList: boolean } | undefined;
  readonly scope:
    | { readonly protocol: 'ews' | 'graph' | 'both'; readonly graphPermissions: readonly string[] }
    | undefined;
  readonly roomBooking: boolean;
  readonly visibility: VisibilityConfig | undefined;
}

/** The wishes in a configuration; undefined where it asks nothing of Exchange, and nothing needs to sign in there. */
export function exchangeWishes(config: StackConfig): ExchangeWishes | undefined {
  const { protocol, access, registration, roomBooking, visibility, roleMailboxes } = config;
  const online = config.endpoints.filter((endpoint) => endpoint.type !== 'onPremises');
  const ews = config.ewsAccess.manage && (protocol === 'ews' || protocol === 'both');
  const { graphPermissions } = registration;
  const wishes: ExchangeWishes = {
    roleMailboxes,
    roleAccounts: [...new Set(online.flatMap((endpoint) => endpoint.roleAccounts))],
    ewsAccess: ews ? { acknowledgeAllowList: config.ewsAccess.acknowledgeAllowList } : undefined,
    scope: access === 'roleMailboxes' && protocol !== undefined ? { protocol, graphPermissions } : undefined,
    roomBooking,
    visibility,
  };
  const nothing =
    roleMailboxes.length === 0 && !roomBooking && !wishes.ewsAccess && !wishes.scope && !visibility;
  return nothing ? undefined : wishes;
}

/** What Exchange Online of one tenant shall be like. Another tenant is another component with another provider. */
export class InteropExchange extends pulumi.ComponentResource {
  /** What is told of it as the stack's output `exchange`. */
  readonly summary: pulumi.Output<unknown>;

  constructor(name: string, args: InteropExchangeArgs, options?: pulumi.ComponentResourceOptions) {
    super('calendar-interop:exchange:InteropExchange', name, {}, options);
    const { wishes, provider } = args;
    const own = { parent: this, provider };
    const mailboxes = wishes.roleMailboxes.map((mailbox) =>
      keepRoleMailbox(`${name}-${mailbox.address}`, { ...mailbox, owner: args.owner }, own),
    );
    const after = { ...own, dependsOn: mailboxes };
    const ews = declareEws(name, args, after);
    const scope = declareScope(name, args, mailboxes, after);
    const rooms = wishes.roomBooking ? keepRoomBooking(`${name}-rooms`, {}, own) : undefined;
    const calendars = declareCalendars(name, args, after);
    this.summary = summaryOf({ mailboxes, ews, scope, calendars, rooms });
    this.registerOutputs({ summary: this.summary });
  }
}

function declareEws(
  name: string,
  { wishes, application }: InteropExchangeArgs,
  options: pulumi.CustomResourceOptions,
): EwsAccess | undefined {
  if (wishes.ewsAccess === undefined) return undefined;
  const { roleAccounts } = wishes;
  const { acknowledgeAllowList } = wishes.ewsAccess;
  return keepEwsAccess(
    `${name}-ews`,
    { clientId: application.clientId, roleAccounts, acknowledgeAllowList },
    options,
  );
}

function declareScope(
  name: string,
  { wishes, application, owner, consents }: InteropExchangeArgs,
  mailboxes: readonly RoleMailbox[],
  options: pulumi.CustomResourceOptions,
): ApplicationScope | undefined {
  if (wishes.scope === undefined) return undefined;
  const made = pulumi.all(mailboxes.map((mailbox) => mailbox.addresses));
  const reachable = made.apply((addresses) => [...new Set([...wishes.roleAccounts, ...addresses.flat()])]);
  return new ApplicationScope(
    `${name}-scope`,
    { ...application, ...wishes.scope, mailboxes: reachable, consents, owner },
    options,
  );
}

function declareCalendars(
  name: string,
  { wishes, sweep, skipLook }: InteropExchangeArgs,
  options: pulumi.CustomResourceOptions,
): KeptVisibility | undefined {
  if (wishes.visibility === undefined) return undefined;
  return keepVisibility(`${name}-visibility`, { ...wishes.visibility, sweep, skipLook }, options);
}

interface Declared {
  readonly mailboxes: readonly RoleMailbox[];
  readonly ews: EwsAccess | undefined;
  readonly scope: ApplicationScope | undefined;
  readonly rooms: { readonly violations: pulumi.Output<number> } | undefined;
  readonly calendars: KeptVisibility | undefined;
}

function summaryOf(declared: Declared): pulumi.Output<unknown> {
  const { mailboxes, ews, scope, rooms, calendars } = declared;
  const parts: Record<string, unknown> = {};
  if (mailboxes.length > 0) parts.roleMailboxes = mailboxes.map((mailbox) => mailbox.addresses);
  if (ews) parts.ewsAccess = { enabled: ews.enabled, others: ews.others, writtenAt: ews.writtenAt };
  if (scope) parts.scope = { phase: scope.phase, proof: scope.proof };
  if (rooms) parts.rooms = { violations: rooms.violations };
  if (calendars)
    parts.visibility = { counts: calendars.baseline.counts, sweptAt: calendars.baseline.sweptAt };
  return pulumi.output(parts);
}
