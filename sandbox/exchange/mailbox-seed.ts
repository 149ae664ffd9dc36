/** Mailboxes from the seed: languages, kinds, former rights, delegates, by the number of the user. */
import type { User } from '../entra/model.js';
import type {
  CalendarProcessing,
  CustomAttributes,
  FolderSeed,
  Grantee,
  MailboxProperties,
  MailboxSeed,
  PermissionEntry,
  RecipientKind,
} from './model.js';

/** The default calendar's name, a holiday calendar's and that of the birthdays, by language. */
const CALENDAR_NAMES: readonly (readonly [
  calendar: string,
  holidays: string,
  birthdays: string,
  inbox: string,
])[] = [
  ['Calendar', 'United States holidays', 'Birthdays', 'Inbox'],
  ['Kalender', 'Feiertage in Deutschland', 'Geburtstage', 'Posteingang'],
  ['Calendrier', 'Jours fériés en France', 'Anniversaires', 'Boîte de réception'],
  ['予定表', '日本の休日', '誕生日', '受信トレイ'],
  ['Calendário', 'Feriados no Brasil', 'Aniversários', 'Caixa de Entrada'],
  ['التقويم', 'أيام العطل', 'أعياد الميلاد', 'علبة الوارد'],
  ['Takvim', 'Türkiye tatilleri', 'Doğum günleri', 'Gelen Kutusu'],
  ['Ημερολόγιο', 'Αργίες Ελλάδας', 'Γενέθλια', 'Εισερχόμενα'],
  ['日历', '中国节假日', '生日', '收件箱'],
  ['Agenda', 'Feestdagen', 'Verjaardagen', 'Postvak IN'],
  ['Календарь', 'Праздники', 'Дни рождения', 'Входящие'],
  ['לוח שנה', 'חגים', 'ימי הולדת', 'תיבת דואר נכנס'],
];

/** What owners call the default calendar after renaming it. */
const RENAMED = ["Team's $(calendar)", '`Büro` "1"', 'Plan \u200f 🎉', 'Calendar'];

/** Rights of `Default`, most of them as a new mailbox has them; 11 of 20 are below LimitedDetails and can be compared. */
const DEFAULT_RIGHTS: readonly (readonly string[])[] = [
  ['AvailabilityOnly'],
  ['AvailabilityOnly'],
  ['None'],
  ['LimitedDetails'],
  ['AvailabilityOnly'],
  ['Reviewer'],
  ['AvailabilityOnly'],
  ['Contributor'],
  ['AvailabilityOnly'],
  ['Editor'],
  ['AvailabilityOnly'],
  ['FolderVisible'],
  ['None'],
  ['LimitedDetails'],
  ['AvailabilityOnly'],
  ['Author'],
  ['AvailabilityOnly'],
  ['EditOwnedItems', 'FolderVisible', 'ReadItems'],
  ['AvailabilityOnly'],
  ['PublishingEditor'],
];

/** UNCONFIRMED: the types of calendars other than the default one. */
const OTHER_CALENDAR = 'User Created';
const BIRTHDAYS = 'BirthdayCalendar';

const ROOM_PROCESSING: CalendarProcessing = {
  AutomateProcessing: 'AutoAccept',
  ProcessExternalMeetingMessages: false,
  AllBookInPolicy: true,
  AllowConflicts: false,
  AddOrganizerToSubject: true,
  DeleteComments: true,
  DeleteSubject: true,
  RemovePrivateProperty: true,
  BookingWindowInDays: 180,
};
const USER_PROCESSING: CalendarProcessing = {
  ...ROOM_PROCESSING,
  AutomateProcessing: 'AutoUpdate',
  AddOrganizerToSubject: false,
  DeleteComments: false,
  DeleteSubject: false,
  RemovePrivateProperty: false,
};

/** What a seeded mailbox asks of its surroundings. */
export interface SeedSurroundings {
  /** The object id of the seeded user with this number. */
  userId(number: number): string | undefined;
  /** Rights of `Default` in all seeded calendars, where the options ask for it. */
  readonly defaultRights: readonly string[] | undefined;
}

const NO_FLAGS: readonly string[] = [];
const nobody = entry(['None']);

function entry(rights: readonly string[], flags: readonly string[] = NO_FLAGS): PermissionEntry {
  return { rights, flags };
}

/** The kind of the seeded mailbox with this number; of 50, one each is shared, a room, a piece of equipment. */
export function seededKind(number: number): RecipientKind {
  switch (number % 50) {
    case 49:
      return 'SharedMailbox';
    case 24:
    case 9:
      return 'RoomMailbox';
    case 37:
      return 'EquipmentMailbox';
    default:
      return 'UserMailbox';
  }
}

/** The properties of the seeded mailbox with this number. */
export function seededProperties(number: number): MailboxProperties {
  const kind = seededKind(number);
  return {
    kind,
    hidden: number % 23 === 11,
    customAttributes: seededAttributes(number),
    ewsEnabled: number % 29 === 7 ? false : null,
    processing: seededProcessing(number, kind),
  };
}

function seededAttributes(number: number): CustomAttributes {
  return {
    ...(number % 25 === 3 ? { CustomAttribute1: 'calendar:private' } : {}),
    ...(number % 8 === 1 ? { CustomAttribute7: "Works council's" } : {}),
  };
}

function seededProcessing(number: number, kind: RecipientKind): CalendarProcessing {
  if (kind !== 'RoomMailbox' && kind !== 'EquipmentMailbox') return USER_PROCESSING;
  const asIs = ['AutoAccept', 'AutoAccept', 'AutoUpdate', 'None'];
  return {
    ...ROOM_PROCESSING,
    AutomateProcessing: asIs[Math.floor(number / 15) % asIs.length] ?? 'AutoAccept',
    ProcessExternalMeetingMessages: number % 4 === 1,
  };
}

/** The folders of the seeded mailbox with this number, in the order in which statistics list them. */
export function seededFolders(number: number, surroundings: SeedSurroundings): readonly FolderSeed[] {
  const names = CALENDAR_NAMES[number % CALENDAR_NAMES.length] ?? CALENDAR_NAMES[0];
  const [calendarName = '', holidays = '', birthdays = '', inbox = ''] = names ?? [];
  const renamed = number % 17 === 8 ? RENAMED[Math.floor(number / 17) % RENAMED.length] : undefined;
  const calendar: FolderSeed = {
    key: 'calendar',
    name: renamed ?? calendarName,
    parent: 'top',
    type: 'Calendar',
    isCalendar: true,
    entries: calendarEntries(number, surroundings),
  };
  const others: FolderSeed[] = [];
  if (number % 3 === 0) others.push(subCalendar('holidays', holidays, OTHER_CALENDAR));
  if (number % 4 === 0) others.push(subCalendar('birthdays', birthdays, BIRTHDAYS));
  // One that has the default calendar's English name and is none.
  if (number % 17 === 8) others.push(subCalendar('decoy', 'Calendar', OTHER_CALENDAR));
  const calendars = number % 6 === 0 ? [...others, calendar] : [calendar, ...others];
  return [...otherFolders(inbox), ...calendars];
}

function subCalendar(key: string, name: string, type: string): FolderSeed {
  return {
    key,
    name,
    parent: 'calendar',
    type,
    isCalendar: true,
    entries: { Default: entry(['AvailabilityOnly']), Anonymous: nobody },
  };
}

function otherFolders(inbox: string): readonly FolderSeed[] {
  const entries = { Default: nobody, Anonymous: nobody };
  return [
    { key: 'top', name: 'Top of Information Store', type: 'Root', isCalendar: false, entries },
    { key: 'inbox', name: inbox, parent: 'top', type: 'Inbox', isCalendar: false, entries },
    {
      key: 'recoverable',
      name: 'Recoverable Items',
      parent: 'top',
      type: 'RecoverableItemsRoot',
      isCalendar: false,
      isProtected: true,
      entries,
    },
  ];
}

function calendarEntries(
  number: number,
  surroundings: SeedSurroundings,
): Readonly<Record<Grantee, PermissionEntry>> {
  const rights = surroundings.defaultRights ?? DEFAULT_RIGHTS[number % DEFAULT_RIGHTS.length] ?? ['None'];
  const entries: Record<Grantee, PermissionEntry> = {
    Default: entry(rights),
    Anonymous: number % 31 === 6 ? entry(['AvailabilityOnly']) : nobody,
  };
  const colleague = (distance: number, permission: PermissionEntry) => {
    const id = number >= distance ? surroundings.userId(number - distance) : undefined;
    if (id !== undefined) entries[`internal:${id}`] = permission;
  };
  if (number % 5 === 1) colleague(1, entry(['Reviewer']));
  if (number % 7 === 3) colleague(2, entry(['Editor'], ['Delegate', 'CanViewPrivateItems']));
  if (number % 7 === 5) colleague(3, entry(['Editor'], ['Delegate']));
  if (number % 11 === 5) entries[`unknown:NT:S-1-5-21-3623811015-3361044348-${number}`] = entry(['Author']);
  if (number % 13 === 4) entries['external:partner@fabrikam.com'] = entry(['LimitedDetails']);
  return entries;
}

/** A mailbox that was made after the start: in the user's language if it is known, with the rights of a new one. */
export function newMailbox(user: User): MailboxSeed {
  const languages = ['en', 'de', 'fr', 'ja', 'pt', 'ar', 'tr', 'el', 'zh', 'nl', 'ru', 'he'];
  const language = String(user.properties.preferredLanguage ?? 'en')
    .slice(0, 2)
    .toLowerCase();
  const [calendar = 'Calendar', , , inbox = 'Inbox'] =
    CALENDAR_NAMES[Math.max(0, languages.indexOf(language))] ?? [];
  return {
    properties: {
      kind: 'UserMailbox',
      hidden: false,
      customAttributes: {},
      ewsEnabled: null,
      processing: USER_PROCESSING,
    },
    folders: [
      ...otherFolders(inbox),
      {
        key: 'calendar',
        name: calendar,
        parent: 'top',
        type: 'Calendar',
        isCalendar: true,
        entries: { Default: entry(['AvailabilityOnly']), Anonymous: nobody },
      },
    ],
  };
}

/** What a room or piece of equipment gets that is made after the start. */
export function processingOf(kind: RecipientKind): CalendarProcessing {
  return kind === 'RoomMailbox' || kind === 'EquipmentMailbox' ? ROOM_PROCESSING : USER_PROCESSING;
}
