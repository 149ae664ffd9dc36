/** The values that a person pastes into Google's form, as the stack's state has them. */
import { InteropError } from '../../infra/errors.js';
import type { CommandContext } from '../command-context.js';
import { type OpenStack, openStack } from '../open-stack.js';
import { noteUseOf, secretForOwnUse } from '../own-use.js';
import { stackOutputs } from './stack-outputs.js';

export interface PastedFlags {
  readonly secretStdin?: boolean;
  readonly clientId?: string;
  readonly tokenEndpoint?: string;
}

export interface PastedValues {
  readonly clientId: string;
  /** For memory only: never log it. */
  readonly secret: string;
  /** When this stack last wrote the allow list of EWS, in milliseconds since 1970. */
  readonly listWrittenAt: number | undefined;
}

/** Whether the stack has to be opened, which starts Pulumi and takes its time. */
export function needsState(given: { clientId: string | undefined; secret: string | undefined }): boolean {
  return given.clientId === undefined || given.secret === undefined;
}

/**
 * Client id and current secret of the stack, whose use is noted.
 *
 * @param given a secret in place of the stack's
 * @throws InteropError of kind `failure` when the stack has not been made yet, and what {@link secretForOwnUse} throws
 */
export async function valuesOfState(context: CommandContext, given?: string): Promise<PastedValues> {
  const open = await openStack(context, { ledger: 'provisional', create: false, signIn: 'lazily' });
  const { clientId, exchange } = stackOutputs(await open.session.outputs()) as {
    clientId?: unknown;
    exchange?: { ewsAccess?: { writtenAt?: unknown } };
  };
  if (typeof clientId !== 'string') {
    throw new InteropError({
      kind: 'failure',
      summary: `the stack ${open.stack.name} has not been made yet`,
      problems: [{ where: 'clientId', what: 'is not among its outputs' }],
      next: [`calendar-interop up --stack ${open.stack.name}`],
    });
  }
  const writtenAt = Date.parse(String(exchange?.ewsAccess?.writtenAt));
  return {
    clientId,
    secret: await secretOf(context, open, given),
    listWrittenAt: Number.isNaN(writtenAt) ? undefined : writtenAt,
  };
}

async function secretOf(
  context: CommandContext,
  open: OpenStack,
  given: string | undefined,
): Promise<string> {
  if (given === undefined) return await secretForOwnUse(context, open, 'verify');
  await noteUseOf(given, context, open, 'verify');
  return given;
}
