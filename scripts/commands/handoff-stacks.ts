/** The stacks that are handed over: their values from the last run, their secrets from the state. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { StackConfig } from '../../infra/config.js';
import type { Endpoint } from '../../infra/endpoints/google-forms.js';
import { InteropError } from '../../infra/errors.js';
import type { EvidenceSource } from '../../infra/handoff/evidence.js';
import { type HandoffStack, secretToPaste } from '../../infra/handoff/sheet.js';
import { evidenceSources } from '../../infra/handoff/sources.js';
import type { CommandContext } from '../command-context.js';
import { type OpenStack, openStack } from '../open-stack.js';
import { notedOwnUses } from '../own-use.js';
import { slotSecret } from '../secret-in-state.js';
import { stackOutputs } from './stack-outputs.js';

/** One stack that is handed over. */
export interface HandedOver {
  readonly handoff: HandoffStack;
  /** The secret that is to be pasted, from the stack's state. For memory only. */
  secret(): Promise<string>;
}

/** The same with all outputs of its last run; secret ones are hidden. */
export interface LastRunHandedOver extends HandedOver {
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface OpenHandoff {
  /** Folder of the project. */
  readonly project: string;
  readonly stacks: readonly HandedOver[];
  /** Where evidence can be looked for, and what cannot be watched and why. */
  evidence(): Promise<{ readonly sources: readonly EvidenceSource[]; readonly missing: readonly string[] }>;
}

/**
 * Opens the stacks. Nothing is written, and no sign-in is made.
 *
 * @param names none means the stack that the context names or that is the only one
 * @throws InteropError: see {@link openStack}; `failure` where a stack was never brought up
 */
export async function openHandoff(context: CommandContext, names: readonly string[]): Promise<OpenHandoff> {
  const opened: { readonly open: OpenStack; readonly handedOver: HandedOver }[] = [];
  // One after the other: each may write its progress, and the engine is found once.
  for (const name of names.length === 0 ? [context.stack] : new Set(names)) {
    const open = await openStack(
      { ...context, stack: name },
      { ledger: 'provisional', create: false, signIn: 'lazily' },
    );
    opened.push({ open, handedOver: await handedOver(context, open) });
  }
  return {
    project: opened[0]?.open.stack.project.folder ?? '',
    stacks: opened.map(({ handedOver }) => handedOver),
    evidence: async () => {
      const each = await Promise.all(
        opened.map(({ open, handedOver: { handoff } }) => evidenceOf(context, open, handoff)),
      );
      return {
        sources: each.flatMap(({ sources }) => sources),
        missing: each.flatMap(({ missing }) => missing),
      };
    },
  };
}

/** Signs in: the reports of Microsoft and of Google are asked for. */
async function evidenceOf(
  context: CommandContext,
  open: OpenStack,
  { name, endpoints, registration, ledger }: HandoffStack,
) {
  const { collectEvidence, googleLogReader, GOOGLE_NOT_CHECKED } = await import(
    '../../infra/rotation-evidence/index.js'
  );
  const { google } = open.config;
  const { trust } = await open.signedIn();
  return evidenceSources({
    name,
    ledger,
    domains: endpoints.flatMap(({ domains }) => domains),
    google:
      google === undefined
        ? undefined
        : await googleLogReader({ google, env: context.env, trust, signal: context.signal }),
    signIns: async () =>
      (
        await collectEvidence(
          { graph: open.graph, google: GOOGLE_NOT_CHECKED },
          registration.clientId,
          ledger,
        )
      ).signIns,
    ownUses: () => notedOwnUses(open.session, ledger),
  });
}

const outputsSchema = z.object({
  tenantId: z.string(),
  clientId: z.string(),
  tokenEndpoint: z.string(),
  ewsUrl: z.string(),
  endpoints: z.array(
    z.object({
      name: z.string(),
      type: z.enum(['microsoft365-graph', 'microsoft365-ews', 'onPremises']),
      domains: z.array(z.string()),
      roleAccounts: z.array(z.string()),
      url: z.string().optional(),
    }),
  ),
});

/** One open stack as it is handed over. @throws InteropError of kind `failure` when its last run left no values */
export async function handedOver(
  context: CommandContext,
  { stack, config, ledger, session }: OpenStack,
): Promise<LastRunHandedOver> {
  const outputs = stackOutputs(await session.outputs());
  const values = outputsSchema.safeParse(outputs);
  if (!values.success) {
    throw new InteropError({
      kind: 'failure',
      summary: `the stack ${stack.name} has nothing to hand over yet`,
      problems: [
        {
          where: 'the outputs of its last run',
          what: 'lack the values for the form',
          allowed: 'a run of up that came to its end',
        },
      ],
      next: [`calendar-interop up --stack ${stack.name}`],
    });
  }
  const { endpoints, ...registration } = values.data;
  warnIfChanged(context, stack.name, endpoints, config);
  return {
    outputs,
    handoff: {
      name: stack.name,
      protocol: config.protocol,
      eventDetails: config.eventDetails,
      roomBooking: config.roomBooking,
      secret: config.secret,
      endpoints,
      registration,
      ledger,
    },
    secret: async () => slotSecret(await session.readSecrets(), ledger, secretToPaste(ledger).slot),
  };
}

/** The values are those of the last run: what was changed in the configuration since is not in the tenant yet. */
function warnIfChanged(
  { terminal }: CommandContext,
  stack: string,
  endpoints: readonly Endpoint[],
  config: StackConfig,
): void {
  const plain = (list: readonly Endpoint[]) => JSON.parse(JSON.stringify(list)) as unknown;
  if (isDeepStrictEqual(plain(endpoints), plain(config.endpoints))) return;
  terminal.warn(
    `the endpoints of stack ${stack} were changed after its last run, whose values these are; run calendar-interop up --stack ${stack} first`,
  );
}
