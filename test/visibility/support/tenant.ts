/**
 * A strict model of the folder cmdlets in memory, for tests of the sweeps' logic: it checks parameters like the transports do,
 * knows calendars in several languages, and writes down every call.
 */
import { CMDLETS, type CmdletName, type CmdletRow } from '../../../infra/exchange/transport/cmdlets.js';
import { ExchangeError } from '../../../infra/exchange/transport/exchange-error.js';
import type { CmdletCall, CmdletPort, CmdletResult } from '../../../infra/exchange/transport/port.js';

export interface Entry {
  user: string;
  rights: string[];
  flags: string | null;
}

export interface Folder {
  id: string;
  name: string;
  type: string;
  entries: Entry[];
}

export interface Mailbox {
  guid: string;
  address: string;
  aliases: string[];
  kind: string;
  folders: Folder[];
}

/** A write that came through, whether or not it changed anything. */
export interface Write {
  readonly guid: string;
  readonly before: string;
  readonly after: string;
}

const CALENDAR_NAMES = ['Calendar', 'Kalender', 'Calendrier', '日历', 'Calendário', 'Agenda'];

export function guidOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** A mailbox with a calendar in some language, a sub-calendar, a delegate and a named entry beside `Default`. */
export function mailbox(number: number, rights: string[], change: Partial<Mailbox> = {}): Mailbox {
  const name = CALENDAR_NAMES[number % CALENDAR_NAMES.length] ?? 'Calendar';
  return {
    guid: guidOf(number),
    address: `user${number}@contoso.com`,
    aliases: [`alias${number}@contoso.com`],
    kind: 'UserMailbox',
    folders: [
      {
        id: `sub-${number}`,
        name: 'Calendar',
        type: 'User Created',
        entries: [{ user: 'Default', rights: ['None'], flags: null }],
      },
      {
        id: `cal-${number}`,
        name,
        type: 'Calendar',
        entries: [
          { user: 'Default', rights, flags: null },
          { user: 'Anonymous', rights: ['None'], flags: null },
          { user: 'Élodie “$(whoami)”', rights: ['Editor'], flags: 'Delegate, CanViewPrivateItems' },
        ],
      },
    ],
    ...change,
  };
}

export class Tenant implements CmdletPort {
  readonly transport = 'rest' as const;
  concurrency = 4;
  readonly mailboxes: Map<string, Mailbox>;
  readonly calls: { readonly cmdlet: CmdletName; readonly identity: string | undefined }[] = [];
  readonly writes: Write[] = [];
  readonly groups = new Map<string, CmdletRow<'Get-DistributionGroupMember'>[]>();
  /** Rows that a list gives beside the mailboxes. */
  extraRows: CmdletRow<'Get-Mailbox'>[] = [];
  /** How a user's language renders `Default`. */
  defaultText = 'Default';
  /** So many readings after a write still show what was there before it. */
  staleReads = 0;
  /** Called before each call: may throw, and may change the tenant. */
  before: (call: CmdletCall) => void | Promise<void> = () => {};
  open = 0;
  mostOpen = 0;
  readonly #stale = new Map<string, { rights: string[]; left: number }>();

  constructor(mailboxes: readonly Mailbox[]) {
    this.mailboxes = new Map(mailboxes.map((box) => [box.guid, structuredClone(box)]));
  }

  async run<N extends CmdletName>(call: CmdletCall<N>): Promise<CmdletResult<N>> {
    call.signal?.throwIfAborted();
    CMDLETS[call.cmdlet].parameters.parse(call.parameters);
    const parameters = call.parameters as Record<string, unknown>;
    this.calls.push({ cmdlet: call.cmdlet, identity: parameters.Identity as string | undefined });
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    try {
      await new Promise((resolve) => setImmediate(resolve));
      call.signal?.throwIfAborted();
      await this.before(call as unknown as CmdletCall);
      const rows = this.#answer(call.cmdlet, parameters);
      return { rows: rows as CmdletRow<N>[], warnings: [] };
    } finally {
      this.open -= 1;
    }
  }

  async *stream<N extends CmdletName>(call: CmdletCall<N>): AsyncGenerator<CmdletRow<N>> {
    yield* (await this.run(call)).rows;
  }

  async permitted(): Promise<ReadonlySet<CmdletName>> {
    return new Set(Object.keys(CMDLETS) as CmdletName[]);
  }

  statistics() {
    return { cmdlets: this.calls.length, requests: this.calls.length, throttled: 0, retried: 0 };
  }

  async close(): Promise<void> {}

  count(cmdlet: CmdletName): number {
    return this.calls.filter((call) => call.cmdlet === cmdlet).length;
  }

  /** `Default` on the default calendar, as it really is. */
  level(number: number): string | undefined {
    return defaultEntry(calendarOf(this.mailboxes.get(guidOf(number))))?.rights.join('+');
  }

  setLevel(number: number, rights: string[]): void {
    const entry = defaultEntry(calendarOf(this.mailboxes.get(guidOf(number))));
    if (entry !== undefined) entry.rights = rights;
  }

  /** Everything; `without` leaves `Default` of the default calendars out. */
  dump(without?: 'Default'): unknown {
    const boxes = structuredClone([...this.mailboxes.values()]);
    if (without !== undefined)
      for (const box of boxes) {
        const entry = defaultEntry(calendarOf(box));
        if (entry !== undefined) entry.rights = [];
      }
    return boxes;
  }

  #answer(cmdlet: CmdletName, parameters: Record<string, unknown>): unknown[] {
    const identity = String(parameters.Identity ?? '');
    switch (cmdlet) {
      case 'Get-Mailbox':
        return this.#getMailbox(parameters);
      case 'Get-DistributionGroupMember':
        return this.groups.get(identity) ?? notFound(cmdlet, identity);
      case 'Get-MailboxFolderStatistics':
        return this.#mailbox(cmdlet, identity).folders.map(({ id, name, type }) => ({
          Name: name,
          FolderPath: `/${name}`,
          FolderId: id,
          FolderType: type,
        }));
      case 'Get-MailboxFolderPermission': {
        const entry = this.#entry(cmdlet, identity);
        return [{ User: this.defaultText, AccessRights: [...this.#readable(identity, entry)] }];
      }
      case 'Set-MailboxFolderPermission': {
        const entry = this.#entry(cmdlet, identity);
        const after = parameters.AccessRights as string[];
        this.writes.push({
          guid: identity.split(':')[0] ?? '',
          before: entry.rights.join('+'),
          after: after.join('+'),
        });
        if (this.staleReads > 0) this.#stale.set(identity, { rights: entry.rights, left: this.staleReads });
        entry.rights = [...after];
        return [];
      }
      default:
        throw new Error(`the model does not know ${cmdlet}`);
    }
  }

  #getMailbox(parameters: Record<string, unknown>): unknown[] {
    const all = [...this.mailboxes.values()].map((box) => ({
      Guid: box.guid,
      PrimarySmtpAddress: box.address,
      RecipientTypeDetails: box.kind,
    }));
    const { Identity, RecipientTypeDetails: kinds } = parameters as {
      Identity?: string;
      RecipientTypeDetails?: string[];
    };
    if (Identity !== undefined) {
      const boxes = [...this.mailboxes.values()].filter((box) =>
        [box.guid, box.address, ...box.aliases].some((id) => id.toLowerCase() === Identity.toLowerCase()),
      );
      if (boxes.length === 0) return notFound('Get-Mailbox', Identity);
      return all.filter(({ Guid }) => boxes.some((box) => box.guid === Guid));
    }
    const rows = [...all, ...this.extraRows];
    return kinds === undefined ? rows : rows.filter((row) => kinds.includes(row.RecipientTypeDetails));
  }

  #mailbox(cmdlet: string, identity: string): Mailbox {
    return this.mailboxes.get(identity) ?? notFound(cmdlet, identity);
  }

  #entry(cmdlet: string, identity: string): Entry {
    const colon = identity.indexOf(':');
    const box = this.#mailbox(cmdlet, identity.slice(0, colon));
    const folder = box.folders.find(({ id }) => id === identity.slice(colon + 1));
    if (folder === undefined) return notFound(cmdlet, identity);
    return (
      defaultEntry(folder) ??
      refuse(cmdlet, 'UserNotFoundInPermissionEntryException', 'There is no existing permission entry found.')
    );
  }

  #readable(identity: string, entry: Entry): string[] {
    const stale = this.#stale.get(identity);
    if (stale === undefined || stale.left === 0) return entry.rights;
    stale.left -= 1;
    return stale.rights;
  }
}

function calendarOf(box: Mailbox | undefined): Folder | undefined {
  return box?.folders.find(({ type }) => type === 'Calendar');
}

function defaultEntry(folder: Folder | undefined): Entry | undefined {
  return folder?.entries.find(({ user }) => user === 'Default');
}

function notFound(cmdlet: string, identity: string): never {
  return refuse(
    cmdlet,
    'ManagementObjectNotFoundException',
    `The operation couldn't be performed because '${identity}' couldn't be found.`,
  );
}

export function refuse(cmdlet: string, className: string, text: string, transient = false): never {
  throw new ExchangeError({ cmdlet, className, text, transient });
}
