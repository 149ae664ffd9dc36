/** Hand-offs made up for tests, and the page of one being served. */
import type { Endpoint } from '../../../infra/endpoints/google-forms.js';
import { checklist, type Progress } from '../../../infra/handoff/checklist.js';
import { handoffPage } from '../../../infra/handoff/page.js';
import { type HandoffSheet, type HandoffStack, handoffSheet } from '../../../infra/handoff/sheet.js';
import { initialLedger, type Ledger } from '../../../infra/rotation/ledger.js';
import {
  type HandoffServer,
  type HandoffServerOptions,
  serveHandoff,
} from '../../../scripts/commands/handoff-server.js';

/** Begins like a real one; nothing else in a page may look like it. */
export const SECRET = 'zQ~8Q~planted.secret_"<&>-value';

export const NOW = new Date('2027-03-01T08:00:00Z');

export const ONLINE: Endpoint = {
  name: 'online',
  type: 'microsoft365-ews',
  domains: ['contoso.com', 'contoso.de'],
  roleAccounts: ['interop@contoso.com', 'interop@contoso.de'],
};

export function stack(changes: Partial<HandoffStack> = {}): HandoffStack {
  return {
    name: 'prod',
    protocol: 'ews',
    eventDetails: true,
    roomBooking: false,
    secret: { lifetimeDays: 180, leadDays: 30, quietDays: 7 },
    endpoints: [ONLINE],
    registration: {
      tenantId: '11111111-2222-3333-4444-555555555555',
      clientId: '66666666-7777-8888-9999-000000000000',
      tokenEndpoint: 'https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token',
      ewsUrl: 'https://outlook.office365.com/ews/exchange.asmx',
    },
    ledger: FIRST,
    ...changes,
  };
}

const FIRST = initialLedger({ now: new Date('2026-10-20T00:00:00Z'), lifetimeDays: 180 });

/** A second secret has been made and is to be pasted. */
export const STAGED: Ledger = {
  ...FIRST,
  revision: 2,
  slots: { ...FIRST.slots, b: { generation: 2, endDate: '2027-08-28T00:00:00Z' } },
  log: [...FIRST.log, { at: '2027-03-01T07:00:00Z', event: 'stage', slot: 'b', generation: 2 }],
};

/** Two tenants, one of them with a new secret, all types of endpoint. */
export function manyEndpoints(): HandoffSheet {
  return handoffSheet(
    [
      stack({
        protocol: 'both',
        endpoints: [
          ONLINE,
          {
            name: 'plant',
            type: 'onPremises',
            domains: ['plant.contoso.com'],
            roleAccounts: ['interop@plant.contoso.com'],
            url: 'https://mail.plant.contoso.com/ews/exchange.asmx',
          },
        ],
      }),
      stack({
        name: 'fabrikam',
        protocol: 'graph',
        endpoints: [
          {
            name: 'partner',
            type: 'microsoft365-graph',
            domains: ['fabrikam.com', 'a-rather-long-subsidiary-name.fabrikam.example'],
            roleAccounts: ['calendar-interop-lookup@a-rather-long-subsidiary-name.fabrikam.example'],
          },
        ],
      }),
    ],
    NOW,
  );
}

/** A served page whose ticks and requests can be looked at. */
export interface ServedHandoff {
  readonly server: HandoffServer;
  readonly progress: Progress;
  /** How often the secret was asked for. */
  readonly asked: readonly string[];
}

export async function serve(
  sheet: HandoffSheet,
  options: Partial<Pick<HandoffServerOptions, 'idleMs'>> & {
    readonly revealSeconds?: number;
    readonly ticks?: Progress['ticks'];
  } = {},
): Promise<ServedHandoff & { saw(progress: Progress): void }> {
  const asked: string[] = [];
  let progress: Progress = { ticks: options.ticks ?? {}, sightings: [] };
  const steps = () => checklist(sheet, progress);
  const server = await serveHandoff({
    idleMs: options.idleMs ?? 60_000,
    page: (made) =>
      handoffPage({
        sheet,
        steps: steps(),
        now: NOW,
        watching: false,
        revealSeconds: options.revealSeconds ?? 30,
        ...made,
      }),
    steps,
    secret: async (name) => {
      asked.push(name);
      return sheet.stacks.some((one) => one.name === name) ? SECRET : undefined;
    },
    tick: (step, done) => {
      if (!steps().some(({ id, tickable }) => id === step && tickable)) return false;
      const { [step]: _, ...others } = progress.ticks;
      progress = { ...progress, ticks: done ? { ...others, [step]: '2027-03-01 08:00' } : others };
      return true;
    },
  });
  return {
    server,
    asked,
    get progress() {
      return progress;
    },
    saw(now) {
      progress = now;
    },
  };
}
