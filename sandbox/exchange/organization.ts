/** What is set for the organisation as a whole. */
import type { ExchangeSettings } from './settings.js';

/** The settings of Set-OrganizationConfig that matter to EWS. */
export interface OrganizationConfig {
  /** Null: not set, which ignores the list of applications. */
  readonly EwsEnabled: boolean | null;
  /** One string with commas; null for none. */
  readonly EwsAllowedAppIDs: string | null;
  readonly EwsApplicationAccessPolicy: string | null;
  readonly EwsAllowList: readonly string[] | null;
  readonly EwsBlockList: readonly string[] | null;
  readonly EwsAllowOutlook: boolean | null;
}

const AT_FIRST: OrganizationConfig = {
  EwsEnabled: null,
  EwsAllowedAppIDs: null,
  EwsApplicationAccessPolicy: null,
  EwsAllowList: null,
  EwsBlockList: null,
  EwsAllowOutlook: null,
};

/** Changes of EWS access take effect within 24 hours. */
const KEPT_MS = 86_400_000;

export class Organization {
  #config = AT_FIRST;
  #stale: { readonly until: number; readonly config: OrganizationConfig } | undefined;
  #changedAt: number | undefined;
  /** Former settings with the time until which they held, oldest first; none older than {@link KEPT_MS}. */
  #former: { readonly until: number; readonly config: OrganizationConfig }[] = [];

  constructor(
    readonly settings: () => ExchangeSettings,
    readonly now: () => number,
  ) {}

  /** As it is. */
  get config(): OrganizationConfig {
    return this.#config;
  }

  /** As reads see it: what was before, for a while after a write, if the options say so. */
  get seen(): OrganizationConfig {
    return this.#stale !== undefined && this.#stale.until > this.now() ? this.#stale.config : this.#config;
  }

  /** As Exchange's servers enforce it, where they learn of a change `delayMs` later (at most a day). */
  enforced(delayMs: number): OrganizationConfig {
    const then = this.now() - delayMs;
    return this.#former.find(({ until }) => until > then)?.config ?? this.#config;
  }

  /** When it was last changed, in milliseconds. */
  get changedAt(): number | undefined {
    return this.#changedAt;
  }

  set(changes: Partial<OrganizationConfig>): void {
    const delay = this.settings().staleReads;
    if (delay > 0) this.#stale = { until: this.now() + delay, config: this.seen };
    const now = this.now();
    const former = { until: now, config: this.#config };
    this.#former = [...this.#former.filter(({ until }) => until > now - KEPT_MS), former];
    this.#config = { ...this.#config, ...changes };
    this.#changedAt = now;
  }
}
