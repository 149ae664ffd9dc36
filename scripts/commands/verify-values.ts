/** The values that a person pastes into Google's form, as the stack's last run left them. */
import { z } from 'zod';
import type { Endpoint } from '../../infra/endpoints/google-forms.js';
import type { CommandContext } from '../command-context.js';
import type { OpenStack } from '../open-stack.js';
import { noteUseOf, type OwnUser, secretForOwnUse } from '../own-use.js';
import { handedOver } from './handoff-stacks.js';

export interface PastedFlags {
  readonly secretStdin?: boolean;
  readonly clientId?: string;
}

export interface PastedValues {
  readonly clientId: string;
  /** For memory only: never log it. */
  readonly secret: string;
  /** What the stack's last run left; undefined where all was handed in. */
  readonly lastRun: LastRun | undefined;
}

/** What a stack's last run told a person to paste, and what it did. */
export interface LastRun {
  readonly endpoints: readonly Endpoint[];
  readonly tokenEndpoint: string;
  readonly ewsUrl: string;
  /** Role mailboxes that the stack keeps. */
  readonly roleMailboxes: readonly string[];
  /** When it last wrote the allow list of EWS, in milliseconds since 1970. */
  readonly listWrittenAt: number | undefined;
}

/** Whether the stack has to be opened, which starts Pulumi and takes its time. */
export function needsState(given: { clientId: string | undefined; secret: string | undefined }): boolean {
  return given.clientId === undefined || given.secret === undefined;
}

const exchangeSchema = z.object({
  exchange: z
    .object({
      ewsAccess: z.object({ writtenAt: z.string().optional() }).optional(),
      roleMailboxes: z.array(z.array(z.string())).optional(),
    })
    .optional(),
});

/**
 * What was pasted from an open stack, with the secret that it calls current. The secret's use is noted.
 *
 * @param given a secret in place of the stack's
 * @throws InteropError of kind `failure` when its last run left no values, and what {@link secretForOwnUse} throws
 */
export async function valuesOfState(
  context: CommandContext,
  open: OpenStack,
  user: OwnUser,
  given?: string,
): Promise<PastedValues> {
  const { handoff, outputs } = await handedOver(context, open);
  const { exchange } = exchangeSchema.parse(outputs);
  const writtenAt = Date.parse(exchange?.ewsAccess?.writtenAt ?? '');
  const { clientId, tokenEndpoint, ewsUrl } = handoff.registration;
  return {
    clientId,
    secret: await secretOf(context, open, user, given),
    lastRun: {
      endpoints: handoff.endpoints,
      tokenEndpoint,
      ewsUrl,
      roleMailboxes: exchange?.roleMailboxes?.flat() ?? [],
      listWrittenAt: Number.isNaN(writtenAt) ? undefined : writtenAt,
    },
  };
}

async function secretOf(
  context: CommandContext,
  open: OpenStack,
  user: OwnUser,
  given: string | undefined,
): Promise<string> {
  if (given === undefined) return await secretForOwnUse(context, open, user);
  await noteUseOf(given, context, open, user);
  return given;
}
