/** The emulated Exchange over the product's transports, with dumps of everything that cmdlets can change. */
import type { CmdletPort } from '../../../infra/exchange/transport/port.js';
import { startTenant } from '../../exchange-transport/support/tenant.js';

/** Access rights by grantee, as a dump shows a folder. */
export interface DumpedFolder {
  readonly path: string;
  readonly id: string;
  readonly type: string;
  readonly entries: Readonly<
    Record<string, { readonly rights: readonly string[]; readonly flags?: unknown }>
  >;
}

export interface DumpedMailbox {
  readonly guid: string;
  readonly primarySmtpAddress: string;
  readonly kind: string;
  readonly customAttributes: Readonly<Record<string, string>>;
  readonly folders: readonly DumpedFolder[];
}

export type Dump = Readonly<Record<string, DumpedMailbox>>;

export interface ExchangeTenant {
  readonly port: CmdletPort;
  /** Another way in, as a second run has it. */
  openPort(): CmdletPort;
  dump(): Promise<Dump>;
  /** Faults as the sandbox takes them, on top of those in force. */
  control(...faults: readonly string[]): Promise<void>;
  dispose(): Promise<void>;
}

/** @param faults as the sandbox takes them */
export async function startExchange(
  transport: CmdletPort['transport'],
  mailboxes: number,
  faults: readonly string[] = [],
): Promise<ExchangeTenant> {
  const tenant = await startTenant({ mailboxes, seed: 1 });
  await tenant.control({ faults });
  return {
    port: tenant.open(transport),
    openPort: () => tenant.open(transport),
    dump: async () => ((await tenant.exchangeState()) as { readonly mailboxes: Dump }).mailboxes,
    control: (...texts) => tenant.control({ faults: texts }),
    dispose: () => tenant.stop(),
  };
}

/** `Default` on the default calendar, by address. */
export function defaultRights(dump: Dump): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.values(dump).map((box) => [
      box.primarySmtpAddress,
      [...(calendarOf(box)?.entries.Default?.rights ?? [])].sort().join('+'),
    ]),
  );
}

/** The dump without the one thing that a sweep may change. */
export function withoutDefault(dump: Dump): Dump {
  return Object.fromEntries(
    Object.entries(dump).map(([name, box]) => [
      name,
      {
        ...box,
        folders: box.folders.map((folder) => {
          if (folder !== calendarOf(box)) return folder;
          const { Default: _, ...entries } = folder.entries;
          return { ...folder, entries };
        }),
      },
    ]),
  );
}

function calendarOf(box: DumpedMailbox): DumpedFolder | undefined {
  return box.folders.find(({ type }) => type === 'Calendar');
}
