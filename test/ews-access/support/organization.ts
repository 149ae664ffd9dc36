/** The organisation's EWS settings in memory, over which several runs may be at once. Each call takes its time. */

import { sleep } from '../../../infra/exchange/transport/clock.js';
import type { CmdletName } from '../../../infra/exchange/transport/cmdlets.js';
import { ManualClock } from '../../exchange-transport/support/manual-clock.js';
import { MemoryPort, notFound } from '../../support/memory-port.js';

export interface MailboxSettings {
  enabled: boolean | null;
  policy?: string;
  allow?: string[];
  block?: string[];
}

export class Organization {
  readonly clock: ManualClock;
  enabled: boolean | null = true;
  /** The text as it was written. */
  ids: string | null = null;
  policy: string | null = null;
  allow: string[] | null = null;
  block: string[] | null = null;
  readonly mailboxes = new Map<string, MailboxSettings>();
  /** Reads show what was before a write for so long. */
  staleMs = 0;
  /** Called before each write of the organisation's settings takes effect. */
  beforeWrite: (written: { readonly EwsAllowedAppIDs?: string | null | undefined }) => void = () => undefined;
  #stale: { until: number; enabled: boolean | null; ids: string | null } | undefined;

  constructor(clock = new ManualClock()) {
    this.clock = clock;
  }

  get list(): readonly string[] {
    return this.ids === null ? [] : this.ids.split(',');
  }

  /** A port of one run; `latency` gives the milliseconds before and after the effect of its next call. */
  port(latency: (cmdlet: CmdletName) => readonly [number, number] = () => [0, 0]): MemoryPort {
    const slowly = async (cmdlet: CmdletName, effect: () => readonly object[]) => {
      const [before, after] = latency(cmdlet);
      await sleep(this.clock, before);
      const rows = effect();
      await sleep(this.clock, after);
      return rows;
    };
    return new MemoryPort({
      'Get-OrganizationConfig': () => slowly('Get-OrganizationConfig', () => [this.#seen()]),
      'Set-OrganizationConfig': (given) =>
        slowly('Set-OrganizationConfig', () => {
          this.beforeWrite(given);
          this.#remember();
          if (given.EwsEnabled !== undefined) this.enabled = given.EwsEnabled;
          if (given.EwsAllowedAppIDs !== undefined) this.ids = given.EwsAllowedAppIDs;
          return [];
        }),
      'Get-CASMailbox': ({ Identity }) =>
        slowly('Get-CASMailbox', () => [this.#mailbox('Get-CASMailbox', Identity)]),
      'Set-CASMailbox': ({ Identity, EwsEnabled }) =>
        slowly('Set-CASMailbox', () => {
          this.#mailbox('Set-CASMailbox', Identity);
          const mailbox = this.mailboxes.get(Identity);
          if (mailbox !== undefined) mailbox.enabled = EwsEnabled;
          return [];
        }),
    });
  }

  #seen() {
    const isStale = this.#stale !== undefined && this.#stale.until > this.clock.now();
    const { enabled, ids } = isStale && this.#stale !== undefined ? this.#stale : this;
    return {
      EwsEnabled: enabled,
      // One element with commas in it.
      EwsAllowedAppIDs: ids === null ? null : [ids],
      EwsApplicationAccessPolicy: this.policy,
      EwsAllowList: this.allow,
      EwsBlockList: this.block,
    };
  }

  #remember(): void {
    if (this.staleMs === 0) return;
    const { EwsEnabled, EwsAllowedAppIDs } = this.#seen();
    this.#stale = {
      until: this.clock.now() + this.staleMs,
      enabled: EwsEnabled,
      ids: EwsAllowedAppIDs?.[0] ?? null,
    };
  }

  #mailbox(cmdlet: string, address: string) {
    const found = this.mailboxes.get(address);
    if (found === undefined) throw notFound(cmdlet, address);
    return {
      EwsEnabled: found.enabled,
      EwsApplicationAccessPolicy: found.policy ?? null,
      EwsAllowList: found.allow ?? null,
      EwsBlockList: found.block ?? null,
    };
  }
}
