/** Secrets of the stack's registration that this stack did not make: found, told, never removed by themselves. */
import { InteropError, type Problem } from '../../infra/errors.js';
import type { Application, GraphClient } from '../../infra/graph/client.js';
import { type ForeignSecretFound, foreignSecrets } from '../../infra/identity/foreign-secrets.js';
import type { Ledger } from '../../infra/rotation/ledger.js';

/** What was found. */
export interface ForeignView {
  readonly secrets: readonly ForeignSecretFound[];
  /** Why sign-ins could not be read; undefined where they were. */
  readonly signInsNotChecked: string | undefined;
}

/** Where to look, and what is known. */
export interface ForeignRequest {
  readonly graph: Pick<GraphClient, 'listCredentialSignIns'>;
  /** Undefined before the first `up`. */
  readonly registration: Application | undefined;
  readonly ledger: Ledger;
  /** Key ids in the stack's state. */
  readonly inState: readonly string[];
}

/** @throws InteropError of kind `cancelled` */
export async function findForeignSecrets(request: ForeignRequest): Promise<ForeignView> {
  const { graph, registration } = request;
  if (registration === undefined) return { secrets: [], signInsNotChecked: undefined };
  const signIns = await graph.listCredentialSignIns(registration.appId).catch((error: unknown) => {
    if (error instanceof InteropError && error.kind !== 'cancelled') return error;
    throw error;
  });
  const failed = signIns instanceof InteropError;
  return {
    secrets: foreignSecrets(registration, request, failed ? undefined : signIns),
    signInsNotChecked: failed ? signIns.summary : undefined,
  };
}

/** One secret as a line: name, key id, when it was made, when it ends, when it signed in last. */
export function describeForeign(secret: ForeignSecretFound, view: ForeignView): string {
  const { keyId, name, startDate, endDate, lastUse, adopted } = secret;
  const use = view.signInsNotChecked === undefined ? 'no sign-in is reported' : 'sign-ins were not checked';
  return [
    `${name === '' ? 'a secret without a name' : JSON.stringify(name)} (key ${keyId})`,
    `made ${day(startDate)}`,
    `ends ${day(endDate)}`,
    lastUse === undefined ? use : `last sign-in ${lastUse}`,
    ...(adopted ? ['adopted'] : []),
  ].join(', ');
}

function day(time: string | undefined): string {
  return time?.slice(0, 10) ?? 'at an unknown time';
}

/** @throws InteropError of kind `configuration` with all that there are, when none of them has this key id */
export function requireForeign(view: ForeignView, keyId: string, stack: string): ForeignSecretFound {
  const found = view.secrets.find((secret) => secret.keyId === keyId.toLowerCase());
  if (found !== undefined) return found;
  throw new InteropError({
    kind: 'configuration',
    summary: 'the registration has no secret of somebody else with this key id',
    problems: [
      { where: 'key id', what: 'names none', found: JSON.stringify(keyId) },
      ...view.secrets.map((secret): Problem => ({ what: describeForeign(secret, view) })),
    ],
    next: [`calendar-interop rotation adopt --stack ${stack}   # lists them`],
  });
}
