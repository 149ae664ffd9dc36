/** The values that a person pastes into Google's form, as the stack's state has them. */
import { InteropError } from '../../infra/errors.js';
import type { OpenStack } from '../open-stack.js';
import { currentSecret } from '../secret-in-state.js';
import { stackOutputs } from './stack-outputs.js';

export interface PastedFlags {
  readonly secretStdin?: boolean;
  readonly clientId?: string;
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
 * Client id and current secret of a stack that is open. A secret that was staged and is not confirmed yet is left alone: our own sign-in would
 * look like Google's first use of it.
 *
 * @throws InteropError of kind `failure` when the stack has not been made yet
 */
export async function valuesOfState(open: OpenStack, flags: PastedFlags = {}): Promise<PastedValues> {
  const [secrets, outputs] = await Promise.all([open.session.readSecrets(), open.session.outputs()]);
  const { clientId, exchange } = stackOutputs(outputs) as {
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
    secret: flags.secretStdin === true ? '' : currentSecret(secrets, open.ledger),
    listWrittenAt: Number.isNaN(writtenAt) ? undefined : writtenAt,
  };
}
