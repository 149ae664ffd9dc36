/** Get-, New-, Set-, Remove-Mailbox; Get-, Set-CASMailbox; Get-, Set-CalendarProcessing. */
import { emptyUser } from '../../entra/user-properties.js';
import {
  anyOf,
  type Bound,
  FLAG,
  IDENTITY,
  NULLABLE_FLAG,
  NULLABLE_TEXT,
  oneOf,
  SIZE,
  SWITCH,
  TEXT,
  TEXTS,
} from '../binding.js';
import {
  type Cmdlet,
  type CmdletRun,
  MAY_READ,
  MAY_WRITE_RECIPIENTS,
  NO_ROWS,
  type PlacedRow,
  placed,
  warnUnchanged,
} from '../cmdlet.js';
import { alreadyExists, badArgument, badParameters, badTransformation } from '../cmdlet-error.js';
import { processingOf } from '../mailbox-seed.js';
import {
  type CalendarProcessing,
  CUSTOM_ATTRIBUTES,
  type CustomAttributes,
  type Mailbox,
  type MailboxProperties,
  type RecipientKind,
  type Row,
} from '../model.js';
import { distinguishedName, INITIAL_DOMAIN } from '../names.js';
import { readFilter } from '../rbac.js';
import { mailboxNamed } from './find.js';

/** Kinds that Get-Mailbox may be asked for; the sandbox has four of them. */
const MAILBOX_KINDS = [
  'DiscoveryMailbox',
  'EquipmentMailbox',
  'GroupMailbox',
  'LegacyMailbox',
  'LinkedMailbox',
  'LinkedRoomMailbox',
  'RoomMailbox',
  'SchedulingMailbox',
  'SharedMailbox',
  'TeamMailbox',
  'UserMailbox',
];

export function mailboxRow({ user, guid, name, primarySmtpAddress, properties }: Mailbox): Row {
  const upn = String(user.properties.userPrincipalName);
  return {
    ExchangeGuid: guid,
    'ExchangeGuid@data.type': 'System.Guid',
    Guid: guid,
    'Guid@data.type': 'System.Guid',
    Id: name,
    Identity: name,
    Name: name,
    DisplayName: user.properties.displayName ?? null,
    Alias: user.properties.mailNickname ?? null,
    DistinguishedName: distinguishedName(name),
    ExternalDirectoryObjectId: user.id,
    UserPrincipalName: upn,
    WindowsLiveID: upn,
    PrimarySmtpAddress: primarySmtpAddress,
    EmailAddresses: [`SMTP:${primarySmtpAddress}`],
    'EmailAddresses@data.type': '#Collection(String)',
    RecipientType: 'UserMailbox',
    RecipientTypeDetails: properties.kind,
    HiddenFromAddressListsEnabled: properties.hidden,
    ...Object.fromEntries(CUSTOM_ATTRIBUTES.map((name) => [name, properties.customAttributes[name] ?? ''])),
    GrantSendOnBehalfTo: [],
    MaxSendSize: '35 MB (36,700,160 bytes)',
    OrganizationId: INITIAL_DOMAIN,
    IsMailboxEnabled: true,
  };
}

function* listMailboxes(run: CmdletRun): Iterable<PlacedRow> {
  const { parameters } = run;
  const kinds = parameters.texts('RecipientTypeDetails');
  const filterText = parameters.text('Filter');
  const filter = filterText === undefined ? undefined : readFilter(filterText);
  for (const [place, mailbox] of run.exchange.mailboxes.after(run.after)) {
    if (kinds !== undefined && !kinds.includes(mailbox.properties.kind)) continue;
    if (filter !== undefined && !run.exchange.rbac.matches(filter, mailbox)) continue;
    yield [place, mailboxRow(mailbox)];
  }
}

/** Rows of those that an identity names, or of all where it is null, empty or absent. */
function mailboxesOf(run: CmdletRun, view: (mailbox: Mailbox) => Row): Iterable<PlacedRow> {
  const identity = run.parameters.text('Identity');
  if (identity !== undefined) return placed([view(mailboxNamed(run, identity))], run.after);
  return allMailboxes(run, view);
}

function* allMailboxes(run: CmdletRun, view: (mailbox: Mailbox) => Row): Iterable<PlacedRow> {
  for (const [place, mailbox] of run.exchange.mailboxes.after(run.after)) yield [place, view(mailbox)];
}

const getMailbox: Cmdlet = {
  parameters: {
    Anr: TEXT,
    Filter: TEXT,
    Identity: IDENTITY,
    IncludeGrantSendOnBehalfToWithDisplayNames: SWITCH,
    RecipientTypeDetails: anyOf(MAILBOX_KINDS),
    ResultSize: SIZE,
    SortBy: TEXT,
  },
  roles: MAY_READ,
  run: (run) => {
    const identity = run.parameters.text('Identity');
    const filter = run.parameters.text('Filter');
    if (identity !== undefined && filter !== undefined) {
      throw badParameters('Parameter set cannot be resolved using the specified named parameters.');
    }
    if (identity === undefined) return listMailboxes(run);
    const mailbox = mailboxNamed(run, identity);
    const kinds = run.parameters.texts('RecipientTypeDetails');
    const isWanted = kinds === undefined || kinds.includes(mailbox.properties.kind);
    return placed(isWanted ? [mailboxRow(mailbox)] : [], run.after);
  },
};

const newMailbox: Cmdlet = {
  parameters: {
    Alias: TEXT,
    DisplayName: TEXT,
    Equipment: SWITCH,
    FirstName: TEXT,
    LastName: TEXT,
    MicrosoftOnlineServicesID: TEXT,
    Name: TEXT,
    Password: TEXT,
    PrimarySmtpAddress: TEXT,
    ResetPasswordOnNextLogon: FLAG,
    Room: SWITCH,
    Shared: SWITCH,
  },
  mandatory: ['Name'],
  roles: MAY_WRITE_RECIPIENTS,
  run: makeMailbox,
};

function makeMailbox(run: CmdletRun): readonly PlacedRow[] {
  const { exchange, parameters } = run;
  const { directory } = exchange;
  const kind = newKind(parameters);
  const name = parameters.required('Name');
  if (name.length > 64) throw badArgument('The property Name is longer than 64 characters.');
  // MicrosoftDocs/office-docs-powershell New-Mailbox.md: umlauts and the like are refused in Exchange Online.
  if (!/^[\x20-\x7e]+$/.test(name))
    throw badArgument(`The name "${name}" contains characters that are not valid.`);
  const id = kind === 'UserMailbox' ? parameters.required('MicrosoftOnlineServicesID') : addressOf(run, name);
  const alias = parameters.text('Alias') ?? id.slice(0, id.indexOf('@')).slice(0, 64);
  const primary =
    parameters.text('PrimarySmtpAddress') ?? (kind === 'UserMailbox' ? id : addressOf(run, alias));
  const password = passwordOf(run);
  if (kind === 'UserMailbox') checkPassword(password ?? parameters.required('Password'));
  else if (password !== undefined)
    throw badParameters('Parameter set cannot be resolved using the specified named parameters.');
  for (const address of [id, primary]) checkAddress(run, address);
  checkFree(run, name, alias, [id, primary]);
  const user = {
    ...directory.stamp(),
    kind: 'user' as const,
    id: directory.random.nextUuid('user of New-Mailbox'),
    manager: null,
    properties: {
      ...emptyUser(),
      accountEnabled: kind === 'UserMailbox',
      displayName: parameters.text('DisplayName') ?? name,
      givenName: parameters.text('FirstName') ?? null,
      surname: parameters.text('LastName') ?? null,
      mail: primary,
      mailNickname: alias,
      proxyAddresses: [`SMTP:${primary}`],
      userPrincipalName: id,
    },
  };
  directory.users.put(user);
  if (password !== undefined) exchange.keepPassword(user.id, password);
  exchange.mailboxes.make(user, name, { kind, processing: processingOf(kind) });
  return placed([mailboxRow(mailboxNamed(run, user.id))], run.after);
}

/** Passwords travel encrypted with the key of the connection; clear text is none. */
function passwordOf({ exchange, parameters }: CmdletRun): string | undefined {
  const sent = parameters.text('Password');
  if (sent === undefined) return undefined;
  const password = exchange.secretKey.open(sent);
  if (password === undefined) {
    throw badTransformation(
      'Cannot process argument transformation on parameter \'Password\'. Cannot convert value to type "System.Security.SecureString".',
    );
  }
  return password;
}

function newKind(parameters: Bound): RecipientKind {
  const kinds: RecipientKind[] = [];
  if (parameters.flag('Shared') === true) kinds.push('SharedMailbox');
  if (parameters.flag('Room') === true) kinds.push('RoomMailbox');
  if (parameters.flag('Equipment') === true) kinds.push('EquipmentMailbox');
  if (kinds.length > 1)
    throw badParameters('Parameter set cannot be resolved using the specified named parameters.');
  return kinds[0] ?? 'UserMailbox';
}

function addressOf({ exchange }: CmdletRun, name: string): string {
  const domain = exchange.directory.tenant.domains.find(({ isDefault }) => isDefault)?.id ?? INITIAL_DOMAIN;
  return `${name.toLowerCase().replaceAll(/[^a-z0-9._-]/g, '')}@${domain}`;
}

function checkPassword(password: string): void {
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((letters) => letters.test(password));
  if (password.length < 8 || classes.length < 3) {
    throw badArgument('The password does not meet the complexity requirements of your organization.');
  }
}

function checkAddress({ exchange }: CmdletRun, address: string): void {
  const domain = address.slice(address.indexOf('@') + 1).toLowerCase();
  const accepted = exchange.directory.tenant.domains.some(
    ({ id, isVerified }) => isVerified && id === domain,
  );
  if (!/^[^@\s]{1,64}@[^@\s]+$/.test(address) || !accepted) {
    throw badArgument(`The domain of "${address}" isn't one of your organization's accepted domains.`);
  }
}

function checkFree({ exchange }: CmdletRun, name: string, alias: string, addresses: readonly string[]): void {
  const { users } = exchange.directory;
  const isTaken = (value: string) =>
    ['userPrincipalName', 'mail'].some((property) => (users.lookUp(property, value) ?? []).length > 0);
  const taken = addresses.find(isTaken);
  if (taken !== undefined) throw alreadyExists(taken);
  if ((users.lookUp('mailNickname', alias) ?? []).length > 0) throw alreadyExists(alias);
  if (exchange.mailboxes.isNamed(name)) throw alreadyExists(distinguishedName(name));
}

const setMailbox: Cmdlet = {
  parameters: {
    ...Object.fromEntries(CUSTOM_ATTRIBUTES.map((name) => [name, NULLABLE_TEXT])),
    HiddenFromAddressListsEnabled: FLAG,
    Identity: TEXT,
  },
  mandatory: ['Identity'],
  roles: MAY_WRITE_RECIPIENTS,
  run: (run) => {
    const { properties } = mailboxNamed(run, run.parameters.required('Identity'));
    const changes: Partial<MailboxProperties> = {
      ...(run.parameters.has('HiddenFromAddressListsEnabled')
        ? { hidden: run.parameters.flag('HiddenFromAddressListsEnabled') === true }
        : {}),
      customAttributes: changedAttributes(run.parameters, properties.customAttributes),
    };
    return change(run, changes);
  },
};

/** Null and empty text clear an attribute. */
function changedAttributes(parameters: Bound, before: CustomAttributes): CustomAttributes {
  const values = CUSTOM_ATTRIBUTES.map(
    (name) => [name, parameters.has(name) ? parameters.text(name) : before[name]] as const,
  );
  return Object.fromEntries(values.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** Changes a mailbox, or warns that there was nothing to change. */
function change(run: CmdletRun, changes: Partial<MailboxProperties>): readonly PlacedRow[] {
  const identity = run.parameters.required('Identity');
  const mailbox = mailboxNamed(run, identity);
  const before: Readonly<Record<string, unknown>> = { ...mailbox.properties };
  const differs = Object.entries(changes).some(
    ([name, value]) => JSON.stringify(before[name]) !== JSON.stringify(value),
  );
  if (differs) run.exchange.mailboxes.setProperties(mailbox, changes);
  else warnUnchanged(run, identity);
  return NO_ROWS;
}

const removeMailbox: Cmdlet = {
  parameters: { Force: SWITCH, Identity: TEXT, PermanentlyDelete: SWITCH },
  mandatory: ['Identity'],
  roles: MAY_WRITE_RECIPIENTS,
  asks: true,
  run: (run) => {
    const { user } = mailboxNamed(run, run.parameters.required('Identity'));
    // The user goes with it, to where deleted users are.
    run.exchange.directory.softDelete(user);
    return NO_ROWS;
  },
};

function casRow({ name, guid, user, primarySmtpAddress, properties }: Mailbox): Row {
  return {
    Identity: name,
    Name: name,
    Guid: guid,
    'Guid@data.type': 'System.Guid',
    DisplayName: user.properties.displayName ?? null,
    PrimarySmtpAddress: primarySmtpAddress,
    EwsEnabled: properties.ewsEnabled,
    EwsApplicationAccessPolicy: null,
    EwsAllowList: null,
    EwsBlockList: null,
  };
}

const getCasMailbox: Cmdlet = {
  parameters: { Identity: IDENTITY, ResultSize: SIZE },
  roles: MAY_READ,
  run: (run) => mailboxesOf(run, casRow),
};

const setCasMailbox: Cmdlet = {
  parameters: { EwsEnabled: NULLABLE_FLAG, Identity: TEXT },
  mandatory: ['Identity'],
  roles: MAY_WRITE_RECIPIENTS,
  run: (run) =>
    change(
      run,
      run.parameters.has('EwsEnabled') ? { ewsEnabled: run.parameters.flag('EwsEnabled') ?? null } : {},
    ),
};

const getCalendarProcessing: Cmdlet = {
  parameters: { Identity: TEXT, ResultSize: SIZE },
  mandatory: ['Identity'],
  roles: MAY_READ,
  run: (run) => mailboxesOf(run, ({ name, properties }) => ({ Identity: name, ...properties.processing })),
};

const PROCESSING_FLAGS = [
  'AddOrganizerToSubject',
  'AllBookInPolicy',
  'AllowConflicts',
  'DeleteComments',
  'DeleteSubject',
  'ProcessExternalMeetingMessages',
  'RemovePrivateProperty',
] as const;

const setCalendarProcessing: Cmdlet = {
  parameters: {
    ...Object.fromEntries(PROCESSING_FLAGS.map((name) => [name, FLAG])),
    AutomateProcessing: oneOf('None', 'AutoUpdate', 'AutoAccept'),
    BookingWindowInDays: { kind: 'integer' },
    Identity: TEXT,
    ResourceDelegates: TEXTS,
  },
  mandatory: ['Identity'],
  roles: MAY_WRITE_RECIPIENTS,
  run: (run) => {
    const { parameters } = run;
    const { kind, processing } = mailboxNamed(run, parameters.required('Identity')).properties;
    const automate = parameters.text('AutomateProcessing');
    // UNCONFIRMED: this text.
    if (automate === 'AutoAccept' && kind === 'UserMailbox') {
      throw badArgument('AutoAccept can only be set on resource mailboxes.');
    }
    const flags = PROCESSING_FLAGS.filter((name) => parameters.has(name)).map((name) => [
      name,
      parameters.flag(name),
    ]);
    const changed: CalendarProcessing = {
      ...processing,
      ...Object.fromEntries(flags),
      ...(automate === undefined ? {} : { AutomateProcessing: automate }),
      BookingWindowInDays: parameters.number('BookingWindowInDays') ?? processing.BookingWindowInDays,
    };
    return change(run, { processing: changed });
  },
};

export const MAILBOX_CMDLETS: Readonly<Record<string, Cmdlet>> = {
  'Get-CalendarProcessing': getCalendarProcessing,
  'Get-CASMailbox': getCasMailbox,
  'Get-Mailbox': getMailbox,
  'New-Mailbox': newMailbox,
  'Remove-Mailbox': removeMailbox,
  'Set-CalendarProcessing': setCalendarProcessing,
  'Set-CASMailbox': setCasMailbox,
  'Set-Mailbox': setMailbox,
};
